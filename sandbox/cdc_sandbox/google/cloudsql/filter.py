"""The filter of instances.list: `field:value`, fields nested with dots, joined by blanks or AND, or by OR."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..types import Json
from .validation import invalid

Test = Callable[[Json], bool]
TERM = re.compile(r"([A-Za-z][\w.-]*)([:=])(\"[^\"]*\"|[^\s\"()]+)")


def parse(text: str) -> Test:
    """The test that a filter stands for; 400 for one that is not understood.  An empty one lets everything through.

    AND binds stronger than OR.  `:` and `=` compare the whole value; parentheses and negation are not known here.
    """
    any_of: list[list[Test]] = [[]]
    for word in re.findall(r'(?:"[^"]*"|\S)+', text):
        if word == "OR":
            any_of.append([])
        elif word != "AND":
            any_of[-1].append(_term(word))
    if len(any_of) > 1 and not all(any_of):
        raise invalid(f"Invalid filter ({text}).")
    return lambda resource: any(all(test(resource) for test in tests) for tests in any_of)


def _term(word: str) -> Test:
    found = TERM.fullmatch(word)
    if found is None:
        raise invalid(f"Invalid filter ({word}).")
    path, wanted = found[1].split("."), found[3].strip('"')
    return lambda resource: _text(resource, path) == wanted


def _text(value: object, path: list[str]) -> str | None:
    """What stands at a path, as JSON writes it; None where there is nothing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)
