# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables that join a live stream, on a real server: what is recorded, published and asked for, and in which order."""

from __future__ import annotations

import dataclasses
import json
import threading
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.captured_tables import CapturedTables
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.joining_tables import JoiningTables
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.options import Login, ServerOptions
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.position import Position
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import Outcome, reconcile
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import Refused
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.secret import Secret
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.wait import Clock
from ansible_collections.cdc.gcp.plugins.module_utils._table_name import parse_tables

from .conftest import OWNER, PASSWORD, Server

SIGNALS = ("debezium", "signals")
ORDERS, LINES = "shop.orders", 'shop."Order Lines"'


@dataclasses.dataclass
class Stream:
    """A stream of the owner's: its publication has shop.orders."""

    server: Server
    owed: list[str] = dataclasses.field(default_factory=list)

    @property
    def options(self) -> ServerOptions:
        shared = {"ssl_mode": "verify-ca", "connect_timeout": 10, "server_exists": True, "login_exists": True}
        return ServerOptions.from_params({**shared, **self.server.options}, check_mode=False)

    @property
    def login(self) -> Login:
        return Login(OWNER, Secret(PASSWORD))

    def record(self, *tables: str, live: bool = True, rows: bool = True) -> Outcome:
        wanted = parse_tables(tables)
        return reconcile(CapturedTables(self.options, self.login, "dbz", wanted, SIGNALS, live, rows), check_mode=False)

    def join(self, outcome: Outcome, *tables: str, clock: Clock | None = None, needed: bool = True) -> list[str]:
        """What joining does after `outcome` was recorded."""
        resource = JoiningTables(
            self.options,
            self.login,
            publication="dbz",
            tables=parse_tables(tables),
            signal_table=SIGNALS,
            offset_table=None,
            topic_prefix="shop",
            allowed=parse_tables(outcome.facts["captured"]),
            owing=(),
            needed=needed,
            timeout=10,
            clock=clock or Clock(),
            watch=lambda: lambda: None,
        )
        return [action.summary for action in reconcile(resource, check_mode=False).plan.actions]

    def signals(self) -> list[tuple[str, list[str]]]:
        """The signals that Debezium gets, in order: the word before the number, and the tables."""
        rows = self.server.sql("SELECT id, data FROM debezium.signals ORDER BY ctid")
        return [(row[0].split("-")[0], json.loads(row[1]).get("tables") or json.loads(row[1])["data-collections"]) for row in rows]

    def published(self) -> list[str]:
        return [row[0] for row in self.server.sql("SELECT tablename FROM pg_publication_tables WHERE pubname = 'dbz' ORDER BY 1")]


@pytest.fixture
def stream(orders: Server) -> Stream:
    orders.sql("CREATE SCHEMA debezium")
    orders.sql("CREATE TABLE debezium.signals (id varchar(42) PRIMARY KEY, type varchar(32) NOT NULL, data text)")
    orders.sql("CREATE PUBLICATION dbz FOR TABLE shop.orders, debezium.signals")
    return Stream(orders)


def test_before_the_stream_begins_nothing_joins(stream: Stream) -> None:
    outcome = stream.record(ORDERS, live=False)
    assert outcome.facts["joining"] == []
    assert stream.signals() == []
    assert not stream.record(ORDERS, live=False).changed


def test_a_table_that_appears_after_the_publication_was_planned_is_left_to_the_next_run(stream: Stream) -> None:
    outcome = stream.record(ORDERS, LINES, live=False)
    assert outcome.facts["captured"] == [ORDERS]
    assert stream.record(ORDERS, LINES).facts["joining"] == [LINES]


def test_a_table_that_joins_is_recorded_published_and_its_rows_asked_for_once(stream: Stream) -> None:
    stream.record(ORDERS, live=False)
    outcome = stream.record(ORDERS, LINES)
    assert stream.signals() == [("joins", [LINES])]
    assert stream.published() == ["orders", "signals"], "the pod does not capture the table yet"
    assert stream.join(outcome, ORDERS, LINES) == [
        f"add {LINES} to publication dbz",
        f"take an incremental snapshot of {LINES}",
    ]
    assert stream.signals() == [("joins", [LINES]), ("snapshot", ["shop.Order Lines"])]
    again = stream.record(ORDERS, LINES)
    assert (again.changed, again.facts["joining"]) == (False, [])
    assert stream.join(again, ORDERS, LINES) == []


def test_a_table_that_left_and_comes_back_is_owed_its_rows_although_it_stayed_published(stream: Stream) -> None:
    stream.server.sql('ALTER PUBLICATION dbz ADD TABLE shop."Order Lines"')
    stream.record(ORDERS, LINES, live=False)
    left = stream.record(ORDERS)
    assert left.plan.warnings[0].startswith(f"{LINES} is no longer captured, and still published")
    back = stream.record(ORDERS, LINES)
    assert stream.join(back, ORDERS, LINES) == [f"take an incremental snapshot of {LINES}"]


def test_a_table_that_was_dropped_and_made_again_joins_again(stream: Stream) -> None:
    stream.record(ORDERS, live=False)
    stream.server.sql("DROP TABLE shop.orders")
    stream.server.sql("CREATE TABLE shop.orders (id int PRIMARY KEY)")
    assert stream.record(ORDERS).facts["joining"] == [ORDERS]


