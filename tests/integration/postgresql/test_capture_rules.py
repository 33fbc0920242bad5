# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be captured, against a real PostgreSQL 16: for each rule, what happens without it, and that the module refuses before it can."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.options import Login
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.publication import Publication
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import reconcile
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.secret import Secret
from ansible_collections.cdc.gcp.plugins.module_utils._table_name import TableName
from ansible_collections.cdc.gcp.plugins.modules import postgresql_publication, postgresql_replication_user

from .conftest import ADMIN, OWNER, USER, Server

Sql = list[t.LiteralString]


def run(server: Server, *tables: str, check: bool = False, **changes: t.Any) -> dict[str, t.Any]:
    return server.module(postgresql_publication, check=check, **{"name": "dbz", "tables": list(tables), **changes})


def refused(server: Server, *tables: str, **changes: t.Any) -> str:
    """The module's message; nothing was changed, and check mode says the same."""
    before = server.sql("SELECT p.*, ARRAY(SELECT prrelid FROM pg_publication_rel WHERE prpubid = p.oid) FROM pg_publication p")
    result, checked = run(server, *tables, **changes), run(server, *tables, check=True, **changes)
    assert result["failed"]
    assert result["msg"] == checked["msg"]
    assert before == server.sql("SELECT p.*, ARRAY(SELECT prrelid FROM pg_publication_rel WHERE prpubid = p.oid) FROM pg_publication p")
    message: str = result["msg"]
    return message


def accepted(server: Server, *tables: str, **changes: t.Any) -> dict[str, t.Any]:
    result = run(server, *tables, **changes)
    assert not result.get("failed"), result["msg"]
    return result


def make(server: Server, statements: Sql) -> None:
    for statement in statements:
        server.sql(statement)


@contextlib.contextmanager
def streaming(server: Server) -> Iterator[None]:
    """A slot from here on."""
    server.sql("SELECT pg_create_logical_replication_slot('test_rules', 'pgoutput')", None)
    try:
        yield
    finally:
        server.sql("SELECT pg_drop_replication_slot('test_rules')", None)


def changed(server: Server) -> list[str]:
    """The tables that the changes of publication dbz bear (PostgreSQL's manual, "Logical Replication Message Formats")."""
    names: dict[bytes, str] = {}
    bear = []
    for message in messages(server):
        kind, relation = message[:1], message[1:5]
        if kind == b"R":
            names[relation] = ".".join(part.decode() for part in message[5:].split(b"\0")[:2])
        elif kind in (b"I", b"U", b"D"):
            bear.append(names[relation])
    return bear


def messages(server: Server) -> list[bytes]:
    rows = server.sql(
        "SELECT data FROM pg_logical_slot_peek_binary_changes('test_rules', NULL, NULL, 'proto_version', '1', 'publication_names', 'dbz')",
        None,
    )
    return [bytes(data) for (data,) in rows]


# B1: the application's writes

