# SPDX-License-Identifier: GPL-3.0-or-later
"""The module postgresql_replication_slot against a real PostgreSQL 16."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.modules import postgresql_replication_slot

from .conftest import ADMIN, OWNER, USER, Server, reading

STATE = ("database", "plugin", "active", "reader", "wal_status", "confirmed_flush_lsn", "lag_bytes", "retained_bytes")


@pytest.fixture
def database(server: Server) -> Server:
    """The server with the replication user, and a table."""
    server.sql("CREATE ROLE debezium LOGIN REPLICATION PASSWORD 'right'", ADMIN)
    server.sql("CREATE TABLE public.orders (id int PRIMARY KEY, note text)")
    return server


def run(server: Server, check: bool = False, **changes: t.Any) -> dict[str, t.Any]:
    params = {"login_user": USER, "name": "debezium_shop", **changes}
    return server.module(postgresql_replication_slot, check=check, **params)


def slots(server: Server) -> list[str]:
    return [name for (name,) in server.sql("SELECT slot_name FROM pg_replication_slots ORDER BY 1")]


def test_creates_a_slot_for_debezium_and_tells_its_state(database: Server) -> None:
    planned = run(database, check=True)
    assert (planned["actions"], planned["exists"], slots(database)) == (["create replication slot debezium_shop"], False, [])
    assert {name: planned[name] for name in STATE} == dict.fromkeys(STATE)

    made = run(database)

    assert (made["actions"], made["exists"]) == (planned["actions"], True)
    assert [made[name] for name in STATE[:5]] == [database.database, "pgoutput", False, None, "reserved"]
    again = run(database)
    assert (again["changed"], again["warnings"], again["diff"]["before"] == again["diff"]["after"]) == (False, [], True)


def test_what_was_written_and_not_read_yet_is_its_lag(database: Server) -> None:
    run(database)
    database.sql("INSERT INTO public.orders SELECT id, repeat('x', 1000) FROM generate_series(1, 1000) AS id")

    result = run(database, check=True)

    assert result["changed"] is False
    assert result["retained_bytes"] >= result["lag_bytes"] > 1_000_000
    ((position,),) = database.sql("SELECT confirmed_flush_lsn::text FROM pg_replication_slots")
    assert result["confirmed_flush_lsn"] == position


def test_absent_drops_it_and_is_quiet_then(database: Server) -> None:
    run(database)

    assert run(database, check=True, state="absent")["actions"] == ["drop replication slot debezium_shop"]
    assert slots(database) == ["debezium_shop"]
    dropped = run(database, state="absent")
    assert (dropped["actions"], dropped["exists"], slots(database)) == (["drop replication slot debezium_shop"], False, [])
    assert run(database, state="absent")["changed"] is False


def test_a_slot_that_is_read_is_not_dropped_and_its_reader_is_named(database: Server) -> None:
    with reading(database, "debezium_shop", USER):
        told = run(database)
        assert (told["changed"], told["active"], told["reader"]) == (False, True, USER)
        for check in (True, False):
            message = run(database, check, state="absent")["msg"]
            assert message.startswith("Replication slot debezium_shop is being read by debezium; stop Debezium first")


def test_a_slot_of_another_database_is_refused(database: Server) -> None:
    run(database)

    for state in ("present", "absent"):
        message = run(database, login_db="postgres", state=state)["msg"]
        assert f"Replication slot debezium_shop belongs to database {database.database}, not postgres" in message
    assert slots(database) == ["debezium_shop"]


def test_a_slot_with_another_plugin_or_of_a_standby_is_refused(database: Server) -> None:
    database.sql("SELECT pg_create_logical_replication_slot('debezium_shop', 'test_decoding')", ADMIN)
    database.sql("SELECT pg_create_physical_replication_slot('standby')", ADMIN)

    for state in ("present", "absent"):
        assert "has the output plugin test_decoding, not pgoutput" in run(database, state=state)["msg"]
        assert "standby is a physical replication slot" in run(database, name="standby", state=state)["msg"]
    assert run(database, plugin="test_decoding", state="absent")["changed"] is True
    assert slots(database) == ["standby"]


def test_a_login_without_the_attribute_is_told_which_one(database: Server) -> None:
    needed = (
        "app may not {} replication slots, because it lacks the attribute REPLICATION. Log in as the replication user, or run ALTER ROLE"
    )
    for check in (True, False):
        assert needed.format("create") in run(database, check, login_user=OWNER)["msg"]
    run(database)
    assert needed.format("drop") in run(database, login_user=OWNER, state="absent")["msg"]
    assert run(database, login_user=OWNER)["changed"] is False, "anybody may look"


def test_a_transaction_that_holds_up_the_creation_ends_in_a_sentence(database: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.cdc.gcp.plugins.module_utils._postgresql import connection

    monkeypatch.setattr(connection, "LOCK_TIMEOUT_SECONDS", 1)
    with database.connect() as writer, writer.transaction():
        writer.execute("INSERT INTO public.orders VALUES (1)")
        result = run(database)

    assert "Waited 1 s for a lock" in result["msg"]
    assert slots(database) == [], "nothing half-made is left"
    assert run(database)["changed"] is True


@pytest.mark.parametrize("missing", [{"login_host": ""}, {"server_exists": False}, {"login_db": "not_there"}])
def test_check_mode_plans_where_nothing_is_yet(database: Server, missing: dict[str, t.Any]) -> None:
    assert run(database, check=True, **missing)["actions"] == ["create replication slot debezium_shop"]
    assert run(database, check=True, state="absent", **missing)["changed"] is False
    assert run(database, **missing)["failed"]


@pytest.mark.parametrize("name", ["Slot", "a-b", "", "x" * 64])
def test_a_name_that_no_slot_can_have_is_refused(database: Server, name: str) -> None:
    assert "must be of lower-case letters, digits and _" in run(database, name=name)["msg"]
