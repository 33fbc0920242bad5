# SPDX-License-Identifier: GPL-3.0-or-later
"""What Debezium Server does with the pipeline's properties: real pods, a real database, a real sink.  Told in order."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator

import psycopg
import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.log_hints import hint
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.log import masked_lines

from ..world import WITHOUT_POD, Subscription, World, until

pytestmark = pytest.mark.timeout(300)

NAME = "behave-demo"
TOPIC = f"{NAME}.changes"
VARIABLES: dict[str, t.Any] = {
    "cdc_name": NAME,
    "cdc_tables": ["public.large", "public.orders", "public.docs", "public.texts", "public.copied"],
}
LENIENT = {**VARIABLES, "debezium_k8s_oversized_events": "truncate", "debezium_k8s_reselect_unavailable_values": True}
LARGE_ROWS = 1500
"""Of 200 kB each: more than the heap holds as rows, events and messages together."""
COPIED_ROWS = 20_000


class Events(Subscription):
    """A subscription that keeps of each event what these tests look at: (operation, table, key column, length of the text)."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name, TOPIC)
        self.seen: list[tuple[str, str, t.Any, str]] = []

    def pull(self) -> list[dict[str, t.Any]]:
        new = super().pull()
        for event in new:
            row = event["after"] or event["before"] or {}
            self.seen.append((event["op"], event["source"]["table"], row.get("id"), row.get("doc") or ""))
        self.events.clear()
        return new

    def until(self, condition: Callable[[list[tuple[str, str, t.Any, str]]], t.Any], what: str, seconds: float = 150) -> t.Any:
        """What `condition` finds in all events so far, pulled until it finds something."""
        return until(lambda: condition(self.seen) or (self.pull() and condition(self.seen)), seconds, what)

    def ids(self, table: str) -> list[t.Any]:
        return [key for _, of, key, _ in self.seen if of == table]

    def text(self, operation: str, table: str, key: t.Any) -> str:
        """The text of the row that one event is about, once that event is there."""

        def found(seen: list[tuple[str, str, t.Any, str]]) -> list[str]:
            return [text for *event, text in seen if event == [operation, table, key]]

        return str(self.until(found, f"{operation} of {key!r} in {table}")[0])


@pytest.fixture(scope="module")
def application(world: World) -> Iterator[psycopg.Connection]:
    """The application, whose tables and rows are there before the server starts."""
    world.site(*WITHOUT_POD, variables=VARIABLES)
    with world.application(NAME) as connection:
        connection.execute("CREATE TABLE public.large (id int PRIMARY KEY, doc text)")
        connection.execute("CREATE TABLE public.orders (id int PRIMARY KEY, doc text)")
        connection.execute('CREATE TABLE public."Orders" (id int PRIMARY KEY, doc text)')
        connection.execute("CREATE TABLE public.docs (id int PRIMARY KEY, number int, doc text)")
        connection.execute("CREATE TABLE public.texts (id text PRIMARY KEY)")
        connection.execute("CREATE TABLE public.copied (id int PRIMARY KEY, name text)")
        connection.execute("ALTER TABLE public.docs ALTER doc SET STORAGE EXTERNAL")
        connection.execute("INSERT INTO public.orders VALUES (1, 'there before'), (2, 'there before')")
        connection.execute("INSERT INTO public.\"Orders\" VALUES (9, 'somebody else''s')")
        connection.execute("INSERT INTO public.large SELECT i, repeat('x', 200000) FROM generate_series(1, %s) AS i", [LARGE_ROWS])
        yield connection


@pytest.fixture(scope="module")
def events(world: World, application: psycopg.Connection, stops_at_the_end: Callable[[str], None]) -> Events:
    """Every event of the pipeline, whose server has just started."""
    stops_at_the_end(NAME)
    made = Events(world, "e2e-behaviour")
    world.site(variables=VARIABLES)
    return made


def restarts(world: World) -> int:
    return int(world.pod(NAME)["status"]["containerStatuses"][0]["restartCount"])


def meaning(world: World) -> str:
    """What the log of the container that ended means, once one has ended."""
    until(lambda: restarts(world), 60, "the server ends")
    name = world.pod(NAME)["metadata"]["name"]
    lines = world.kubectl("logs", name, "--namespace", "debezium", "--previous", "--tail=200").splitlines()
    return str(hint(masked_lines(lines, ())))