BROKEN: list[tuple[Sql, Sql, t.LiteralString, str]] = [
    (
        ["CREATE TABLE shop.bad (id int PRIMARY KEY DEFERRABLE)", "INSERT INTO shop.bad VALUES (1)"],
        [],
        "UPDATE shop.bad SET id = 2",
        "No primary key and no replica identity: shop.bad.",
    ),
    (
        ["CREATE TABLE shop.bad (id int) PARTITION BY RANGE (id)"],
        ["CREATE TABLE shop.bad_1 PARTITION OF shop.bad FOR VALUES FROM (0) TO (10)", "INSERT INTO shop.bad VALUES (1)"],
        "DELETE FROM shop.bad",
        "No primary key on the partitioned table: shop.bad.",
    ),
    (
        [
            "CREATE TABLE shop.bad (id int) PARTITION BY RANGE (id)",
            "ALTER TABLE shop.bad REPLICA IDENTITY FULL",
            "CREATE TABLE shop.bad_1 PARTITION OF shop.bad FOR VALUES FROM (0) TO (10)",
            "ALTER TABLE shop.bad_1 REPLICA IDENTITY FULL",
        ],
        ["CREATE TABLE shop.bad_2 PARTITION OF shop.bad FOR VALUES FROM (10) TO (20)", "INSERT INTO shop.bad VALUES (11)"],
        "UPDATE shop.bad SET id = 12",
        "No primary key on the partitioned table: shop.bad.",
    ),
    (
        [
            "CREATE TABLE shop.bad (id int NOT NULL UNIQUE) PARTITION BY RANGE (id)",
            "ALTER TABLE shop.bad REPLICA IDENTITY USING INDEX bad_id_key",
        ],
        ["CREATE TABLE shop.bad_1 PARTITION OF shop.bad FOR VALUES FROM (0) TO (10)", "INSERT INTO shop.bad VALUES (1)"],
        "UPDATE shop.bad SET id = 2",
        "No primary key on the partitioned table: shop.bad.",
    ),
    (
        [
            "CREATE TABLE shop.bad (id int PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE shop.bad_1 (id int PRIMARY KEY DEFERRABLE)",
            "ALTER TABLE shop.bad ATTACH PARTITION shop.bad_1 FOR VALUES FROM (0) TO (10)",
            "INSERT INTO shop.bad VALUES (1)",
        ],
        [],
        "UPDATE shop.bad SET id = 2",
        "No primary key and no replica identity: shop.bad_1.",
    ),
    (
        [
            "CREATE TABLE shop.bad (id int NOT NULL UNIQUE)",
            "ALTER TABLE shop.bad REPLICA IDENTITY USING INDEX bad_id_key",
            "ALTER TABLE shop.bad DROP CONSTRAINT bad_id_key",
            "INSERT INTO shop.bad VALUES (1)",
        ],
        [],
        "UPDATE shop.bad SET id = 2",
        "No primary key and no replica identity: shop.bad.",
    ),
    (
        [
            "CREATE TABLE shop.bad (id int PRIMARY KEY)",
            "CREATE TABLE shop.child () INHERITS (shop.bad)",
            "INSERT INTO shop.child VALUES (1)",
        ],
        [],
        "UPDATE shop.bad SET id = 2",
        "shop.bad has children by INHERITS that are not captured: shop.child.",
    ),
]


@pytest.mark.parametrize(("before", "after", "write", "said"), BROKEN)
def test_a_table_whose_writers_break_once_it_is_published_is_refused(
    orders: Server, before: Sql, after: Sql, write: t.LiteralString, said: str
) -> None:
    make(orders, before)

    assert said in refused(orders, "shop.orders", "shop.bad")

    make(orders, ["CREATE PUBLICATION dbz FOR TABLE shop.bad", *after])
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="does not have a replica identity"):
        orders.sql(write)


def test_a_partitioned_table_with_a_key_keeps_its_writers_in_every_partition(orders: Server) -> None:
    make(orders, ["CREATE TABLE shop.log (id int PRIMARY KEY) PARTITION BY RANGE (id)"])
    accepted(orders, "shop.log")

    make(
        orders,
        [
            "CREATE TABLE shop.log_1 PARTITION OF shop.log FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE shop.log_2 (id int NOT NULL)",
            "ALTER TABLE shop.log ATTACH PARTITION shop.log_2 FOR VALUES FROM (10) TO (20)",
            "INSERT INTO shop.log VALUES (1), (11)",
            "UPDATE shop.log SET id = id + 1",
            "DELETE FROM shop.log",
        ],
    )


def test_a_partitioned_table_without_a_key_is_taken_when_named_and_its_partitions_are_still_checked(orders: Server) -> None:
    make(orders, [*BROKEN[2][0], "CREATE TABLE shop.bad_2 PARTITION OF shop.bad FOR VALUES FROM (10) TO (20)"])

    message = refused(orders, "shop.bad", keyless_partitioned_tables=["shop.bad"])
    assert "No primary key and no replica identity: shop.bad_2." in message
    assert "partitioned table" not in message

    make(orders, ["ALTER TABLE shop.bad_2 REPLICA IDENTITY FULL"])
    accepted(orders, "shop.bad", keyless_partitioned_tables=["shop.bad"])
    make(orders, ["INSERT INTO shop.bad VALUES (1), (11)", "UPDATE shop.bad SET id = id + 1"])


