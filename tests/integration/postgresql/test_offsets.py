# SPDX-License-Identifier: GPL-3.0-or-later
"""What an offset table tells of its pipeline, and whose it is, against a real PostgreSQL 16."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.debezium_tables import DebeziumTables
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import Outcome, reconcile
from ansible_collections.cdc.gcp.plugins.modules import postgresql_debezium_tables

from .conftest import ADMIN, OWNER, USER, Server

TABLE = "debezium.offsets_shop"
STREAM = {"topic prefix": "shop", "slot": "debezium_shop"}
POSITION = {"lsn_proc": 24023128, "lsn_commit": 24023128, "transaction_id": None}


@pytest.fixture
def database(server: Server) -> Server:
    """The server with the replication user."""
    server.sql("CREATE ROLE debezium LOGIN REPLICATION PASSWORD 'right'", ADMIN)
    return server


def run(server: Server, check: bool = False, **changes: t.Any) -> dict[str, t.Any]:
    params = {"replication_user": USER, "offset_table": "offsets_shop", "topic_prefix": "shop", **changes}
    return server.module(postgresql_debezium_tables, check=check, **params)


def recording(server: Server, stream: dict[str, str] | None, **changes: t.Any) -> Outcome:
    """The resource as a pipeline has it: with the stream that it records."""
    params = {"ssl_mode": "verify-ca", "connect_timeout": 10, "server_exists": True, "login_exists": True, **server.options}
    params |= {"schema": "debezium", "offset_table": "offsets_shop", "signal_table": None, "replication_user": USER, "state": "present"}
    tables = DebeziumTables.from_params({"drop_offsets": False, "topic_prefix": "shop", **params, **changes}, False)
    return reconcile(DebeziumTables(**{**vars(tables), "stream": stream}), check_mode=False)


def save(server: Server, key: str, value: str = json.dumps(POSITION)) -> None:
    """What Debezium's JDBC offset store does: all rows go, its own come."""
    with server.connect(USER) as connection, connection.transaction():
        connection.execute("DELETE FROM debezium.offsets_shop")
        connection.execute("INSERT INTO debezium.offsets_shop VALUES ('1', %s, %s, '2026-11-24 12:00:00', 1)", [key, value])


def comment(server: Server) -> str | None:
    ((found,),) = server.sql("SELECT obj_description('debezium.offsets_shop'::regclass)")
    return None if found is None else str(found)


def test_the_position_of_the_own_stream_is_told(database: Server) -> None:
    first = run(database)
    assert (first["offset"], first["offset_saved_at"], first["offset_keys"]) == (None, None, [])
    save(database, '["pubsub",{"server":"shop"}]')

    result = run(database)

    assert result["changed"] is False
    assert (result["offset"], result["offset_saved_at"]) == (POSITION, "2026-11-24 12:00:00")
    assert run(database, topic_prefix=None)["offset"] is None


@pytest.mark.parametrize(
    ("key", "whose"),
    [('["pubsub",{"server":"other"}]', "other"), ('["mysink",["x"]]', '["mysink",["x"]]'), ("no JSON", "no JSON"), ('{"a":1}', '{"a":1}')],
)
@pytest.mark.parametrize("state", ["present", "absent"])
def test_an_offset_table_of_another_pipeline_is_refused_before_anything_is_changed(
    database: Server, key: str, whose: str, state: str
) -> None:
    run(database)
    save(database, key)

    for check in (True, False):
        result = run(database, check, signal_table="signals_shop", state=state, drop_offsets=True)
        assert result["failed"]
        assert f"{TABLE} holds the offsets of {whose}, and this pipeline's topic prefix is shop." in result["msg"]
        assert "an offset table of its own (cdc_offset_table" in result["msg"]
    assert database.sql("SELECT to_regclass('debezium.signals_shop')") == [(None,)]
    assert run(database, topic_prefix=None)["changed"] is False


def test_only_a_table_that_was_never_written_to_says_so(database: Server) -> None:
    assert run(database)["never_held_a_row"] is True
    assert run(database)["never_held_a_row"] is True
    save(database, '["pubsub",{"server":"shop"}]')
    assert run(database)["never_held_a_row"] is False
    database.sql("DELETE FROM debezium.offsets_shop")
    database.sql("VACUUM debezium.offsets_shop")
    database.sql("SELECT pg_stat_force_next_flush()")
    assert run(database)["never_held_a_row"] is False


