# SPDX-License-Identifier: GPL-3.0-or-later
"""The module postgresql_publication against a real PostgreSQL 16."""

from __future__ import annotations

import typing as t

import psycopg
import pytest
from ansible_collections.cdc.gcp.plugins.modules import postgresql_publication

from .conftest import ADMIN, Server, reading

TABLES = ["shop.orders", 'shop."Order Lines"']


def run(server: Server, check: bool = False, **changes: t.Any) -> dict[str, t.Any]:
    return server.module(postgresql_publication, check=check, **{"name": "dbz", "tables": TABLES, **changes})


def actions(server: Server, check: bool = False, **changes: t.Any) -> list[str]:
    return server.actions(postgresql_publication, check=check, **{"name": "dbz", "tables": TABLES, **changes})


def published(server: Server) -> list[str]:
    return sorted(row[0] for row in server.sql("SELECT tablename FROM pg_publication_tables WHERE pubname = 'dbz'"))


def exists(server: Server) -> bool:
    return server.sql("SELECT 1 FROM pg_publication WHERE pubname = 'dbz'") == [(1,)]


def test_creates_it_for_the_tables_and_is_quiet_then(orders: Server) -> None:
    first = run(orders)

    assert first["actions"] == ['create publication dbz for shop.orders, shop."Order Lines"']
    assert (first["tables"], first["owner"], first["other_tables"]) == (sorted(TABLES), "app", [])
    assert published(orders) == ["Order Lines", "orders"]
    again = run(orders)
    assert (again["changed"], again["warnings"]) == (False, [])
    assert again["diff"]["before"] == again["diff"]["after"]


def test_check_mode_changes_nothing(orders: Server) -> None:
    result = run(orders, check=True)

    assert result["diff"] == {
        "before": {},
        "after": {
            "name": "dbz",
            "tables": sorted(TABLES),
            "publish": ["insert", "update", "delete", "truncate"],
            "publish_via_partition_root": False,
        },
        "before_header": "publication dbz",
        "after_header": "publication dbz",
    }
    assert not exists(orders)


def test_tables_that_are_not_there_yet_are_pending_and_added_later(server: Server) -> None:
    first = run(server)
    assert first["actions"] == ["create publication dbz for no table yet"]
    assert first["pending_tables"] == TABLES
    assert "Tables shop.orders" in first["warnings"][0]
    assert run(server)["changed"] is False

    server.sql("CREATE SCHEMA shop")
    server.sql("CREATE TABLE shop.orders (id int PRIMARY KEY)")

    assert actions(server, check=True) == ["add shop.orders to publication dbz"]
    assert actions(server) == ["add shop.orders to publication dbz"]
    assert published(server) == ["orders"]
    assert run(server)["pending_tables"] == ['shop."Order Lines"']


def test_tables_of_others_stay_unless_exact(orders: Server) -> None:
    run(orders)

    one = run(orders, tables=["shop.orders"])
    assert (one["changed"], one["other_tables"]) == (False, ['shop."Order Lines"'])

    assert actions(orders, tables=["shop.orders"], exact=True) == ['take shop."Order Lines" out of publication dbz']
    assert published(orders) == ["orders"]


def test_repairs_operations(orders: Server) -> None:
    run(orders)
    orders.sql("ALTER PUBLICATION dbz SET (publish = 'insert')")

    assert len(actions(orders)) == 1
    assert orders.sql("SELECT pubinsert, pubupdate, pubdelete, pubtruncate FROM pg_publication") == [(True, True, True, True)]
    assert run(orders)["changed"] is False


def test_a_partitioned_table_is_published_via_its_root(orders: Server) -> None:
    run(orders)
    orders.sql("CREATE TABLE shop.log (id int PRIMARY KEY) PARTITION BY RANGE (id)")
    orders.sql("CREATE TABLE shop.log_1 PARTITION OF shop.log FOR VALUES FROM (0) TO (10)")

    result = run(orders, tables=[*TABLES, "shop.log"])

    assert len(result["actions"]) == 2
    assert result["publish_via_partition_root"] is True
    assert "log" in published(orders)
    assert "log_1" not in published(orders)
    assert run(orders, tables=[*TABLES, "shop.log"])["changed"] is False


