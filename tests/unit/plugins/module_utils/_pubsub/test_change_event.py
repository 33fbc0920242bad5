# SPDX-License-Identifier: GPL-3.0-or-later
"""Which event is the one that was waited for."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._pubsub.change_event import is_about

ENVELOPE = {"op": "c", "before": None, "after": {"id": 7, "name": "hello"}, "source": {"schema": "public", "table": "mytable"}}
DELETED = {**ENVELOPE, "op": "d", "after": None}


@pytest.mark.parametrize(
    ("body", "table", "values", "fits"),
    [
        (ENVELOPE, "public.mytable", {"name": "hello"}, True),
        (ENVELOPE, "public.mytable", {"id": "7"}, True),
        (ENVELOPE, None, {}, True),
        (ENVELOPE, "public.other", {}, False),
        (ENVELOPE, "public.mytable", {"name": "other"}, False),
        (ENVELOPE, "public.mytable", {"no_such_column": "hello"}, False),
        ({"schema": {}, "payload": ENVELOPE}, "public.mytable", {"name": "hello"}, True),
        ({"id": 7, "name": "hello"}, "public.mytable", {"name": "hello"}, True),
        (DELETED, "public.mytable", {}, True),
        (DELETED, "public.mytable", {"name": "hello"}, False),
        ("no json", "public.mytable", {}, False),
        ([1, 2], None, {}, False),
    ],
)
def test_an_event_fits_by_table_and_new_values(body: t.Any, table: str | None, values: dict[str, t.Any], fits: bool) -> None:
    assert is_about(body, table, values) is fits
