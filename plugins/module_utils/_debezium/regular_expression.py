# SPDX-License-Identifier: GPL-3.0-or-later
"""Names as Java regular expressions that match just them.  PRIVATE to the collection.  Pure."""

from __future__ import annotations

from .._reconcile.errors import InvalidInput
from .._table_name import TableName

_JAVA_SPECIAL = frozenset("\\.[]{}()<>*+-=!?^$|")

_CASE_SENSITIVE = "(?-i)"
"""Debezium compiles its lists without regard to case: public.orders would take public."Orders", too, which has no grant."""


def escaped(text: str) -> str:
    """`text` as a Java regular expression that matches just it."""
    return "".join("\\" + letter if letter in _JAVA_SPECIAL else letter for letter in text)


def exactly(name: TableName) -> str:
    """A table for Debezium's lists, which are anchored."""
    for part in (name.schema, name.table):
        if "," in part or part != part.strip():
            raise InvalidInput(
                f"Table {name.schema}.{name.table} cannot be captured: Debezium's list takes neither commas nor outer blanks."
            )
    return f"{_CASE_SENSITIVE}{escaped(name.schema)}\\.{escaped(name.table)}"