def test_a_publication_is_not_widened_to_updates_while_another_of_its_tables_would_break(orders: Server) -> None:
    make(
        orders,
        [
            "CREATE TABLE shop.events (id int)",
            "INSERT INTO shop.events VALUES (1)",
            "CREATE PUBLICATION dbz FOR TABLE shop.events WITH (publish = 'insert')",
        ],
    )

    message = refused(orders, "shop.orders")
    assert "Publication dbz publishes only insert; with updates and deletes the application's UPDATE and DELETE would fail" in message
    assert "shop.events" in message
    make(orders, ["UPDATE shop.events SET id = 2", "ALTER PUBLICATION dbz SET (publish = 'insert, update')"])
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        orders.sql("UPDATE shop.events SET id = 3")

    make(orders, ["ALTER PUBLICATION dbz SET (publish = 'insert')", "ALTER TABLE shop.events REPLICA IDENTITY FULL"])
    accepted(orders, "shop.orders")
    make(orders, ["UPDATE shop.events SET id = 4"])


def test_a_publication_is_widened_if_the_same_run_takes_the_other_table_out(orders: Server) -> None:
    make(orders, ["CREATE TABLE shop.events (id int)", "CREATE PUBLICATION dbz FOR TABLE shop.events WITH (publish = 'insert')"])

    accepted(orders, "shop.orders", exact=True)

    make(orders, ["INSERT INTO shop.events VALUES (1)", "UPDATE shop.events SET id = 2"])


@pytest.mark.parametrize("restriction", ["WHERE (note > 'x')", "(note)"])
def test_a_publication_with_a_row_filter_or_column_list_is_not_widened(orders: Server, restriction: t.LiteralString) -> None:
    make(
        orders,
        [
            "INSERT INTO shop.orders VALUES (1, 'one')",
            "CREATE PUBLICATION dbz FOR TABLE shop.orders " + restriction + " WITH (publish = 'insert')",
        ],
    )

    message = refused(orders, 'shop."Order Lines"')
    assert "would fail on shop.orders, unless the replica identity has all columns of the row filter" in message

    make(orders, ["ALTER PUBLICATION dbz SET (publish = 'insert, update')"])
    with pytest.raises(psycopg.errors.InvalidColumnReference):
        orders.sql("UPDATE shop.orders SET note = 'two'")


# A6: children by INHERITS


def test_children_are_in_the_snapshot_but_not_in_the_stream_so_each_must_be_captured(orders: Server) -> None:
    make(orders, ["CREATE TABLE shop.parent (id int PRIMARY KEY)"])
    accepted(orders, "shop.parent")
    make(orders, ["CREATE TABLE shop.child (PRIMARY KEY (id)) INHERITS (shop.parent)"])
    with streaming(orders):
        make(orders, ["INSERT INTO shop.child VALUES (1)"])
        assert changed(orders) == []
    assert orders.sql("SELECT id FROM shop.parent") == [(1,)]

    assert "INHERITS that are not captured: shop.child. " in refused(orders, "shop.parent")

    result = accepted(orders, "shop.parent", "shop.child")
    assert result["actions"] == ["add shop.child to publication dbz"]
    with streaming(orders):
        make(orders, ["INSERT INTO shop.child VALUES (2)"])
        assert changed(orders) == ["shop.child"]


