# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables join, leave and come back while the application writes: every row of each arrives."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Callable

import psycopg
import pytest

from ..world import Subscription, World, until

pytestmark = pytest.mark.timeout(900)

NAME = "join-demo"
ROWS_BEFORE = 500
WRITES_PER_SECOND = 25


class Writer(threading.Thread):
    """The application, writing into one table until it is stopped.  ids: of the rows that it committed."""

    def __init__(self, world: World, table: t.LiteralString) -> None:
        super().__init__(daemon=True)
        self._world, self._table = world, table
        self._stopped = threading.Event()
        self.ids: set[int] = set()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with self._world.application(NAME) as connection:
                while not self._stopped.wait(1 / WRITES_PER_SECOND):
                    row = connection.execute(f"INSERT INTO {self._table} (name) VALUES ('while it runs') RETURNING id").fetchone()
                    assert row is not None
                    self.ids.add(row[0])
        except psycopg.Error as error:
            self.error = error

    def finish(self) -> set[int]:
        """Stop writing; the ids of all rows."""
        self._stopped.set()
        self.join(30)
        assert self.error is None, self.error
        return self.ids


@pytest.fixture(scope="module")
def changes(world: World, stops_at_the_end: Callable[[str], None]) -> Subscription:
    """A pipeline whose first table does not exist yet; its events from the beginning on."""
    stops_at_the_end(NAME)
    site(world, "public.first")
    return Subscription(world, "e2e-joining", f"{NAME}.changes")


def site(world: World, *tables: str, **variables: t.Any) -> t.Any:
    return world.site(variables={"cdc_name": NAME, "cdc_tables": list(tables), **variables})


def create(world: World, table: t.LiteralString) -> set[int]:
    """The application makes a table with rows in it; their ids."""
    with world.application(NAME) as connection:
        connection.execute(f"CREATE TABLE {table} (id serial PRIMARY KEY, name text NOT NULL)")
        query = f"INSERT INTO {table} (name) SELECT 'before' FROM generate_series(1, {ROWS_BEFORE}) RETURNING id"
        return {row[0] for row in connection.execute(query).fetchall()}


def arrived(events: list[dict[str, t.Any]], table: str) -> set[int]:
    """Ids of the rows of a table that events told of."""
    return {event["after"]["id"] for event in events if event.get("after") and event["source"]["table"] == table}


