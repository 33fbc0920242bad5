"""Google's rules of labels, the same for all services (cloud.google.com/resource-manager/docs/labels-overview#requirements)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

MOST = 64
LONGEST = 63
"""Characters of a key and of a value."""
LETTERS = frozenset({"Ll", "Lo"})
"""Unicode categories of a letter that is not in upper case."""


def problem(labels: Mapping[str, str]) -> str | None:
    """What is wrong with the labels of a resource; None when they are good.  No prefix is reserved."""
    if len(labels) > MOST:
        return f"{len(labels)} labels, but a resource has {MOST} at most"
    for key, value in labels.items():
        if not 1 <= len(key) <= LONGEST or not all(map(_taken, key)) or unicodedata.category(key[0]) not in LETTERS:
            return f"label key ({key}): it must begin with a lower-case letter and may hold {LONGEST} {CHARACTERS}"
        if len(value) > LONGEST or not all(map(_taken, value)):
            return f"label value ({value}): it may hold {LONGEST} {CHARACTERS}"
    return None


CHARACTERS = "lower-case letters, digits, dashes and underscores"


def _taken(character: str) -> bool:
    return character in "-_" or unicodedata.category(character) in LETTERS or unicodedata.category(character).startswith("N")
