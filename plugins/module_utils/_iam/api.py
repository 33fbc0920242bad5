# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to IAM and Resource Manager, and names by their rules.  PRIVATE to the collection."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable

from .._gcp.client import Client
from .._reconcile.errors import InvalidInput
from .._reconcile.wait import wait_for

Json = dict[str, t.Any]
T = t.TypeVar("T")

ACCOUNT_ID = re.compile(r"[a-z](?:[-a-z0-9]{4,28}[a-z0-9])")
_EMAIL = re.compile(r"[^@\s/]+@[^@\s/]+\.[^@\s/]+")

STEADY_READS = 3
"""A new account flaps between found and not found: it is there when so many reads in a row say so (terraform-provider-google)."""


class Iam:
    """Requests to IAM and Resource Manager for one project."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.project = client.options.project

    def call(
        self,
        attempt: str,
        permission: str,
        method: str,
        path: str,
        endpoint: str = "iam_endpoint",
        query: Json | None = None,
        body: Json | None = None,
        repeatable: bool = True,
    ) -> Json:
        """One request; arguments and errors as `Client.call`."""
        return self.client.call(attempt, permission, method, endpoint, path, query, body, repeatable)

    def wait_steady(self, look: Callable[[], T | None], what: str) -> T:
        """Look until `look` answered something other than None so many times in a row that it will stay so.

        what: completes the message "Waited N s for …".  The time allowed is the option retry_timeout.
        """
        in_a_row = 0

        def steady() -> T | None:
            nonlocal in_a_row
            found = look()
            in_a_row = in_a_row + 1 if found is not None else 0
            return found if in_a_row >= STEADY_READS else None

        return wait_for(steady, what, self.client.options.retry_timeout, self.client.clock, first=0.7, longest=5.0)


def account_email(account_id: str, project: str) -> str:
    """The e-mail that IAM gives the account `account_id` of `project`.

    Raises InvalidInput when the id breaks the rule: 6 to 30 characters (iam v1, projects.serviceAccounts.create).
    """
    if not ACCOUNT_ID.fullmatch(account_id):
        raise InvalidInput(
            f"account_id: {account_id!r} is not a valid account id: 6 to 30 lower-case letters, digits and hyphens, "
            f"a letter first, no hyphen last."
        )
    return f"{account_id}@{'.'.join(reversed(project.split(':')))}.iam.gserviceaccount.com"  # "example.com:shop" has its domain last


def account_path(option: str, email: str, project: str) -> str:
    """Path of a service account.  The real project is named: with the wildcard `-`, an absent account would look forbidden.

    option: name of the module's option, for InvalidInput when `email` is none.
    """
    if not _EMAIL.fullmatch(email):
        raise InvalidInput(f"{option}: {email!r} is not the e-mail of a service account, like name@project.iam.gserviceaccount.com.")
    return f"/v1/projects/{project}/serviceAccounts/{email}"
