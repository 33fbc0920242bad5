# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that never show.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

HIDDEN = "(hidden)"
CHANGED = "(hidden, changes)"


class Secret:
    """A string that shows as `(hidden)` wherever it is printed, formatted or compared in a diff."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself; call it only where it goes to the server."""
        return self._value

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def masked_pair(before: t.Any, after: t.Any) -> tuple[t.Any, t.Any]:
    """The two sides of a diff with each `Secret` hidden; one that differs says so on the new side."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        pairs = {key: masked_pair(before.get(key), after.get(key)) for key in [*before, *(k for k in after if k not in before)]}
        return {key: pairs[key][0] for key in before}, {key: pairs[key][1] for key in after}
    if isinstance(before, Secret) and isinstance(after, Secret) and before != after:
        return HIDDEN, CHANGED
    return masked(before), masked(after)


def masked(value: t.Any) -> t.Any:
    """`value` with each `Secret` in it hidden."""
    if isinstance(value, Secret):
        return HIDDEN
    if isinstance(value, Mapping):
        return {key: masked(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(item) for item in value]
    return value