def test_a_parent_may_follow_its_children_and_leave_before_them(orders: Server) -> None:
    make(orders, ["CREATE TABLE shop.parent (id int PRIMARY KEY)", "CREATE TABLE shop.child (PRIMARY KEY (id)) INHERITS (shop.parent)"])

    accepted(orders, "shop.child")
    result = accepted(orders, "shop.parent", "shop.child")
    assert result["actions"] == ["add shop.parent to publication dbz"]
    assert "a snapshot emits their rows also as rows of shop.parent" in result["warnings"][0]
    assert accepted(orders, "shop.parent", "shop.child")["warnings"] == []
    accepted(orders, "shop.child", exact=True)

    assert orders.sql("SELECT tablename FROM pg_publication_tables WHERE pubname = 'dbz'") == [("child",)]


def test_grandchildren_count_as_children(orders: Server) -> None:
    make(
        orders,
        [
            "CREATE TABLE shop.parent (id int PRIMARY KEY)",
            "CREATE TABLE shop.child (PRIMARY KEY (id)) INHERITS (shop.parent)",
            'CREATE TABLE shop."Grand" (PRIMARY KEY (id)) INHERITS (shop.child)',
        ],
    )

    message = refused(orders, "shop.parent", "shop.child")
    assert 'shop.parent has children by INHERITS that are not captured: shop."Grand".' in message
    assert 'shop.child has children by INHERITS that are not captured: shop."Grand".' in message


# A5: row level security


@pytest.fixture
def secured(orders: Server) -> Server:
    """shop.orders has five rows and row level security, and the replication user may SELECT."""
    make(
        orders,
        [
            "INSERT INTO shop.orders SELECT generate_series(1, 5)",
            "ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY",
        ],
    )
    make_user(orders)
    return orders


def make_user(server: Server) -> None:
    server.sql("CREATE ROLE debezium LOGIN REPLICATION PASSWORD 'right'", None)
    make(server, ["GRANT USAGE ON SCHEMA shop TO debezium", "GRANT SELECT ON ALL TABLES IN SCHEMA shop TO debezium"])


def seen(server: Server) -> int:
    return int(server.sql("SELECT count(*) FROM shop.orders", USER)[0][0])


HIDDEN: list[Sql] = [
    [],
    ["CREATE POLICY p ON shop.orders FOR SELECT TO app USING (true)"],
    ["CREATE POLICY p ON shop.orders FOR INSERT TO debezium WITH CHECK (true)"],
    ["CREATE POLICY p ON shop.orders FOR SELECT TO debezium USING (id < 3)"],
    ["CREATE POLICY p ON shop.orders FOR SELECT TO debezium"],
    [
        "CREATE POLICY p ON shop.orders FOR SELECT TO debezium USING (true)",
        "CREATE POLICY q ON shop.orders AS RESTRICTIVE TO PUBLIC USING (id < 3)",
    ],
]


@pytest.mark.parametrize("ddl", HIDDEN)
def test_row_level_security_that_hides_rows_is_refused(secured: Server, ddl: Sql) -> None:
    make(secured, ddl)
    assert seen(secured) < 5

    message = refused(secured, "shop.orders", replication_user=USER)

    assert "Row level security hides rows of shop.orders from debezium" in message
    assert "CREATE POLICY debezium ON shop.orders FOR SELECT TO debezium USING (true);" in message
    assert ("Restrictive policies apply as well, and must exempt debezium: q on shop.orders." in message) == (len(ddl) == 2)


READABLE: list[Sql] = [
    ["CREATE POLICY p ON shop.orders FOR SELECT TO debezium USING (true)"],
    ["CREATE POLICY p ON shop.orders TO debezium USING (true)"],
    ["CREATE POLICY p ON shop.orders FOR SELECT USING (true)"],
    [
        "CREATE POLICY p ON shop.orders FOR SELECT TO debezium USING (true)",
        "CREATE POLICY q ON shop.orders AS RESTRICTIVE TO app USING (id < 3)",
    ],
]


