# SPDX-License-Identifier: GPL-3.0-or-later
"""Table names as users write them."""

from __future__ import annotations

import re

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput
from ansible_collections.cdc.gcp.plugins.module_utils._table_name import TableName, parse_tables


@pytest.mark.parametrize(
    ("text", "schema", "table"),
    [
        ("public.orders", "public", "orders"),
        ("_a1.b$2", "_a1", "b$2"),
        ('public."Order Lines"', "public", "Order Lines"),
        ('"My.Schema"."a""b"', "My.Schema", 'a"b'),
        ("public.größe", "public", "größe"),
    ],
)
def test_reads_sqls_spelling_and_writes_it_again(text: str, schema: str, table: str) -> None:
    name = TableName.parse(text)

    assert name == TableName(schema, table)
    assert str(name) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("orders", "is not schema.table"),
        ("a.b.c", "is not schema.table"),
        ("public.", "is not schema.table"),
        ("", "is not schema.table"),
        ('public."open', "is not schema.table"),
        ('public.""', "is not schema.table"),
        ("public.orders\n", "is not schema.table"),
        ("public.*", "regular expression"),
        ("public\\.orders", "regular expression"),
        ("public.(a|b)", "regular expression"),
        ("public.Orders", 'write "Orders" in double quotes, or orders.'),
        ("public." + "ü" * 32, "63 bytes"),
        ('public."a\0b"', "zero byte"),
    ],
)
def test_refuses_what_is_no_table(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(said)):
        TableName.parse(text)


def test_names_each_table_once_in_order() -> None:
    assert [str(name) for name in parse_tables(["b.b", "a.a", '"b"."b"'])] == ["b.b", "a.a"]
