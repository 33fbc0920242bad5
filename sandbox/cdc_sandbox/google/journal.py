"""What the stand-in has seen: each request with its answer, secrets masked, and everything that broke Google's contract."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Iterable

from .schema import Violation
from .types import Json

KEPT = 5000
"""Requests that are remembered; older ones are dropped.  Violations are all kept."""

SECRET_FIELDS = frozenset({"password", "rootPassword", "privateKeyData", "privateKey", "accessToken", "clientKey", "assertion"})
SQL_PASSWORD = re.compile(r"(\bpassword\s+)('(?:[^']|'')*'|\$(\w*)\$.*?\$\3\$)", re.IGNORECASE | re.DOTALL)
MASK = "********"


def masked(value: object) -> object:
    """A copy of a body with secrets replaced, also those inside SQL statements."""
    if isinstance(value, dict):
        return {name: MASK if name in SECRET_FIELDS and item else masked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    if isinstance(value, str):
        return SQL_PASSWORD.sub(rf"\1'{MASK}'", value)
    return value


class Journal:
    """Kept in memory, and safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[Json] = deque(maxlen=KEPT)
        self._kinds: dict[str, list[Json]] = {"requests": [], "answers": [], "warnings": []}

    def add_request(self, entry: Json) -> None:
        """Remember a request.  entry: method, path, query, method_id, version, caller, body, status, answer, seconds."""
        entry = {**entry, "body": masked(entry["body"]), "answer": masked(entry["answer"])}
        with self._lock:
            self._requests.append(entry)

    def add_violations(self, kind: str, method: str, path: str, method_id: str, found: Iterable[Violation]) -> None:
        """Remember what was wrong.  kind: "requests" (of a caller), "answers" (our own) or "warnings"."""
        entries = [{"method": method, "path": path, "method_id": method_id, "field": one.path, "message": one.message} for one in found]
        with self._lock:
            self._kinds[kind].extend(entries)

    def requests(self) -> list[Json]:
        """The requests, oldest first."""
        with self._lock:
            return list(self._requests)

    def violations(self) -> Json:
        """`{"counts": {kind: number}, "requests": [...], "answers": [...], "warnings": [...]}`."""
        with self._lock:
            lists = {kind: list(entries) for kind, entries in self._kinds.items()}
        return {"counts": {kind: len(entries) for kind, entries in lists.items()}, **lists}

    def clear_requests(self) -> None:
        """Forget the requests."""
        with self._lock:
            self._requests.clear()

    def clear_violations(self) -> None:
        """Forget the violations and warnings."""
        with self._lock:
            for entries in self._kinds.values():
                entries.clear()