@pytest.mark.parametrize("ddl", READABLE)
def test_row_level_security_with_a_policy_for_the_user_is_taken(secured: Server, ddl: Sql) -> None:
    make(secured, ddl)
    assert seen(secured) == 5

    result = accepted(secured, "shop.orders", replication_user=USER)
    assert not any("Row level security" in warning for warning in result["warnings"])


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER ROLE debezium BYPASSRLS",
        "GRANT app TO debezium",
        "CREATE ROLE readers; GRANT readers TO debezium; CREATE POLICY p ON shop.orders TO readers USING (true)",
    ],
)
def test_roles_that_are_exempt_by_what_they_are_read_all(secured: Server, statement: t.LiteralString) -> None:
    secured.sql(statement, None)
    assert seen(secured) == 5

    accepted(secured, "shop.orders", replication_user=USER)


def test_forced_row_level_security_holds_for_the_owner_too(secured: Server) -> None:
    secured.sql("GRANT app TO debezium", None)
    make(secured, ["ALTER TABLE shop.orders FORCE ROW LEVEL SECURITY"])
    assert seen(secured) == 0

    assert "hides rows of shop.orders from debezium" in refused(secured, "shop.orders", replication_user=USER)


def test_row_level_security_of_a_partition_has_no_say_when_its_root_is_read(orders: Server) -> None:
    make(
        orders,
        [
            "CREATE TABLE shop.log (id int PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE shop.log_1 PARTITION OF shop.log FOR VALUES FROM (0) TO (10)",
            "ALTER TABLE shop.log_1 ENABLE ROW LEVEL SECURITY",
            "INSERT INTO shop.log VALUES (1)",
        ],
    )
    make_user(orders)
    assert orders.sql("SELECT id FROM shop.log", USER) == [(1,)]
    assert orders.sql("SELECT id FROM shop.log_1", USER) == []

    accepted(orders, "shop.log", replication_user=USER)


def test_a_replication_user_that_is_still_to_be_made_is_judged_by_the_policies_for_everybody(orders: Server) -> None:
    make(orders, ["ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY"])

    message = refused(orders, "shop.orders", replication_user="debezium-shop")
    assert 'CREATE POLICY "debezium-shop" ON shop.orders FOR SELECT TO "debezium-shop" USING (true);' in message
    assert 'CREATE ROLE "debezium-shop" LOGIN REPLICATION' in message

    make(orders, ["CREATE POLICY p ON shop.orders FOR SELECT USING (true)"])
    accepted(orders, "shop.orders", replication_user="debezium-shop")


def test_without_a_known_replication_user_row_level_security_is_told(secured: Server) -> None:
    assert "Set replication_user" in accepted(secured, "shop.orders")["warnings"][0]


@pytest.mark.parametrize(("table", "told"), [("shop.orders", False), ('shop."Order Lines"', True)])
def test_bypassrls_is_only_called_needless_where_no_table_has_row_level_security(secured: Server, table: str, told: bool) -> None:
    secured.sql("ALTER ROLE debezium BYPASSRLS", None)

    result = secured.module(
        postgresql_replication_user, login_user=ADMIN, owner_user=OWNER, owner_password="right", name=USER, password="right", tables=[table]
    )

    assert any("BYPASSRLS" in warning for warning in result["warnings"]) is told


# A8: names that events really bear


@pytest.fixture
def log(orders: Server) -> Server:
    """shop.log with two partitions."""
    make(
        orders,
        [
            "CREATE TABLE shop.log (id int PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE shop.log_1 PARTITION OF shop.log FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE shop.log_2 PARTITION OF shop.log FOR VALUES FROM (10) TO (20)",
        ],
    )
    return orders


def test_a_partition_whose_root_is_published_is_refused_because_its_events_bear_the_roots_name(log: Server) -> None:
    accepted(log, "shop.log")
    with streaming(log):
        make(log, ["ALTER PUBLICATION dbz ADD TABLE shop.log_1", "INSERT INTO shop.log_1 VALUES (1)"])
        assert changed(log) == ["shop.log"]

    said = "shop.log_1 is a partition of shop.log, which publication dbz publishes with publish_via_partition_root"
    assert said in refused(log, "shop.log_1")
    make(log, ["ALTER PUBLICATION dbz DROP TABLE shop.log_1"])
    assert said in refused(log, "shop.log_1")
    assert said in refused(log, "shop.log", "shop.log_1")


