"""What the stand-in has seen: each request with its answer, secrets masked, and everything that broke Google's contract."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator

from ..types import Json
from .schema import Violation

KEPT = 5000
"""Requests that are remembered, and violations of each kind; older ones are dropped.  All violations are counted."""
KEPT_BYTES = 32 * 2**20
"""What the remembered requests may take together, as JSON text; older ones are dropped."""

SECRET_FIELDS = frozenset(
    {
        "password",
        "rootPassword",
        "privateKeyData",
        "privateKey",
        "accessToken",
        "access_token",
        "idToken",
        "clientKey",
        "certPrivateKey",
        "assertion",
        "subject_token",
        "subjectToken",
        "signedJwt",
        "signedBlob",
        "data",  # the payload of a secret's version
    }
)
SQL_PASSWORD = re.compile(r"(\bpassword\s*(?:=\s*)?)((?:\bE|U&)?'(?:[^'\\]|''|\\.)*'|\$(\w*)\$.*?\$\3\$)", re.IGNORECASE | re.DOTALL)
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


def _secrets(value: object, secret: bool = False) -> Iterator[str]:
    """All values of secret fields in a body, and the passwords in its SQL statements, as texts."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _secrets(item, secret or name in SECRET_FIELDS)
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(item, secret)
    elif secret and value and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, str):
        for found in SQL_PASSWORD.finditer(value):
            yield found[2].strip("'$")


def _quoteless(value: object, secrets: list[str]) -> object:
    """A copy of an error in which no text holds one of the secrets."""
    if isinstance(value, dict):
        return {name: _quoteless(item, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [_quoteless(item, secrets) for item in value]
    return _without(value, secrets) if isinstance(value, str) else value


def _without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


class Journal:
    """Kept in memory, bounded, and safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[str] = deque()
        self._bytes = 0
        self._kinds: dict[str, deque[Json]] = {kind: deque(maxlen=KEPT) for kind in ("requests", "answers", "warnings")}
        self._counts: Counter[str] = Counter()

    def add_request(self, entry: Json) -> None:
        """Remember a request.  entry: method, path, query, method_id, version, caller, body, status, answer, seconds."""
        answer = masked(entry["answer"])
        if isinstance(answer, dict):  # an error may quote the value that it refuses
            secrets = list(_secrets(entry["body"]))
            answer |= {name: _quoteless(answer[name], secrets) for name in ("error", "status") if isinstance(answer.get(name), dict)}
        text = json.dumps({**entry, "body": masked(entry["body"]), "answer": answer})
        with self._lock:
            self._requests.append(text)
            self._bytes += len(text)
            while len(self._requests) > KEPT or self._bytes > KEPT_BYTES:
                self._bytes -= len(self._requests.popleft())

    def add_violations(self, kind: str, method: str, path: str, method_id: str, found: Iterable[Violation], body: object = None) -> None:
        """Remember what was wrong.  kind: "requests" (of a caller), "answers" (our own) or "warnings".  body: what was sent."""
        secrets = list(_secrets(body))
        entries = [
            {"method": method, "path": path, "method_id": method_id, "field": one.path, "message": _without(one.message, secrets)}
            for one in found
        ]
        with self._lock:
            self._kinds[kind].extend(entries)
            self._counts[kind] += len(entries)

    def requests(self) -> list[Json]:
        """The requests, oldest first."""
        with self._lock:
            texts = list(self._requests)
        return [json.loads(text) for text in texts]

    def violations(self) -> Json:
        """`{"counts": {kind: number}, "requests": [...], "answers": [...], "warnings": [...]}`."""
        with self._lock:
            counts = {kind: self._counts[kind] for kind in self._kinds}
            return {"counts": counts, **{kind: list(entries) for kind, entries in self._kinds.items()}}

    def clear_requests(self) -> None:
        """Forget the requests."""
        with self._lock:
            self._requests.clear()
            self._bytes = 0

    def clear_violations(self) -> None:
        """Forget the violations and warnings."""
        with self._lock:
            self._counts.clear()
            for entries in self._kinds.values():
                entries.clear()