@pytest.mark.parametrize(
    ("table", "ddl", "named"),
    [
        ("shop.bad", ["CREATE TABLE shop.bad (id int)"], "shop.bad"),
        ("public.bad", ["CREATE TABLE public.bad (id int)"], "public.bad"),
        ("shop.bad", ["CREATE TABLE shop.bad (id int PRIMARY KEY)", "ALTER TABLE shop.bad REPLICA IDENTITY NOTHING"], "shop.bad"),
        (
            "shop.bad",
            [
                "CREATE TABLE shop.bad (id int) PARTITION BY RANGE (id)",
                "ALTER TABLE shop.bad REPLICA IDENTITY FULL",
                'CREATE TABLE shop."Part" PARTITION OF shop.bad FOR VALUES FROM (0) TO (10)',
            ],
            'shop."Part"',
        ),
    ],
)
def test_a_table_whose_writers_it_would_break_is_refused_before_anything_changes(
    orders: Server, table: str, ddl: list[t.LiteralString], named: str
) -> None:
    for statement in ddl:
        orders.sql(statement)

    for check in (True, False):
        result = run(orders, check=check, tables=[*TABLES, table])
        assert result["tables_without_identity"] == [named]
        assert f"No primary key and no replica identity: {named}." in result["msg"]
    assert not exists(orders)


def test_the_rule_is_postgresqls_own(orders: Server) -> None:
    """What the module refuses really breaks the application, and what it lets through does not."""
    orders.sql("CREATE TABLE shop.bad (id int) PARTITION BY RANGE (id)")
    orders.sql("ALTER TABLE shop.bad REPLICA IDENTITY FULL")
    orders.sql('CREATE TABLE shop."Part" PARTITION OF shop.bad FOR VALUES FROM (0) TO (10)')
    orders.sql("INSERT INTO shop.bad VALUES (1)")
    orders.sql("CREATE PUBLICATION dbz FOR TABLE shop.bad")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        orders.sql("UPDATE shop.bad SET id = 2")

    orders.sql('ALTER TABLE shop."Part" REPLICA IDENTITY FULL')
    assert not run(orders, tables=["shop.bad"], keyless_partitioned_tables=["shop.bad"]).get("failed")
    orders.sql("UPDATE shop.bad SET id = 2")


@pytest.mark.parametrize(
    "ddl",
    [
        ["CREATE TABLE shop.good (id int)", "ALTER TABLE shop.good REPLICA IDENTITY FULL"],
        ["CREATE TABLE shop.good (id int NOT NULL UNIQUE)", "ALTER TABLE shop.good REPLICA IDENTITY USING INDEX good_id_key"],
    ],
)
def test_a_replica_identity_does_without_primary_key(orders: Server, ddl: list[t.LiteralString]) -> None:
    for statement in ddl:
        orders.sql(statement)

    assert not run(orders, tables=["shop.good"]).get("failed")
    assert published(orders) == ["good"]


@pytest.mark.parametrize(
    ("ddl", "said"),
    [
        ("CREATE VIEW shop.bad AS SELECT 1 AS one", "is not a table"),
        ("CREATE UNLOGGED TABLE shop.bad (id int PRIMARY KEY)", "is unlogged"),
    ],
)
def test_what_has_no_changes_is_refused(orders: Server, ddl: t.LiteralString, said: str) -> None:
    orders.sql(ddl)

    assert said in run(orders, tables=["shop.bad"])["msg"]
    assert not exists(orders)


def test_another_login_than_the_owner_is_told_who_owns_what(orders: Server) -> None:
    assert run(orders, login_user=ADMIN)["msg"] == (
        'shop.orders belongs to app, shop."Order Lines" belongs to app, so postgres may not publish it; '
        "log in as the owner, or as a member of the owner's role."
    )
    run(orders)
    orders.sql("CREATE TABLE public.mine (id int PRIMARY KEY)", None)

    assert "publication dbz belongs to app" in run(orders, login_user=ADMIN, tables=["public.mine"])["msg"]
    assert "public.mine belongs to cloudsqladmin" in run(orders, tables=["public.mine"])["msg"]


