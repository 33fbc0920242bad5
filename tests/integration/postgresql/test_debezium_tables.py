# SPDX-License-Identifier: GPL-3.0-or-later
"""The module postgresql_debezium_tables against a real PostgreSQL 16."""

from __future__ import annotations

import typing as t

import psycopg
import pytest
from ansible_collections.cdc.gcp.plugins.modules import postgresql_debezium_tables

from .conftest import ADMIN, USER, Server


@pytest.fixture
def database(server: Server) -> Server:
    """The server with the replication user."""
    server.sql("CREATE ROLE debezium LOGIN REPLICATION PASSWORD 'right'", ADMIN)
    return server


def run(server: Server, check: bool = False, **changes: t.Any) -> dict[str, t.Any]:
    return server.module(postgresql_debezium_tables, check=check, **{"replication_user": USER, **changes})


def actions(server: Server, check: bool = False, **changes: t.Any) -> list[str]:
    return server.actions(postgresql_debezium_tables, check=check, **{"replication_user": USER, **changes})


def schema_exists(server: Server) -> bool:
    return server.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'debezium'") == [(1,)]


def save_offset(server: Server) -> None:
    """What Debezium's JDBC offset store does, as the replication user."""
    with server.connect(USER) as connection, connection.transaction():
        connection.execute("SET search_path TO debezium")
        connection.execute("DELETE FROM debezium_offset_storage")
        connection.execute(
            "INSERT INTO debezium_offset_storage (id, offset_key, offset_val, record_insert_ts, record_insert_seq) "
            "VALUES ('1', '[\"pubsub\",{\"server\":\"shop\"}]', '{}', now(), 1)"
        )
        connection.execute("SELECT offset_key FROM debezium_offset_storage")


def test_debezium_can_keep_its_offsets_and_no_more(database: Server) -> None:
    first = run(database)

    assert first["actions"] == ["create debezium.debezium_offset_storage for debezium"]
    assert (first["exists"], first["offset_keys"]) == (True, [])
    save_offset(database)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.sql("DROP TABLE debezium.debezium_offset_storage", USER)
    again = run(database)
    assert (again["changed"], again["warnings"]) == (False, [])
    assert again["offset_keys"] == ['["pubsub",{"server":"shop"}]']
    assert again["diff"]["before"] == again["diff"]["after"]


def test_a_signal_table_comes_when_asked_for(database: Server) -> None:
    run(database)

    assert actions(database, signal_table="debezium_signal") == ["create debezium.debezium_signal for debezium"]
    database.sql("INSERT INTO debezium.debezium_signal VALUES ('1', 'execute-snapshot', NULL)", USER)
    assert run(database, signal_table="debezium_signal")["changed"] is False


def test_a_signal_table_alone(database: Server) -> None:
    result = run(database, signal_table="debezium_signal", offset_table="")

    assert result["actions"] == ["create debezium.debezium_signal for debezium"]
    assert (result["offset_table"], result["offset_keys"]) == (None, None)
    assert actions(database, state="absent", signal_table="debezium_signal", offset_table="") == [
        "drop table debezium.debezium_signal, schema debezium"
    ]


def test_check_mode_changes_nothing(database: Server) -> None:
    result = run(database, check=True)

    assert result["changed"] is True
    assert result["diff"]["after"]["privileges"] == {"debezium.debezium_offset_storage": ["SELECT", "INSERT", "DELETE"]}
    assert not schema_exists(database)


@pytest.mark.parametrize(
    "drift",
    ["REVOKE USAGE ON SCHEMA debezium FROM debezium", "REVOKE DELETE ON debezium.debezium_offset_storage FROM debezium"],
)
def test_repairs_grants(database: Server, drift: t.LiteralString) -> None:
    run(database)
    database.sql(drift)

    assert actions(database) == ["complete the grants in schema debezium for debezium"]
    save_offset(database)
    assert run(database)["changed"] is False


