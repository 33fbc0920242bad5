# SPDX-License-Identifier: GPL-3.0-or-later
"""The Cloud SQL Admin API: paths, what a refusal means, and waiting for operations.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .._gcp.client import NO_MESSAGE, ApiError, Client, PermissionMissing
from .._gcp.options import GcpOptions
from .._reconcile.errors import InvalidInput, ReconcileError, full_stop
from .._reconcile.wait import wait_for
from .advice import advice

Json = Mapping[str, t.Any]

FAMILY = "/sql/v1beta4"
"""The path family that gcloud and Terraform use; /v1 is the same methods under other paths."""

NEW_OPERATION = 60.0
"""Seconds in which an operation that was just started may still be unknown to operations.get (Terraform retries that 404 too)."""


class OperationFailed(ReconcileError):
    """An operation ended with an error (HTTP 200, status DONE, and `error`).

    code: the first error's code, for example INTERNAL_ERROR.
    """

    def __init__(self, attempt: str, errors: list[Json]) -> None:
        words = "; ".join(f"{error.get('code', 'UNKNOWN')}: {error.get('message', NO_MESSAGE)}" for error in errors)
        super().__init__(" ".join(filter(None, [f"{attempt} failed: {full_stop(words)}", advice(words)])), reason=errors[0].get("code", ""))
        self.code = str(errors[0].get("code", ""))


class SqlAdmin:
    """Requests to the Cloud SQL Admin API for one module call.

    timeout: seconds that it may wait in all, for operations of its own and of others.
    poll_interval: longest pause between two looks at an operation, in seconds.
    """

    def __init__(self, client: Client, timeout: float, poll_interval: float) -> None:
        self.client = client
        self.project = client.options.project
        self._left = timeout
        self._poll_interval = poll_interval

    @classmethod
    def from_params(cls, params: Json, client: Client | None = None) -> SqlAdmin:
        """From a module's parameters, among them `timeout` and `poll_interval`.  client: one that exists already."""
        for option in ("timeout", "poll_interval"):
            if params[option] < 1:
                raise InvalidInput(f"{option} is in seconds and must be 1 or more, not {params[option]}.")
        return cls(client or Client(GcpOptions.from_params(params)), params["timeout"], params["poll_interval"])

    def call(
        self,
        attempt: str,
        permission: str,
        method: str,
        path: str,
        query: Json | None = None,
        body: Json | None = None,
        repeatable: bool = True,
    ) -> dict[str, t.Any]:
        """One request below `projects/PROJECT/`; arguments and errors as `Client.call`."""
        url = f"{FAMILY}/projects/{self.project}/{path}"
        try:
            return self.client.call(attempt, permission, method, "sql_endpoint", url, query, body, repeatable)
        except ApiError as error:
            error.message = " ".join(filter(None, [error.message, advice(error.server_message)]))
            raise

    def change(self, attempt: str, permission: str, method: str, path: str, query: Json | None = None, body: Json | None = None) -> None:
        """One request that starts an operation, and the wait until that is done.

        While another operation runs, the server refuses with operationInProgress; the request is then sent again.
        """

        def send() -> dict[str, t.Any] | None:
            try:
                return self.call(attempt, permission, method, path, query, body)
            except ApiError as error:
                if error.reason == "operationInProgress":
                    return None
                raise

        self.finish(attempt, self.wait(send, f"another operation on the instance to end ({attempt})"))

    def finish(self, attempt: str, started: Json) -> None:
        """Wait until the operation is done.  Raises OperationFailed when it ended badly."""
        done = self._ended(attempt, started)
        errors = (done.get("error") or {}).get("errors")
        if errors:
            raise OperationFailed(attempt, errors)

    def _ended(self, attempt: str, started: Json) -> Json:
        """The operation once it is DONE."""
        known_by = self.client.clock.now() + NEW_OPERATION

        def look() -> Json | None:
            path = f"operations/{started['name']}"
            try:
                now = self.call(f"{attempt}: reading its operation", "cloudsql.instances.get", "GET", path)
            except ApiError as error:
                if error.status == 404 and self.client.clock.now() < known_by:
                    return None
                raise
            return now if now.get("status") == "DONE" else None

        if started.get("status") == "DONE":
            return started
        found: Json = self.wait(look, f"the end of operation {started['name']} ({attempt})")
        return found

    def wait(self, look: t.Callable[[], t.Any], what: str) -> t.Any:
        """Call `look` until it answers something, within what is left of the timeout."""
        first, start = min(1.0, self._poll_interval), self.client.clock.now()
        try:
            return wait_for(look, what, self._left, self.client.clock, first=first, longest=self._poll_interval)
        finally:
            self._left = max(0.0, self._left - (self.client.clock.now() - start))

    def find_instance(self, name: str) -> dict[str, t.Any] | None:
        """The instance as GET gives it, or None.

        Cloud SQL answers 403 notAuthorized both for a missing instance and for a missing permission.  A list tells them apart.
        """
        try:
            return self.call(f"Reading Cloud SQL instance {name}", "cloudsql.instances.get", "GET", f"instances/{name}")
        except PermissionMissing as denied:
            if self._is_listed(name, denied):
                raise
            return None
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def wait_until_idle(self, name: str) -> None:
        """Wait until the operations that run on the instance now are done, well or badly, whoever started them."""
        query = {"instance": name, "maxResults": 20}
        found = self.call(f"Listing operations of instance {name}", "cloudsql.instances.get", "GET", "operations", query)
        for operation in found.get("items", ()):
            self._ended(f"Waiting for operations of others on instance {name}", operation)

    def delete(self, attempt: str, permission: str, path: str, query: Json | None = None) -> None:
        """Delete, and wait; what is gone already (deleted by another client, or by a request whose answer was lost) is deleted."""
        try:
            self.change(attempt, permission, "DELETE", path, query)
        except ApiError as error:
            if error.status != 404:
                raise

    def _is_listed(self, name: str, denied: PermissionMissing) -> bool:
        """Whether the project's list has the instance.  Raises `denied` if that cannot be told: a list with warnings may be incomplete."""
        token: str | None = None
        warnings: list[str] = []
        while True:
            query = {"pageToken": token} if token else None
            try:
                page = self.call("Listing Cloud SQL instances", "cloudsql.instances.list", "GET", "instances", query)
            except PermissionMissing as error:
                denied.message += f" {error.permission} is also needed, to tell a missing instance from a forbidden one."
                raise denied from error
            if any(item["name"] == name for item in page.get("items", ())):
                return True
            warnings += [" ".join(filter(None, (one.get("code"), one.get("region")))) for one in page.get("warnings", ())]
            token = page.get("nextPageToken")
            if not token:
                break
        if warnings:
            denied.message += (
                f" Whether the instance exists is unknown, because the list of instances may be incomplete ({'; '.join(warnings)})."
            )
            raise denied
        return False

    def find(self, attempt: str, permission: str, instance: str, path: str) -> tuple[bool, dict[str, t.Any] | None]:
        """Something below an instance: whether the instance exists, and the thing or None."""
        try:
            return True, self.call(attempt, permission, "GET", f"instances/{instance}/{path}")
        except ApiError as error:
            if error.status not in (403, 404):
                raise
            if self.find_instance(instance) is None:
                return False, None
            if error.status == 403:
                raise
            return True, None


class InstanceMissing(ReconcileError):
    """A database or user was to be created on an instance that does not exist."""

    def __init__(self, instance: str) -> None:
        super().__init__(f"Cloud SQL instance {instance} does not exist. Create it first, with cdc.gcp.cloudsql_instance.")
