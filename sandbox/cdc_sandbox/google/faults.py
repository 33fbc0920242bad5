"""Faults that a test switches on: each is something that Google's services were seen to do.

`POST /_sandbox/faults {"name": …, "method": …, "count": …, "options": {…}}` adds one, `DELETE /_sandbox/faults` removes all.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from .types import Json

KNOWN: Mapping[str, str] = {
    "account_flaps": "after a service account is created, its reads answer 404 and 200 in turn, starting with 404 (eventual consistency)",
    "policy_aborted": "setIamPolicy answers 409 ABORTED, as if another caller had changed the policy in between",
    "policy_account_unknown": "setIamPolicy does not know a service account yet that was just created: 400",
    "unavailable": "the method answers 503; option retry_after: seconds, sent as Retry-After",
    "connection_reset": "the method acts, and then the connection is reset: the answer is lost",
    "key_creation_forbidden": "an organisation policy refuses keys of service accounts",
    "operation_in_progress": "Cloud SQL refuses a change with 409 operationInProgress",
    "operation_error": "a Cloud SQL operation ends with an error; options code, message",
    "network_not_peered": "Cloud SQL and Service Networking find no private services access",
}
"""Names of faults, and what each does."""


@dataclass
class Fault:
    """One fault that is switched on.

    name: of `KNOWN`.
    method: discovery method id it is for; "" is any method that knows the fault.
    count: how many more times it happens; -1 is for ever.
    options: see `KNOWN`.
    """

    name: str
    method: str = ""
    count: int = 1
    options: Json = field(default_factory=dict)


class Faults:
    """The faults that are switched on now.  They are not kept over a restart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Switch one on; ValueError when nobody knows its name."""
        if fault.name not in KNOWN:
            raise ValueError(f"no fault is called {fault.name!r}; there are: {', '.join(sorted(KNOWN))}")
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Switch all off."""
        with self._lock:
            self._faults.clear()

    def take(self, name: str, method: str = "") -> Fault | None:
        """The fault `name` for `method` if it is on; this counts as one time."""
        with self._lock:
            for fault in self._faults:
                if fault.name == name and fault.method in ("", method) and fault.count != 0:
                    fault.count = max(fault.count - 1, -1)
                    return fault
        return None