def test_rows_stay_owed_until_they_were_asked_for(stream: Stream) -> None:
    """A run that ended between the record and the publication, and one that ended before the signal."""
    stream.record(ORDERS, live=False)
    stream.record(ORDERS, LINES)
    later = stream.record(ORDERS, LINES)
    assert (later.changed, later.facts["joining"]) == (False, [LINES])
    stream.server.sql('ALTER PUBLICATION dbz ADD TABLE shop."Order Lines"')
    assert stream.join(later, ORDERS, LINES) == [f"take an incremental snapshot of {LINES}"]


def test_of_a_table_that_joined_and_left_again_nothing_is_owed(stream: Stream) -> None:
    stream.record(ORDERS, live=False)
    stream.record(ORDERS, LINES)
    left = stream.record(ORDERS)
    assert stream.join(left, ORDERS) == []
    back = stream.record(ORDERS, LINES)
    assert stream.join(back, ORDERS, LINES)[-1] == f"take an incremental snapshot of {LINES}"
    assert [kind for kind, _ in stream.signals()].count("snapshot") == 1


def test_without_rows_a_table_is_published_and_nothing_is_asked_for(stream: Stream) -> None:
    stream.record(ORDERS, live=False)
    outcome = stream.record(ORDERS, LINES, rows=False)
    assert stream.join(outcome, ORDERS, LINES) == [f"add {LINES} to publication dbz"]
    assert stream.signals() == []


def test_a_table_without_a_primary_key_cannot_bring_its_rows(stream: Stream) -> None:
    stream.record(ORDERS, live=False)
    stream.server.sql("CREATE TABLE shop.log (line text)")
    stream.server.sql("ALTER TABLE shop.log REPLICA IDENTITY FULL")
    with pytest.raises(Refused, match=r"shop\.log would join the stream, but has no primary key.*cdc_joining_tables: no_data"):
        stream.record(ORDERS, "shop.log")
    assert stream.record(ORDERS, "shop.log", rows=False).facts["captured"] == [ORDERS, "shop.log"]


def test_without_a_signal_table_rows_cannot_be_asked_for(stream: Stream) -> None:
    stream.server.sql("DROP TABLE debezium.signals")
    tables = parse_tables([ORDERS, LINES])
    with pytest.raises(Refused, match="there is no signaling table.*cdc_signal_table, or cdc_joining_tables: no_data"):
        reconcile(CapturedTables(stream.options, stream.login, "dbz", tables, None, live=True, rows=True), check_mode=False)
    outcome = reconcile(CapturedTables(stream.options, stream.login, "dbz", tables, None, live=True, rows=False), check_mode=False)
    assert outcome.facts["captured"] == [ORDERS, LINES]


def test_a_run_without_the_pod_says_that_the_table_joins_later(stream: Stream) -> None:
    stream.record(ORDERS, live=False)
    tables = parse_tables([ORDERS, LINES])
    resource = CapturedTables(stream.options, stream.login, "dbz", tables, SIGNALS, live=True, rows=True, joins_here=False)
    assert "will join the stream in a run of the parts cloudsql and debezium_k8s together" in reconcile(resource, False).plan.warnings[0]


def test_rows_are_asked_for_only_after_transactions_that_wrote_them_unpublished_have_ended(stream: Stream) -> None:
    """Such a row is not decoded, and an incremental snapshot that ran before its commit would not see it either."""
    stream.record(ORDERS, live=False)
    outcome = stream.record(ORDERS, LINES)
    waits, finished = threading.Event(), threading.Event()
    seen: list[tuple[str, list[str]]] = []

    def report(what: str, seconds: float) -> None:
        if "transactions that wrote" in what:
            seen.extend(stream.signals())
            waits.set()

    def join() -> None:
        stream.join(outcome, ORDERS, LINES, clock=Clock(report=report))
        finished.set()

    with stream.server.connect() as writer:
        writer.execute("BEGIN")
        writer.execute('INSERT INTO shop."Order Lines" VALUES (1)')
        thread = threading.Thread(target=join)
        thread.start()
        assert waits.wait(20)
        assert not finished.is_set()
        writer.execute("COMMIT")
    assert finished.wait(20)
    thread.join()
    assert [kind for kind, _ in seen].count("snapshot") == 0, "the rows were asked for while the writer was open"
    assert stream.signals()[-1] == ("snapshot", ["shop.Order Lines"])


def test_one_look_sees_slot_publication_and_offset(stream: Stream) -> None:
    stream.server.sql(
        "CREATE TABLE debezium.offsets (id varchar(36) PRIMARY KEY, offset_key text, offset_val text, "
        "record_insert_ts timestamp NOT NULL, record_insert_seq int NOT NULL)"
    )
    position = Position(stream.options, stream.login, "no_slot", "dbz", "shop", ("debezium", "offsets"))
    first = position.read()
    assert first is not None
    assert (first.slot, first.published, first.offset, first.never_saved) == (None, True, None, True)
    stream.server.sql("""
        INSERT INTO debezium.offsets VALUES ('1', '["pubsub",{"server":"shop"}]', '{"lsn": 7,
            "incremental_snapshot_collections": "[{\\"incremental_snapshot_collections_id\\":\\"shop.orders\\"}]"}',
            now() AT TIME ZONE 'UTC', 1)""")
    second = position.read()
    assert second is not None
    assert second.offset is not None
    assert (second.offset.lsn, second.offset.snapshot_tables, second.offset.initial_snapshot) == (7, ("shop.orders",), False)
    assert 0 <= second.offset.age_seconds < 60
    other: t.Any = Position(stream.options, stream.login, "no_slot", "dbz", "billing", ("debezium", "offsets")).read()
    assert other.offset is None
