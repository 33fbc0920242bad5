# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of what may be captured, on facts alone: also those of servers that no test here has."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.capture_rules import (
    Capture,
    capture_warnings,
    check_capture,
    toast_warnings,
)
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.tables import Storage, Table
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import Refused
from ansible_collections.cdc.gcp.plugins.module_utils._table_name import TableName

OPERATIONS = ("insert", "update", "delete", "truncate")


def table(name: str, *, leaves: tuple[Storage, ...] = (), facts: t.Mapping[str, t.Any] | None = None, **storage: t.Any) -> Table:
    """A table that may be captured, but for what is given: of its storage, or as `facts` of itself."""
    whole = Storage(TableName("public", name), **{"kind": "r", "permanent": True, "identity": "key", **NOTHING, **storage})
    made = Table(whole.name, "app", whole.kind, True, True, storage=(whole, *leaves))
    return replace(made, **(facts or {}))


NOTHING: t.Mapping[str, t.Any] = {"stored": (), "virtual": (), "toast": False}


def capture(*tables: Table, **changes: t.Any) -> Capture:
    plan = Capture(
        publication="dbz",
        tables={one.name: one for one in tables},
        others={},
        members=frozenset(one.name for one in tables),
        sent=(),
        removed=frozenset(),
        all_tables=False,
        via_root=any(one.kind == "p" for one in tables),
        operations=None,
        restricted=(),
        generated_columns=False,
        server_version=160014,
        keyless_partitioned=(),
        user="debezium",
        user_exists=True,
    )
    return replace(plan, **changes)


def problems(plan: Capture) -> list[str]:
    try:
        check_capture(plan)
    except Refused as error:
        found: list[str] = error.details["problems"]
        return found
    return []


# PostgreSQL 18 and generated columns: the check is pub_contains_invalid_column() of its publicationcmds.c.


def test_before_postgresql_18_generated_columns_in_the_identity_are_taken() -> None:
    assert problems(capture(table("orders", identity="full", stored=("total",)), server_version=179999)) == []


def test_postgresql_18_refuses_writes_with_an_unpublished_stored_column_in_the_identity() -> None:
    (problem,) = problems(capture(table("orders", identity="full", stored=("total",)), server_version=180001))

    assert problem == (
        "Generated columns are part of the replica identity, but not published: public.orders (total). PostgreSQL 18 then refuses the "
        "application's UPDATE and DELETE. Run ALTER TABLE ... REPLICA IDENTITY DEFAULT (with a primary key) or USING INDEX, or "
        "CREATE PUBLICATION dbz WITH (publish_generated_columns = stored)."
    )


def test_a_publication_that_publishes_stored_columns_is_enough_for_stored_but_not_for_virtual_ones() -> None:
    stored, virtual = table("orders", identity="full", stored=("total",)), table("lines", identity="full", virtual=("net",))
    there = {"server_version": 180001, "operations": OPERATIONS}

    assert "ALTER PUBLICATION dbz SET (publish_generated_columns = stored)" in problems(capture(stored, **there))[0]
    assert problems(capture(stored, generated_columns=True, **there)) == []
    (problem,) = problems(capture(stored, virtual, generated_columns=True, **there))
    assert "public.lines (net)" in problem
    assert "public.orders" not in problem
    assert "publish_generated_columns" not in problem


def test_a_generated_column_in_a_partition_or_in_the_key_of_those_to_come_counts_too() -> None:
    leaf = Storage(TableName("public", "log_1"), "r", True, "full", ("total",), (), False)

    assert "public.log_1 (total)" in problems(capture(table("log", kind="p", leaves=(leaf,)), server_version=180001))[0]
    assert "public.log (day)" in problems(capture(table("log", kind="p", stored=("day",)), server_version=180001))[0]


def test_widening_to_updates_looks_at_generated_columns_of_other_tables() -> None:
    other = table("other", identity="full", stored=("total",))
    plan = capture(table("orders"), others={other.name: other}, operations=("insert",), server_version=180001)

    assert "public.other" in problems(plan)[0]
    assert problems(replace(plan, operations=OPERATIONS)) == []
    assert problems(replace(plan, removed=frozenset({other.name}))) == []


# Names of events


def partition(name: str, *ancestors: str) -> Table:
    return table(name, facts={"ancestors": tuple(TableName("public", one) for one in ancestors)})


def test_events_bear_the_topmost_published_ancestor() -> None:
    leaf = partition("leaf", "middle", "root")
    plan = capture(leaf, via_root=True)

    assert problems(plan) == []
    for published, bears in (("middle", "middle"), ("root", "root")):
        (problem,) = problems(replace(plan, members=plan.members | {TableName("public", published)}))
        assert f"its events bear the name public.{bears}" in problem
    assert "bear the name public.root" in problems(replace(plan, all_tables=True))[0]


def test_a_table_that_is_taken_out_gives_its_partitions_no_name() -> None:
    root = TableName("public", "root")
    plan = capture(partition("leaf", "root"), via_root=True, sent=(root,))

    assert "bear the name public.root" in problems(plan)[0]
    assert problems(replace(plan, removed=frozenset({root}))) == []


# Warnings


def test_one_warning_names_all_tables_with_large_values() -> None:
    (warning,) = toast_warnings([TableName("public", "a"), TableName("public", "B")])

    assert warning.startswith('Large values of public.a, public."B" that an UPDATE does not change arrive as __debezium_unavailable_value')
    assert list(toast_warnings([])) == []


def test_row_level_security_is_refused_for_a_known_user_and_told_for_an_unknown_one() -> None:
    hidden = table("orders", facts={"rows_hidden": True})

    assert "hides rows of public.orders from debezium" in problems(capture(hidden))[0]
    assert problems(capture(hidden, user=None)) == []
    assert "Set replication_user" in next(capture_warnings(capture(hidden, user=None), []))


@pytest.mark.parametrize(("exists", "said"), [(True, False), (False, True)])
def test_a_user_that_is_still_to_be_made_is_told_how(exists: bool, said: bool) -> None:
    (problem,) = problems(capture(table("orders", facts={"rows_hidden": True}), user_exists=exists))

    assert ("CREATE ROLE debezium LOGIN REPLICATION" in problem) is said
