# SPDX-License-Identifier: GPL-3.0-or-later
"""The user-managed keys of one service account: list, create, delete.  PRIVATE to the collection.

A key's private half is in the answer to its creation and nowhere else, ever again.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import typing as t
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from .._gcp.client import ApiError, LostAnswer
from .._reconcile.errors import ReconcileError, full_stop
from .api import Iam, account_path

LIMIT = 10
"""User-managed keys that one account can have (cloud.google.com/iam/quotas)."""

_LOST = 10.0
"""Seconds in which a key whose creation was not answered is looked for."""


class KeysForbidden(ReconcileError):
    """An organization policy forbids service account keys."""


@dataclass(frozen=True)
class Key:
    """A key as IAM lists it.  created, expires: RFC 3339 in UTC."""

    key_id: str
    created: datetime.datetime
    expires: datetime.datetime
    disabled: bool


@dataclass(frozen=True)
class NewKey:
    """A key with its private half.  json_file: what GOOGLE_APPLICATION_CREDENTIALS points to; never shown."""

    key_id: str
    json_file: bytes = field(repr=False)


class AccountKeys:
    """The keys of the account `email`."""

    def __init__(self, iam: Iam, email: str) -> None:
        self.iam = iam
        self.email = email
        self._path = f"{account_path('service_account', email, iam.project)}/keys"

    def read(self) -> tuple[Key, ...] | None:
        """The user-managed keys, or None when there is no such account."""
        try:
            answer = self.iam.call(
                f"Listing the keys of {self.email}",
                "iam.serviceAccountKeys.list",
                "GET",
                self._path,
                query={"keyTypes": "USER_MANAGED"},
            )
        except ApiError as error:
            if error.status != 404:
                raise
            return None
        return tuple(_key(item) for item in answer.get("keys", ()))

    def create(self, known: Collection[str]) -> NewKey:
        """Make a key and wait until IAM lists it.  known: ids of the keys that there are already.

        Making a key is not idempotent, so it is never repeated blindly: if the answer is lost, the unusable key is
        looked for and deleted, and LostAnswer is raised.
        """
        try:
            answer = self.iam.call(
                f"Creating a key of {self.email}",
                "iam.serviceAccountKeys.create",
                "POST",
                self._path,
                body={"privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE", "keyAlgorithm": "KEY_ALG_RSA_2048"},
                repeatable=False,
            )
        except LostAnswer as error:
            raise self._after_lost_answer(known, error) from error
        except ApiError as error:
            if error.status >= 500:
                raise self._after_lost_answer(known, error) from error
            raise _refusal(self.email, error) from error
        try:
            return NewKey(_id(answer["name"]), base64.b64decode(answer["privateKeyData"], validate=True))
        except (KeyError, binascii.Error) as error:
            raise self._after_lost_answer(known, error) from None

    def wait_listed(self, key_id: str) -> Key:
        """Wait until IAM knows the new key everywhere."""

        def look() -> Key | None:
            return next((key for key in self.read() or () if key.key_id == key_id), None)

        return self.iam.wait_steady(look, f"the new key {key_id} of {self.email} to be listed")

    def delete(self, key_id: str) -> None:
        """Delete a key; one that is gone already is fine.  Tokens that were made with it live on for up to an hour."""
        attempt = f"Deleting key {key_id} of {self.email}"
        try:
            self.iam.call(attempt, "iam.serviceAccountKeys.delete", "DELETE", f"{self._path}/{key_id}")
        except ApiError as error:
            if error.status != 404:
                raise

    def _after_lost_answer(self, known: Collection[str], error: Exception) -> LostAnswer:
        """Delete the key whose private half is lost.  More than one unknown key means that others create keys, too."""
        clock = self.iam.client.clock
        deadline = clock.now() + _LOST
        unknown: list[str] = []
        while not unknown and clock.now() < deadline:
            clock.sleep(1.0)
            unknown = [key.key_id for key in self.read() or () if key.key_id not in known]
        if len(unknown) == 1:
            self.delete(unknown[0])
            end = f"the key that it had made ({unknown[0]}) was deleted again; run again."
        elif unknown:
            end = f"the new keys {', '.join(unknown)} may be unused; find out who made them before you run again."
        else:
            end = "no new key has shown up; run again."
        reason = error.message if isinstance(error, ReconcileError) else "it had no private key in it."
        return LostAnswer(f"The answer to the creation of a key of {self.email} was lost, and {end} ({reason})")


def _key(item: Mapping[str, t.Any]) -> Key:
    return Key(_id(item["name"]), _moment(item["validAfterTime"]), _moment(item["validBeforeTime"]), item.get("disabled", False))


def _id(name: str) -> str:
    return name.rsplit("/", 1)[1]


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def identity(json_file: bytes | None) -> tuple[str, str] | None:
    """(private_key_id, client_email) of a key file's contents, or None if it is not a key file."""
    try:
        found = json.loads(json_file or b"")
        return str(found["private_key_id"]), str(found["client_email"])
    except (ValueError, KeyError, TypeError):
        return None


def _refusal(email: str, error: ApiError) -> ReconcileError:
    """An organization policy's refusal names the way without keys; other errors stay as they are."""
    details = error.body.get("error", {}).get("details", ())
    types = [violation.get("type", "") for detail in details for violation in detail.get("violations", ())]
    text = " ".join([error.server_message, *types])
    if error.status == 400 and ("Key creation is not allowed" in text or "disableServiceAccountKeyCreation" in text):
        return KeysForbidden(
            f"The organization's policy forbids keys of {email}: {full_stop(error.server_message)} Use Workload Identity Federation for "
            f"GKE instead, which needs no key: the roles do so with cdc_identity: workload_identity.",
            http_status=error.status,
            reason=error.reason,
        )
    if error.status == 400 and "Precondition check failed" in text:
        error.message += f" The account may have {LIMIT} keys already, which is the limit, or a policy may forbid keys."
    return error
