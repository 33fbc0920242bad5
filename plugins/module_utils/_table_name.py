# SPDX-License-Identifier: GPL-3.0-or-later
"""A table's name as users of the collection write it: `schema.table`, the same for SQL and for Debezium.  PRIVATE to the collection."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ._reconcile.errors import InvalidInput

LONGEST = 63
"""Bytes of a PostgreSQL identifier; PostgreSQL cuts longer ones silently."""

_PART = re.compile(r'"(?:[^"]|"")+"|[^\W\d][\w$]*')
_REGULAR_EXPRESSION = re.compile(r"[*+?()\[\]|\\^]")


@dataclass(frozen=True, order=True)
class TableName:
    """One table: both names as the server's catalog spells them."""

    schema: str
    table: str

    @classmethod
    def parse(cls, text: str) -> TableName:
        """From `schema.table` in SQL's spelling: names with upper-case letters or other characters stand in double quotes."""
        first = _PART.match(text)
        second = _PART.match(text, first.end() + 1) if first and text[first.end() : first.end() + 1] == "." else None
        if not first or not second or second.end() != len(text):
            if _REGULAR_EXPRESSION.search(text) and '"' not in text:
                raise InvalidInput(f"Table {text!r} looks like a regular expression; name each table as schema.table.")
            raise InvalidInput(f'Table {text!r} is not schema.table; names with other characters need quotes, like public."My Table".')
        return cls(_identifier(first.group(), text), _identifier(second.group(), text))

    def __str__(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.table)}"


def parse_tables(texts: Iterable[str]) -> tuple[TableName, ...]:
    """Each table once, in the order given."""
    return tuple(dict.fromkeys(TableName.parse(text) for text in texts))


def _identifier(part: str, text: str) -> str:
    if part.startswith('"'):
        name = part[1:-1].replace('""', '"')
    elif part != part.lower():
        raise InvalidInput(
            f'Table {text!r} has upper-case letters without quotes, which PostgreSQL reads as lower case; write "{part}" in double quotes, '
            f"or {part.lower()}."
        )
    else:
        name = part
    if len(name.encode()) > LONGEST:
        raise InvalidInput(f"Table {text!r} has a name longer than PostgreSQL's {LONGEST} bytes.")
    if "\0" in name:
        raise InvalidInput(f"Table {text!r} has a zero byte in its name.")
    return name


def quoted(name: str) -> str:
    """An identifier in SQL's spelling: in double quotes if it needs them."""
    plain = _PART.fullmatch(name) and not name.startswith('"') and name == name.lower()
    return name if plain else '"' + name.replace('"', '""') + '"'