def test_a_partition_alone_keeps_its_name(log: Server) -> None:
    accepted(log, "shop.log_1")

    with streaming(log):
        make(log, ["INSERT INTO shop.log VALUES (1)"])
        assert changed(log) == ["shop.log_1"]
    assert accepted(log, "shop.log_1")["changed"] is False


def test_a_root_is_refused_while_somebody_captures_a_partition_of_it_by_its_own_name(log: Server) -> None:
    accepted(log, "shop.log_1")

    message = refused(log, "shop.log")
    assert "Events of shop.log_1 bear this name in publication dbz now, and would bear the name shop.log" in message
    assert "ALTER PUBLICATION dbz DROP TABLE shop.log_1" in message

    accepted(log, "shop.log", exact=True)


def test_names_of_other_partitioned_tables_are_not_changed_by_switching_to_roots(log: Server) -> None:
    make(
        log,
        [
            "CREATE TABLE shop.other (id int PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE shop.other_1 PARTITION OF shop.other FOR VALUES FROM (0) TO (10)",
            "CREATE PUBLICATION dbz FOR TABLE shop.other",
        ],
    )

    assert "Events of shop.other_1 bear this name" in refused(log, "shop.log")

    make(log, ["ALTER PUBLICATION dbz SET (publish_via_partition_root = true)"])
    accepted(log, "shop.log")


def test_a_publication_of_the_root_alone_is_repaired(log: Server) -> None:
    make(log, ["CREATE PUBLICATION dbz FOR TABLE shop.log"])

    assert accepted(log, "shop.log")["publish_via_partition_root"] is True


# C21: partitions whose changes are in no write-ahead log


def test_an_unlogged_partition_of_a_captured_root_is_refused(log: Server) -> None:
    make(log, ["CREATE UNLOGGED TABLE shop.log_3 PARTITION OF shop.log FOR VALUES FROM (20) TO (30)"])

    assert "Partitions of shop.log are unlogged: shop.log_3." in refused(log, "shop.log")

    with streaming(log):
        make(log, ["CREATE PUBLICATION dbz FOR TABLE shop.log", "INSERT INTO shop.log VALUES (21)"])
        assert changed(log) == []


def test_a_foreign_table_as_partition_of_a_captured_root_is_refused(orders: Server) -> None:
    orders.sql(
        "CREATE TABLE shop.log (id int NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id); ALTER TABLE shop.log DROP CONSTRAINT log_pkey; "
        "CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing; "
        "CREATE FOREIGN TABLE shop.log_1 PARTITION OF shop.log FOR VALUES FROM (0) TO (10) SERVER nowhere; "
        "ALTER TABLE shop.log OWNER TO app",
        None,
    )

    message = refused(orders, "shop.log", keyless_partitioned_tables=["shop.log"])
    assert "Partitions of shop.log are foreign tables: shop.log_1." in message


# A9: values that PostgreSQL does not log again


def test_tables_with_large_values_are_told_when_they_are_added_and_only_then(orders: Server) -> None:
    make(
        orders,
        [
            "CREATE TABLE shop.full_identity (id int PRIMARY KEY, note text)",
            "ALTER TABLE shop.full_identity REPLICA IDENTITY FULL",
            "CREATE TABLE shop.short (id int PRIMARY KEY, code varchar(20))",
            "CREATE TABLE shop.keyed (id text PRIMARY KEY, amount int)",
        ],
    )
    tables = ["shop.orders", "shop.full_identity", "shop.short", "shop.keyed"]

    first = accepted(orders, *tables)
    (warning,) = first["warnings"]
    assert "Large values of shop.orders that an UPDATE does not change arrive as __debezium_unavailable_value" in warning
    assert "debezium_k8s_reselect_unavailable_values" in warning
    assert "REPLICA IDENTITY FULL" in warning
    assert first["tables_with_toast"] == ["shop.orders"]

    again = accepted(orders, *tables)
    assert (again["warnings"], again["tables_with_toast"]) == ([], ["shop.orders"])