def captured(world: World) -> list[str]:
    with world.application(NAME) as connection:
        rows = connection.execute("SELECT tablename FROM pg_publication_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    return [row[0] for row in rows]


def test_the_rows_that_a_pending_table_has_when_it_joins_arrive(world: World, changes: Subscription) -> None:
    """The README's own flow: the table is pending in the first run, the application makes and fills it, site.yml runs again."""
    ids = create(world, "public.first")
    run = site(world, "public.first")
    assert "take an incremental snapshot of public.first" in run.output
    changes.wait(lambda events: ids <= arrived(events, "first"))
    assert site(world, "public.first").changed() == []


def test_every_row_arrives_while_tables_join_leave_and_come_back_under_writes(world: World, changes: Subscription) -> None:
    written = {"first": Writer(world, "public.first"), "second": Writer(world, "public.second"), "third": Writer(world, "public.third")}
    rows = {"first": arrived(changes.events, "first"), "second": create(world, "public.second"), "third": create(world, "public.third")}
    for writer in written.values():
        writer.start()
    site(world, "public.first", "public.second")
    site(world, "public.first", "public.second", "public.third")
    left = site(world, "public.second", "public.third")
    assert "public.first is no longer captured, and still published" in left.output
    site(world, "public.first", "public.second", "public.third")
    for table, writer in written.items():
        rows[table] |= writer.finish()
    assert captured(world) == ["first", "second", "third"]
    for table, ids in rows.items():
        assert len(ids) > ROWS_BEFORE, "the application wrote all the while"
        changes.wait(lambda events, table=table, ids=ids: ids <= arrived(events, table))  # type: ignore[misc]
    assert {event["source"]["table"] for event in changes.events} == {"first", "second", "third"}, "signals are not changes"


def test_a_table_that_was_dropped_and_made_again_joins_again(world: World, changes: Subscription) -> None:
    with world.application(NAME) as connection:
        connection.execute("DROP TABLE public.third")
    ids = create(world, "public.third")
    before = len(changes.events)
    run = site(world, "public.first", "public.second", "public.third")
    assert "take an incremental snapshot of public.third" in run.output
    changes.wait(lambda events: ids <= arrived(events[before:], "third"))


def test_without_rows_only_changes_from_then_on_arrive(world: World, changes: Subscription) -> None:
    create(world, "public.fourth")
    run = site(world, "public.first", "public.second", "public.third", "public.fourth", cdc_joining_tables="no_data")
    assert "incremental snapshot" not in run.output
    with world.application(NAME) as connection:
        row = connection.execute("INSERT INTO public.fourth (name) VALUES ('after') RETURNING id").fetchone()
    assert row is not None
    changes.wait(lambda events: row[0] in arrived(events, "fourth"))
    assert arrived(changes.events, "fourth") == {row[0]}


def test_what_the_capture_rules_admit_arrives_whole_and_breaks_no_write(world: World, changes: Subscription) -> None:
    """Row level security with a policy for the reader, a parent with its children by INHERITS, a partitioned table with a key."""
    with world.application(NAME) as connection:
        connection.execute("CREATE TABLE public.secured (id int PRIMARY KEY)")
        connection.execute("ALTER TABLE public.secured ENABLE ROW LEVEL SECURITY")
        connection.execute("CREATE TABLE public.parent (id int PRIMARY KEY)")
        connection.execute("CREATE TABLE public.child (PRIMARY KEY (id)) INHERITS (public.parent)")
        connection.execute("CREATE TABLE public.log (id int PRIMARY KEY) PARTITION BY RANGE (id)")
        connection.execute("CREATE TABLE public.log_1 PARTITION OF public.log FOR VALUES FROM (0) TO (100)")
        for table, number in (("secured", 1), ("parent", 1), ("child", 11), ("log", 1)):
            connection.execute(f"INSERT INTO public.{table} VALUES (%s)", [number])  # type: ignore[arg-type]
    tables = ["public.first", "public.second", "public.third", "public.secured", "public.parent", "public.child", "public.log"]
    hidden = world.playbook("site.yml", variables={"cdc_name": NAME, "cdc_tables": tables})
    assert (hidden.code != 0, hidden.recap["changed"]) == (True, 0)
    assert "CREATE POLICY" in hidden.output, "without a policy, the snapshot would be empty"
    with world.application(NAME) as connection:
        connection.execute("CREATE POLICY debezium ON public.secured FOR SELECT TO debezium_join_demo USING (true)")
    site(world, *tables)
    with world.application(NAME) as connection:
        for table, number in (("secured", 2), ("parent", 2), ("child", 12), ("log", 2)):
            connection.execute(f"INSERT INTO public.{table} VALUES (%s)", [number])  # type: ignore[arg-type]
            connection.execute(f"UPDATE public.{table} SET id = id + 50 WHERE id = %s", [number])  # type: ignore[arg-type]
    wanted = {"secured": {1, 2, 52}, "parent": {1, 2, 52}, "child": {11, 12, 62}, "log": {1, 2, 52}}
    changes.wait(lambda events: all(ids <= arrived(events, table) for table, ids in wanted.items()))


def test_an_interrupted_run_still_owes_the_rows(world: World, changes: Subscription) -> None:
    """A run that ended after it had recorded that the table joins, and before it asked for the rows."""
    ids = create(world, "public.fifth")
    tables = ["public.first", "public.second", "public.third", "public.fifth"]
    site(world, *tables, debezium_k8s_wait=False)
    with world.application(NAME) as connection:
        connection.execute("DELETE FROM debezium.signals_join_demo WHERE type = 'execute-snapshot' AND data LIKE '%fifth%'")
    site(world, *tables)
    until(lambda: bool(changes.pull()) or ids <= arrived(changes.events, "fifth"), 120, "the rows of public.fifth")
    changes.wait(lambda events: ids <= arrived(events, "fifth"))
