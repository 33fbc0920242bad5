# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and durations by the rules of the Pub/Sub API.  PRIVATE to the collection.  Pure functions."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from .._reconcile.errors import InvalidInput

MINUTE = 60
DAY = 24 * 60 * MINUTE

Kind = t.Literal["topic", "subscription"]
"""The kinds of named resources that the API has."""

_UNITS = {"": 1, "s": 1, "m": MINUTE, "h": 60 * MINUTE, "d": DAY}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}")
"""cloud.google.com/pubsub/docs/pubsub-basics#resource_names."""


def full_name(option: str, value: str, kind: Kind, project: str) -> str:
    """`projects/PROJECT/KINDs/ID` for `value`, which is an id in `project` or such a full name already.

    option: name of the module's option, for InvalidInput when the id breaks the rule.
    """
    collection = f"{kind}s"
    found = re.fullmatch(rf"projects/([^/]+)/{collection}/([^/]+)", value)
    owner, name = found.groups() if found else (project, value)
    if not _NAME.fullmatch(name) or name.startswith("goog"):
        raise InvalidInput(
            f"{option}: {value!r} is not a valid Pub/Sub name: 3 to 255 characters, a letter first, then letters, digits and -_.~+%, "
            f"and not starting with goog; a full name is projects/PROJECT/{collection}/NAME."
        )
    return f"projects/{owner}/{collection}/{name}"


def seconds(option: str, value: str, shortest: int, longest: int | None = None) -> int:
    """The duration `value` in whole seconds: "7d", "24h", "30m", "86400s" or "86400".

    Raises InvalidInput when it is none, or not between `shortest` and `longest` seconds (None: no upper bound).
    """
    found = re.fullmatch(r"([0-9]+)([smhd]?)", value.strip())
    if not found:
        raise InvalidInput(f"{option}: {value!r} is not a duration; write for example 7d, 24h, 30m or 86400s.")
    length = int(found[1]) * _UNITS[found[2]]
    if length < shortest or (longest is not None and length > longest):
        bounds = f"between {shortest} s and {longest} s" if longest is not None else f"at least {shortest} s"
        raise InvalidInput(f"{option} must be {bounds}, not {length} s.")
    return length


def labels(value: Mapping[t.Any, t.Any] | None) -> dict[str, str] | None:
    """Labels as the API has them: keys and values are strings, also where YAML read a number.  None stays None."""
    return None if value is None else {str(key): str(item) for key, item in value.items()}