@pytest.mark.parametrize("quiet", [{"warn_of_toast": False}, {"insert_only": (TableName("shop", "orders"),)}])
def test_nothing_is_told_of_large_values_where_a_pipeline_knows_better(orders: Server, quiet: dict[str, t.Any]) -> None:
    login = Login(OWNER, Secret("right"))
    publication = Publication(orders.server_options(), login, "dbz", (TableName("shop", "orders"),), False, True, replication_user=USER)

    assert "Large values" in publication.plan(publication.read()).warnings[0]
    assert replace(publication, **quiet).plan(publication.read()).warnings == ()


def test_keys_that_may_not_fit_into_an_ordering_key_are_told_when_their_table_is_added(orders: Server) -> None:
    make(
        orders,
        [
            "CREATE TABLE shop.pages (site int, url text, PRIMARY KEY (site, url))",
            "CREATE TABLE shop.codes (code varchar(250) PRIMARY KEY)",
            "CREATE TABLE shop.names (name varchar(251) PRIMARY KEY)",
        ],
    )
    names = tuple(TableName("shop", name) for name in ("orders", "pages", "codes", "names"))
    login = Login(OWNER, Secret("right"))
    publication = Publication(orders.server_options(), login, "dbz", names, False, True, warn_of_toast=False, warn_of_long_keys=True)
    (warning,) = publication.plan(publication.read()).warnings
    assert warning.startswith("The key of shop.pages (url), shop.names (name) may be longer than 1 KB")
    assert "debezium_k8s_ordering: false" in warning
    reconcile(publication, check_mode=False)
    assert publication.plan(publication.read()).warnings == ()


def test_an_unchanged_large_value_is_not_in_the_stream_unless_the_identity_is_full(orders: Server) -> None:
    make(orders, ["ALTER TABLE shop.orders ALTER note SET STORAGE EXTERNAL", "INSERT INTO shop.orders VALUES (1, repeat('large', 2000))"])
    accepted(orders, "shop.orders")
    with streaming(orders):
        make(orders, ["UPDATE shop.orders SET id = 2"])
        assert b"largelarge" not in b"".join(messages(orders))
    make(orders, ["ALTER TABLE shop.orders REPLICA IDENTITY FULL"])
    with streaming(orders):
        make(orders, ["UPDATE shop.orders SET id = 3"])
        assert b"largelarge" in b"".join(messages(orders))


def test_a_partitioned_table_is_judged_by_its_partitions(orders: Server) -> None:
    make(orders, ["CREATE TABLE shop.log (id int PRIMARY KEY, note text) PARTITION BY RANGE (id)"])
    assert run(orders, "shop.log", check=True)["tables_with_toast"] == ["shop.log"]

    make(orders, ["CREATE TABLE shop.log_1 PARTITION OF shop.log FOR VALUES FROM (0) TO (10)"])
    assert run(orders, "shop.log", check=True)["tables_with_toast"] == ["shop.log"]

    make(orders, ["ALTER TABLE shop.log_1 REPLICA IDENTITY FULL"])
    assert run(orders, "shop.log", check=True)["tables_with_toast"] == []


# All at once


def test_all_problems_of_all_tables_are_one_error(log: Server) -> None:
    make(
        log,
        [
            "CREATE TABLE shop.none (id int)",
            "CREATE VIEW shop.view AS SELECT 1 AS one",
            "CREATE TABLE shop.parent (id int PRIMARY KEY)",
            "CREATE TABLE shop.child () INHERITS (shop.parent)",
            "ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY",
        ],
    )

    result = run(log, "shop.none", "shop.view", "shop.parent", "shop.orders", "shop.log", "shop.log_1", replication_user=USER)

    assert [problem.partition(" ")[0] for problem in result["problems"]] == ["shop.view", "No", "shop.parent", "shop.log_1", "Row"]
    assert result["msg"] == " ".join(result["problems"])
    assert result["tables_without_identity"] == ["shop.none"]