def test_an_owner_who_may_not_create_is_told_the_grant(orders: Server) -> None:
    orders.sql("REVOKE cloudsqlsuperuser FROM app", None)

    assert f"GRANT CREATE ON DATABASE {orders.database} TO app" in run(orders)["msg"]


def test_one_for_all_tables_is_left_as_it_is(orders: Server) -> None:
    orders.sql("CREATE PUBLICATION dbz FOR ALL TABLES", None)

    assert run(orders)["changed"] is False


def test_a_row_filter_is_told(orders: Server) -> None:
    orders.sql("CREATE PUBLICATION dbz FOR TABLE shop.orders WHERE (id > 5)")

    assert "row filter or column list" in run(orders, tables=["shop.orders"])["warnings"][0]


def test_absent(orders: Server) -> None:
    run(orders)

    assert actions(orders, check=True, state="absent") == ["drop publication dbz"]
    assert exists(orders)
    assert actions(orders, state="absent") == ["drop publication dbz"]
    assert run(orders, state="absent")["changed"] is False


def test_absent_is_refused_to_others(orders: Server) -> None:
    run(orders)

    assert "belongs to app" in run(orders, state="absent", login_user=ADMIN)["msg"]


def test_absent_is_refused_while_a_slot_stands_active_or_idle(orders: Server) -> None:
    run(orders)
    orders.sql("SELECT pg_create_logical_replication_slot('idle', 'pgoutput')", ADMIN)

    with reading(orders, "busy"):
        for check in (True, False):
            message = run(orders, check, state="absent")["msg"]
            assert f"Replication slot busy, idle of database {orders.database} could never be read again without publication dbz" in message
            assert "drop them first, with cdc.gcp.postgresql_replication_slot (state=absent)" in message
        assert "Replication slot busy of" in run(orders, state="absent", ignore_slots=["idle"])["msg"]
    assert exists(orders)
    orders.sql("SELECT pg_drop_replication_slot('idle')", ADMIN)
    assert actions(orders, state="absent") == ["drop publication dbz"]


def test_a_slot_without_its_publication_is_dead_even_after_the_publication_is_made_anew(orders: Server) -> None:
    """Why the removal is refused: pgoutput looks the publication up as of the change that it decodes."""
    run(orders)
    orders.sql("SELECT pg_create_logical_replication_slot('idle', 'pgoutput')", ADMIN)
    assert actions(orders, state="absent", ignore_slots=["idle"]) == ["drop publication dbz"]
    orders.sql("INSERT INTO shop.orders VALUES (1)")
    run(orders)

    with pytest.raises(psycopg.errors.UndefinedObject, match='publication "dbz" does not exist'):
        orders.sql(
            "SELECT count(*) FROM pg_logical_slot_get_binary_changes('idle', NULL, NULL, 'proto_version', '1', 'publication_names', 'dbz')",
            ADMIN,
        )


def test_slots_of_other_databases_and_plugins_hold_up_no_removal(orders: Server) -> None:
    run(orders)
    orders.sql("SELECT pg_create_logical_replication_slot('other_plugin', 'test_decoding')", ADMIN)
    orders.sql("SELECT pg_create_physical_replication_slot('physical')", ADMIN)

    assert actions(orders, state="absent") == ["drop publication dbz"]


@pytest.mark.parametrize("missing", [{"login_host": ""}, {"server_exists": False}, {"login_db": "not_there"}])
def test_check_mode_plans_everything_where_nothing_is_yet(server: Server, missing: dict[str, t.Any]) -> None:
    result = run(server, check=True, **missing)

    assert result["actions"] == ["create publication dbz for no table yet"]
    assert result["pending_tables"] == TABLES
    assert result["exists"] is False
    assert run(server, **missing)["failed"]


def test_a_lock_that_is_not_free_ends_in_a_sentence(orders: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.cdc.gcp.plugins.module_utils._postgresql import connection

    monkeypatch.setattr(connection, "LOCK_TIMEOUT_SECONDS", 1)
    with orders.connect() as holder, holder.transaction():
        holder.execute("LOCK TABLE shop.orders IN ACCESS EXCLUSIVE MODE")
        result = run(orders)

    assert "Waited 1 s for a lock" in result["msg"]
    assert not exists(orders)
