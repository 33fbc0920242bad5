# SPDX-License-Identifier: GPL-3.0-or-later
"""Log lines that a person may see.  PRIVATE to the collection.  Pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from .._reconcile.secret import HIDDEN

LONGEST = 400
"""Characters of a line that are shown."""

_ASSIGNED = re.compile(r"(?i)((?:pass(?:word|wd)?|secret|token|api_?key|private_?key)[\w.]*[\"']?\s*[=:]\s*[\"']?)[^\s,;&\"'})]+")
_USER_INFO = re.compile(r"(://[^/\s:@]+:)[^@\s]+@")


def masked_lines(lines: Iterable[str], secrets: Sequence[str]) -> list[str]:
    """`lines` with the values of `secrets`, and whatever looks like a password, hidden; JSON lines as plain text; long ones cut.

    A secret also counts in the form that a properties file's expansion makes of it: `\\$` is `$` there.
    """
    values = sorted({form for value in secrets if value for form in (value, value.replace("\\$", "$"))}, key=len, reverse=True)
    return [_masked(_plain(line), values)[:LONGEST] for line in lines]


def last_error(lines: Sequence[str]) -> str | None:
    """A message with the last line that reports an error; None if there is none."""
    found = next((line for line in reversed(lines) if "ERROR" in line or "Exception" in line), None)
    return f"The last error in its log: {found.rstrip('.')}." if found else None


def _masked(line: str, values: Sequence[str]) -> str:
    for value in values:
        line = line.replace(value, HIDDEN)
    return _USER_INFO.sub(rf"\1{HIDDEN}@", _ASSIGNED.sub(rf"\1{HIDDEN}", line))


def _plain(line: str) -> str:
    """One line of Quarkus's JSON log as "LEVEL message <- exception <- its cause"; any other line as it is."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict) or "message" not in entry:
        return line
    return " ".join(str(part) for part in (entry.get("level"), entry["message"], *_causes(entry.get("exception"))) if part)


def _causes(exception: object) -> Iterator[str]:
    """The messages of Quarkus's nested exceptions, the outermost first, without repetition."""
    before = ""
    while isinstance(exception, dict):
        message = str(exception.get("message") or exception.get("exceptionType") or "")
        if message not in before:
            yield f"<- {message}"
        before = message
        inner = exception.get("causedBy")
        exception = inner.get("exception") if isinstance(inner, dict) else None
