"""Faults that a test switches on: each is something that Google's services were seen to do.

`POST /_sandbox/faults {"name": …, "method": …, "count": …, "options": {…}}` adds one, `GET /_sandbox/faults` shows those that
will still happen and how often each has, `DELETE /_sandbox/faults` removes all.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from .types import Json

KNOWN: Mapping[str, str] = {
    "account_flaps": "after a service account is created, its reads answer 404 and 200 in turn, starting with 404 (eventual consistency); "
    "option reads: how many of them (4)",
    "connection_reset": "the method acts, and then the connection is reset: the answer is lost",
    "delayed": "the method waits before it acts and answers; option seconds (2)",
    "flags_wait_for_restart": "a patch of database flags does not restart the server; what needs a restart waits for instances.restart",
    "key_creation_forbidden": "an organisation policy refuses keys of service accounts; "
    "option managed: true for the newer, managed constraint",
    "key_expires": "an organisation policy ends a new key; option hours: after how many (8)",
    "key_limit": "a service account has as many keys as it may have; option shape: new (400, the default) or old (429 with RetryInfo)",
    "key_unknown": "a new key is not found by the reads that follow; option reads: how many of them (2)",
    "missing_instance_forbidden": "a Cloud SQL instance that is not there looks forbidden: 403 notAuthorized instead of 404",
    "network_not_peered": "Cloud SQL and Service Networking find no private services access; "
    "option reason: NETWORK_NOT_PEERED (the default), SERVICE_NETWORKING_NOT_ENABLED or NETWORK_PEERING_DELETED",
    "operation_error": "a Cloud SQL operation ends with an error; options code, message",
    "operation_in_progress": "Cloud SQL refuses a change with 409 operationInProgress",
    "operation_slow": "a Cloud SQL operation is not shown as DONE, not even a user's or database's, before it was read often enough; "
    "option polls: how often (3)",
    "operation_unknown": "a new Cloud SQL operation is not found by the reads that follow: 404; option reads: how many of them (2)",
    "policy_aborted": "setIamPolicy answers 409 ABORTED, as if another caller had changed the policy in between",
    "policy_account_unknown": "setIamPolicy does not know a service account yet that was just created: 400",
    "policy_lags": "setIamPolicy takes effect later: until then callers are judged by the policy before; option seconds (5)",
    "quota_exceeded": "the method answers 403, as for a quota of requests a minute that is used up",
    "unavailable": "the method returns a transient error; options code: 429, 500, 502 or 503 (the default), "
    "retry_after: seconds, sent as Retry-After",
}
"""Names of faults, and what each does."""

OPTIONS: Mapping[str, frozenset[str]] = {
    "account_flaps": frozenset({"reads"}),
    "delayed": frozenset({"seconds"}),
    "key_creation_forbidden": frozenset({"managed"}),
    "key_expires": frozenset({"hours"}),
    "key_limit": frozenset({"shape"}),
    "key_unknown": frozenset({"reads"}),
    "network_not_peered": frozenset({"reason"}),
    "operation_error": frozenset({"code", "message"}),
    "operation_slow": frozenset({"polls"}),
    "operation_unknown": frozenset({"reads"}),
    "policy_lags": frozenset({"seconds"}),
    "unavailable": frozenset({"code", "retry_after"}),
}
"""Names of the options of those faults that have any."""

CHOICES: Mapping[str, frozenset[object]] = {
    "code of unavailable": frozenset({429, 500, 502, 503}),
    "reason of network_not_peered": frozenset({"NETWORK_NOT_PEERED", "SERVICE_NETWORKING_NOT_ENABLED", "NETWORK_PEERING_DELETED"}),
    "shape of key_limit": frozenset({"new", "old"}),
}
"""Values of those options that have only some."""


TOKEN = "token"
"""What the token endpoint is called where a method is named; it has no id in a discovery document."""

OPERATIONS = re.compile(r"sql\.(instances|databases|users|sslCerts)\.(insert|patch|update|delete|restart)")
KEYS = re.compile(r"iam\.projects\.serviceAccounts\.keys\.create")
POLICIES = re.compile(r"(iam\.projects\.serviceAccounts|cloudresourcemanager\.projects)\.setIamPolicy")
PLACES: Mapping[str, re.Pattern[str]] = {
    "account_flaps": re.compile(r"iam\.projects\.serviceAccounts\.create"),
    "flags_wait_for_restart": re.compile(r"sql\.instances\.(patch|update)"),
    "key_creation_forbidden": KEYS,
    "key_expires": KEYS,
    "key_limit": KEYS,
    "key_unknown": KEYS,
    "missing_instance_forbidden": re.compile(r"(?!)"),
    "network_not_peered": re.compile(r"sql\.instances\.(insert|patch|update)|servicenetworking\.services\.connections\.list"),
    "operation_error": OPERATIONS,
    "operation_in_progress": OPERATIONS,
    "operation_slow": OPERATIONS,
    "operation_unknown": OPERATIONS,
    "policy_aborted": POLICIES,
    "policy_account_unknown": POLICIES,
    "policy_lags": POLICIES,
    "quota_exceeded": re.compile(rf"(?!{TOKEN}$).*"),
}
"""The methods that a fault may be limited to; one that is not listed may happen at any, the token endpoint included."""


@dataclass
class Fault:
    """One fault that is switched on.

    name: of `KNOWN`.
    method: discovery method id it is for; "" is any method that knows the fault, but for the token endpoint, which is named `TOKEN`.
    count: how many more times it happens; -1 is for ever.
    options: see `KNOWN`.
    fired: how many times it has happened.
    """

    name: str
    method: str = ""
    count: int = 1
    options: Json = field(default_factory=dict)
    fired: int = field(default=0, init=False)


class Faults:
    """The faults that are switched on now.  They are not kept over a restart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Switch one on; ValueError when nobody knows its name or one of its options, or when it could never happen."""
        if fault.name not in KNOWN:
            raise ValueError(f"no fault is called {fault.name!r}; there are: {', '.join(sorted(KNOWN))}")
        unknown = fault.options.keys() - OPTIONS.get(fault.name, frozenset())
        if unknown:
            raise ValueError(f"fault {fault.name} has no option {', '.join(sorted(unknown))}")
        for option, value in fault.options.items():
            choices = CHOICES.get(f"{option} of {fault.name}")
            if choices is not None and value not in choices:
                raise ValueError(f"{option} of {fault.name} is one of: {', '.join(sorted(map(str, choices)))}")
        place = PLACES.get(fault.name)
        if fault.method and place is not None and not place.fullmatch(fault.method):
            raise ValueError(f"fault {fault.name} never happens at {fault.method}")
        with self._lock:
            if fault.count != 0:
                self._faults.append(fault)

    def clear(self) -> None:
        """Switch all off."""
        with self._lock:
            self._faults.clear()

    def take(self, name: str, method: str = "") -> Fault | None:
        """The fault `name` for `method` if it is on; this counts as one time."""
        with self._lock:
            for fault in self._faults:
                if fault.name == name and fault.method in (("", method) if method != TOKEN else (TOKEN,)):
                    fault.fired += 1
                    fault.count = max(fault.count - 1, -1)
                    if fault.count == 0:
                        self._faults.remove(fault)
                    return fault
        return None

    def on(self) -> list[Json]:
        """The faults that will still happen, each with how often it has (`fired`)."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]
