# SPDX-License-Identifier: GPL-3.0-or-later
"""The IAM policy of a project or service account, over REST, in the form that `_gcp.policy` edits.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .._gcp.client import ApiError, Client
from .._gcp.policy import POLICY_VERSION, rest_conflict
from .api import Iam, account_path


class RestPolicy:
    """What the policies of projects and service accounts have in common.

    title: names the resource in messages: "project shop".  permission: the first part of the permissions' names.
    version: where the request to read asks for version 3, as `query` or `body`.
    """

    def __init__(
        self, client: Client, title: str, name: str, path: str, endpoint: str, permission: str, version: Mapping[str, t.Any]
    ) -> None:
        self.iam = Iam(client)
        self.title = title
        self.name = name
        self._path = path
        self._endpoint = endpoint
        self._permission = permission
        self._version = version

    def read(self) -> Mapping[str, t.Any] | None:
        """The policy at version 3 with its etag, or None when the resource does not exist."""
        attempt = f"Reading the IAM policy of {self.title}"
        permission = f"{self._permission}.getIamPolicy"
        try:
            return self.iam.call(attempt, permission, "POST", f"{self._path}:getIamPolicy", self._endpoint, **self._version)
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    def write(self, policy: Mapping[str, t.Any]) -> None:
        """Set the policy.  The mask keeps auditConfigs, which are not ours, out of it."""
        body = {"policy": dict(policy), "updateMask": "bindings,etag"}
        attempt = f"Setting the IAM policy of {self.title}"
        self.iam.call(attempt, f"{self._permission}.setIamPolicy", "POST", f"{self._path}:setIamPolicy", self._endpoint, body=body)

    def conflict(self, error: Exception) -> bool:
        """Whether `error` is a lost race: another writer was faster."""
        return rest_conflict(error)

    def unknown_member(self, error: Exception) -> bool:
        """Whether `error` says that the member's account does not exist, which also happens for minutes after its creation."""
        return isinstance(error, ApiError) and error.status == 400 and "does not exist" in error.server_message


def project_policy(client: Client, project: str) -> RestPolicy:
    """The policy of a project (cloudresourcemanager v3)."""
    name = f"projects/{project}"
    version = {"body": {"options": {"requestedPolicyVersion": POLICY_VERSION}}}
    return RestPolicy(client, f"project {project}", name, f"/v3/{name}", "resource_manager_endpoint", "resourcemanager.projects", version)


def account_policy(client: Client, email: str) -> RestPolicy:
    """The policy of a service account: who may impersonate it (iam v1)."""
    path = account_path("resource", email, client.options.project)
    version = {"query": {"options.requestedPolicyVersion": POLICY_VERSION}}
    return RestPolicy(client, f"service account {email}", path.removeprefix("/v1/"), path, "iam_endpoint", "iam.serviceAccounts", version)