def test_adopts_what_debezium_itself_or_somebody_made(database: Server) -> None:
    database.sql("CREATE SCHEMA debezium")
    database.sql(
        "CREATE TABLE debezium.debezium_offset_storage (id text PRIMARY KEY, offset_key varchar(2000), offset_val varchar, "
        "record_insert_ts timestamp NOT NULL, record_insert_seq integer NOT NULL, note text)"
    )

    assert actions(database) == ["complete the grants in schema debezium for debezium"]
    save_offset(database)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("id int PRIMARY KEY", "it needs id character varying(36); it needs offset_key"),
        (
            "id varchar(36) PRIMARY KEY, offset_key varchar(255), offset_val text, record_insert_ts timestamp, record_insert_seq int",
            "it needs offset_key character varying(1255). Use",
        ),
        (
            "id varchar(36), offset_key text, offset_val text, record_insert_ts timestamp, record_insert_seq int",
            "it needs id character varying(36). Use",
        ),
        (
            "id text PRIMARY KEY, offset_key text, offset_val text, record_insert_ts timestamp, record_insert_seq int, x int NOT NULL",
            "x integer must not be required. Use",
        ),
    ],
)
def test_a_table_with_other_columns_is_refused(database: Server, columns: str, said: str) -> None:
    database.sql("CREATE SCHEMA debezium")
    database.sql(f"CREATE TABLE debezium.debezium_offset_storage ({columns})")  # type: ignore[arg-type]

    for check in (True, False):
        assert said in run(database, check=check)["msg"]


def test_without_the_replication_user_it_says_so_and_check_mode_plans(server: Server) -> None:
    assert "Role debezium does not exist" in run(server)["msg"]
    assert run(server, check=True)["changed"] is True
    assert not schema_exists(server)


def test_a_login_that_may_not_is_told_who_may(database: Server) -> None:
    run(database)
    database.sql("REVOKE DELETE ON debezium.debezium_offset_storage FROM debezium")
    database.sql("CREATE ROLE guest LOGIN PASSWORD 'right'", None)

    assert "guest may not grant it; log in as its owner app" in run(database, login_user="guest")["msg"]
    assert "guest may not create tables in schema debezium" in run(database, login_user="guest", signal_table="s", offset_table="o")["msg"]
    assert "guest may not create schema other" in run(database, login_user="guest", schema="other")["msg"]


@pytest.mark.parametrize("missing", [{"login_host": ""}, {"server_exists": False}, {"login_db": "not_there"}])
def test_check_mode_plans_everything_where_nothing_is_yet(server: Server, missing: dict[str, t.Any]) -> None:
    result = run(server, check=True, **missing)

    assert result["actions"] == ["create Debezium's objects in schema debezium"]
    assert result["offset_keys"] is None
    assert run(server, **missing)["failed"]


def test_offsets_are_dropped_only_when_allowed(database: Server) -> None:
    run(database)

    assert "drop_offsets=true" in run(database, state="absent")["msg"]
    wanted = ["drop table debezium.debezium_offset_storage, schema debezium"]
    assert actions(database, check=True, state="absent", drop_offsets=True) == wanted
    assert schema_exists(database)
    assert actions(database, state="absent", drop_offsets=True) == wanted
    assert not schema_exists(database)
    assert run(database, state="absent")["changed"] is False


def test_a_schema_with_something_else_in_it_stays(database: Server) -> None:
    run(database)
    database.sql("CREATE TABLE debezium.heartbeat (id int)")

    assert actions(database, state="absent", drop_offsets=True) == ["drop table debezium.debezium_offset_storage"]
    assert schema_exists(database)
    assert run(database, state="absent", drop_offsets=True)["changed"] is False


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "Debezium"},
        {"schema": "pg_catalog"},
        {"offset_table": "a.b"},
        {"signal_table": "debezium_offset_storage"},
        {"offset_table": ""},
    ],
)
def test_names_that_debezium_cannot_write_are_refused(server: Server, change: dict[str, str]) -> None:
    assert run(server, **change)["failed"]