def copy(connection: psycopg.Connection, first: int, rows: int) -> set[int]:
    """One COPY of `rows` rows; their ids."""
    with connection.cursor() as cursor, cursor.copy("COPY public.copied FROM STDIN") as into:
        for number in range(first, first + rows):
            into.write_row((number, f"row {number}"))
    return set(range(first, first + rows))


def test_a_snapshot_of_rows_that_do_not_fit_into_the_memory_together_ends(world: World, events: Events) -> None:
    events.until(lambda seen: set(range(1, LARGE_ROWS + 1)) <= set(events.ids("large")), "every large row")
    assert {len(text) for _, table, _, text in events.seen if table == "large"} == {200_000}
    assert restarts(world) == 0


def test_a_table_whose_name_differs_in_case_alone_does_not_stop_the_stream(world: World, events: Events) -> None:
    events.until(lambda seen: {1, 2} <= set(events.ids("orders")), "the rows of public.orders")
    assert events.ids("Orders") == []
    assert restarts(world) == 0


def test_truncate_arrives_as_one_event(application: psycopg.Connection, events: Events) -> None:
    application.execute("TRUNCATE public.orders")
    application.execute("INSERT INTO public.orders VALUES (3, 'after')")
    wanted = [("c", "orders", 3), ("t", "orders", None)]

    def changes() -> list[tuple[str, str, t.Any]]:
        return [event[:3] for event in events.seen if event[1] == "orders" and event[0] != "r"]

    events.until(lambda seen: set(wanted) <= set(changes()), "the TRUNCATE and the row after it")
    assert sorted(changes()) == wanted


def test_an_event_over_10_mb_stops_the_stream_until_it_may_be_cut(world: World, application: psycopg.Connection, events: Events) -> None:
    application.execute("INSERT INTO public.docs VALUES (1, 0, repeat('y', 12000000))")
    application.execute("INSERT INTO public.docs VALUES (2, 0, repeat('z', 50000))")
    assert "debezium_k8s_oversized_events" in meaning(world)
    assert events.ids("docs") == []
    world.site(variables=LENIENT)
    assert 8_000_000 < len(events.text("c", "docs", 1)) < 9_000_000
    assert len(events.text("c", "docs", 2)) == 50_000


def test_a_large_value_that_an_update_left_unchanged_is_read_anew(application: psycopg.Connection, events: Events) -> None:
    application.execute("UPDATE public.docs SET number = 1 WHERE id = 2")
    assert events.text("u", "docs", 2) == "z" * 50_000


def test_a_key_over_1_kb_stops_the_stream_until_there_are_no_ordering_keys(
    world: World, application: psycopg.Connection, events: Events
) -> None:
    key = "k" * 1100
    application.execute("INSERT INTO public.texts VALUES (%s)", [key])
    assert "debezium.source.message.key.columns" in meaning(world)
    world.site(variables={**LENIENT, "debezium_k8s_ordering": False})
    events.text("c", "texts", key)


def test_a_rollout_within_a_copy_loses_no_row(world: World, application: psycopg.Connection, events: Events) -> None:
    rows = 3 * COPIED_ROWS
    before = len(events.ids("copied"))
    wanted = copy(application, 0, rows)
    world.site(variables=LENIENT)
    events.until(lambda seen: wanted <= set(events.ids("copied")), "every row of the COPY")
    assert len(events.ids("copied")) - before > rows, "the rollout came after the last row: copy more of them"


def test_kills_within_a_copy_lose_no_row(world: World, application: psycopg.Connection, events: Events) -> None:
    """Without the query that loads the offsets, most runs of this lose rows; one kill alone may not."""
    for kill in range(3):
        before = len(events.ids("copied"))
        wanted = copy(application, (kill + 10) * COPIED_ROWS, COPIED_ROWS)
        events.until(lambda seen, before=before: len(events.ids("copied")) - before > COPIED_ROWS // 4, "a quarter of the COPY")
        pod = world.pod(NAME)["metadata"]["name"]
        world.kubectl("delete", "pod", pod, "--namespace", "debezium", "--force", "--grace-period=0")
        events.until(lambda seen, wanted=wanted: wanted <= set(events.ids("copied")), f"every row of COPY {kill}", 60)
