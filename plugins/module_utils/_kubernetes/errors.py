# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API server refuses, as one message.  PRIVATE to the collection.

The server answers with a Status object: message, reason, and details.causes with reason, message and field
(kubernetes.io/docs/reference/kubernetes-api/common-definitions/status).
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .._reconcile.errors import ReconcileError, full_stop

FIELD_MANAGER = "cdc.gcp"


class ApiError(ReconcileError):
    """The API server refused.

    status: HTTP code.  reason: the server's word for it ("NotFound", "Conflict", "Invalid"), "" when there is none.
    server_message: the server's own words.
    """

    def __init__(self, attempt: str, status: int, answer: Mapping[str, t.Any]) -> None:
        self.status = status
        self.reason = str(answer.get("reason") or "")
        self.server_message = str(answer.get("message") or "no error message")
        causes = [cause for cause in (answer.get("details") or {}).get("causes") or () if isinstance(cause, Mapping)]
        super().__init__(f"{attempt}: {self._text(causes)}", http_status=status, reason=self.reason)

    @property
    def names_missing_namespace(self) -> bool:
        """Whether the object's namespace does not exist."""
        return self.status == 404 and self.server_message.startswith("namespaces ")

    def _text(self, causes: list[Mapping[str, t.Any]]) -> str:
        conflicts = [cause for cause in causes if cause.get("reason") == "FieldManagerConflict"]
        if conflicts:
            fields = "; ".join(f"{cause.get('field')}: {cause.get('message')}" for cause in conflicts)
            return (
                f"other managers own fields that the definition names ({fields}). "
                "Leave these fields out of the definition, or take them over with force_conflicts=true."
            )
        if self.status == 401:
            return "the cluster does not accept the credentials (HTTP 401). Log in again, or give another kubeconfig or api_key."
        if self.status == 403 and " cannot " in self.server_message:
            return f"{full_stop(self.server_message)} Grant this with a Role and a RoleBinding (HTTP 403)."
        if self.status == 422 and ("immutable" in self.server_message or "updates to parameters are forbidden" in self.server_message):
            return f"{_fields(causes) or self.server_message}. The field cannot change; delete the object first, or keep the old value."
        if self.status == 422:
            return f"the definition is invalid: {_fields(causes) or self.server_message} (HTTP 422)."
        if self.server_message.startswith(("failed to create typed patch object", "failed to convert new object")):
            # The server says 500 to an unknown field, a wrong type or a bad quantity, although the definition is at fault.
            return f"the definition does not match its kind: {full_stop(self.server_message.partition('): ')[2] or self.server_message)}"
        if self.names_missing_namespace:
            return f"{full_stop(self.server_message)} Create the namespace first."
        return f"HTTP {self.status} {self.reason}: {full_stop(self.server_message)}"


def _fields(causes: list[Mapping[str, t.Any]]) -> str:
    return "; ".join(f"{cause.get('field')}: {_short(str(cause.get('message')))}" for cause in causes if cause.get("field"))


def _short(message: str) -> str:
    """A message in one line: some come with the difference of whole objects, of which only the changed lines tell something."""
    first, *rest = message.splitlines() or [""]
    changed = [" ".join(line.split()).rstrip(",") for line in rest if line.startswith(("+", "-"))]
    return f"{first} ({', '.join(changed)})" if changed else first