@pytest.mark.parametrize("statement", ["TRUNCATE debezium.offsets_shop", "VACUUM FULL debezium.offsets_shop"])
def test_a_table_with_another_file_than_its_first_proves_nothing_even_without_counters(
    database: Server, statement: t.LiteralString
) -> None:
    run(database)
    save(database, '["pubsub",{"server":"shop"}]')
    database.sql("DELETE FROM debezium.offsets_shop")
    database.sql(statement)
    database.sql("SELECT pg_stat_reset()", None)

    assert run(database)["never_held_a_row"] is False


def test_what_the_login_may_not_read_is_null_and_the_record_is_there(database: Server) -> None:
    recording(database, STREAM)
    save(database, '["pubsub",{"server":"other"}]')
    database.sql("CREATE ROLE guest LOGIN PASSWORD 'right'", None)

    result = run(database, login_user="guest")

    assert not result.get("failed"), result
    assert (result["offset_keys"], result["offset"], result["offset_saved_at"]) == (None, None, None)
    assert (result["recorded_stream"], result["never_held_a_row"]) == (STREAM, False)


def test_the_state_of_an_incremental_snapshot_fits_into_new_tables(database: Server) -> None:
    run(database, signal_table="signals_shop")
    waiting = [{"incremental_snapshot_collections_id": f"public.table_{number}"} for number in range(100)]

    save(database, '["pubsub",{"server":"shop"}]', json.dumps({**POSITION, "incremental_snapshot_collections": json.dumps(waiting)}))
    signal = json.dumps({"data-collections": [f"public.table_{number}" for number in range(1000)], "type": "incremental"})
    with database.connect() as connection:
        connection.execute("INSERT INTO debezium.signals_shop VALUES ('1', 'execute-snapshot', %s)", [signal])
    result = run(database, signal_table="signals_shop")

    assert (result["changed"], result["warnings"]) == (False, [])
    assert len(json.loads(result["offset"]["incremental_snapshot_collections"])) == 100


def test_a_table_as_debezium_makes_it_is_adopted_with_the_way_to_widen_it(database: Server) -> None:
    database.sql("CREATE SCHEMA debezium")
    database.sql(
        "CREATE TABLE debezium.offsets_shop (id varchar(36) NOT NULL PRIMARY KEY, offset_key varchar(1255), offset_val varchar(1255), "
        "record_insert_ts timestamp NOT NULL, record_insert_seq integer NOT NULL)"
    )
    assert run(database)["warnings"] == []

    (warning,) = run(database, signal_table="signals_shop")["warnings"]
    widen = "ALTER TABLE debezium.offsets_shop ALTER COLUMN offset_val TYPE text"
    assert "holds offsets of at most 1255 characters" in warning
    assert widen in warning
    database.sql(widen)
    result = run(database, signal_table="signals_shop")
    assert (result["changed"], result["warnings"], result["never_held_a_row"]) == (False, [], True), "the change rewrites nothing"


def test_the_stream_is_recorded_where_the_offsets_are_and_kept_in_sync(database: Server) -> None:
    first = recording(database, STREAM)
    assert [action.summary for action in first.plan.actions] == [f"create {TABLE} for debezium"]
    assert json.loads(comment(database) or "") == {"cdc.gcp/stream": STREAM}
    assert first.facts["recorded_stream"] == STREAM

    again = recording(database, STREAM)
    assert (again.changed, again.plan.before == again.plan.after) == (False, True)
    moved = recording(database, {**STREAM, "slot": "it's another"})
    assert [action.summary for action in moved.plan.actions] == [f"record the stream in the comment of {TABLE}"]
    assert (moved.plan.before or {})["stream"] == STREAM
    assert moved.facts["recorded_stream"] == (moved.plan.after or {})["stream"] == {**STREAM, "slot": "it's another"}
    assert run(database)["changed"] is False, "who records nothing leaves the record alone"


@pytest.mark.parametrize("text", ["Debezium's, ask the data team", "{}", '{"cdc.gcp/stream": "x"}', '["cdc.gcp/stream"]'])
def test_a_comment_of_somebody_else_is_left_alone(database: Server, text: str) -> None:
    run(database)
    with database.connect() as connection:
        from psycopg import sql

        connection.execute(sql.SQL("COMMENT ON TABLE debezium.offsets_shop IS {}").format(sql.Literal(text)))

    result = recording(database, STREAM)

    assert (result.changed, result.plan.before == result.plan.after) == (False, True)
    assert (comment(database), result.facts["recorded_stream"]) == (text, {})


def test_who_does_not_own_the_table_records_nothing_and_does_not_fail(database: Server) -> None:
    run(database)
    database.sql("CREATE ROLE guest LOGIN PASSWORD 'right'", None)

    assert recording(database, STREAM, login_user="guest").changed is False
    assert comment(database) is None
    assert recording(database, STREAM, login_user=OWNER).changed is True
