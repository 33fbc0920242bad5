# SPDX-License-Identifier: GPL-3.0-or-later
"""What was written, what was received, and the comparison of the two.  Pure: neither PostgreSQL nor Pub/Sub."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field


class Change(t.NamedTuple):
    """One committed change.  The load makes each at most once, so it is its own identity.  operation: Debezium's `c`, `u` or `d`."""

    table: str
    id: int
    operation: str


class State(t.NamedTuple):
    """A row as it was at some time."""

    table: str
    id: int
    note: str


NOTES = {"c": "new", "u": "changed"}
"""What the load writes into the column `note` of a row that it inserts or updates."""


class Ledger:
    """Every change that PostgreSQL confirmed, in order, with the time of its commit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written: list[tuple[Change, float]] = []

    def add(self, changes: Iterable[Change], at: float) -> None:
        with self._lock:
            self._written += [(change, at) for change in changes]

    def mark(self) -> int:
        """A place in the order, for `between`."""
        return len(self._written)

    def between(self, start: int, end: int | None = None) -> dict[Change, float]:
        """The changes from one mark to another, or up to now."""
        with self._lock:
            return dict(self._written[start:end])


@dataclass
class Events:
    """Every event that the reader received, each message once, however often Pub/Sub delivers it.

    first: when a change was received for the first time.
    repeats: when a change was received again, under another message id: at-least-once delivery by Debezium.
    states: rows as events showed them, those of snapshots included, with the time of the first event.
    read: how many events came of snapshots (`r`).
    """

    first: dict[Change, float] = field(default_factory=dict)
    repeats: list[float] = field(default_factory=list)
    states: dict[State, float] = field(default_factory=dict)
    read: int = 0
    _messages: set[str] = field(default_factory=set)

    def add(self, message: str, event: Mapping[str, t.Any], at: float) -> None:
        """message: its Pub/Sub id.  event: Debezium's, without schema."""
        if message in self._messages or event["op"] not in ("c", "u", "d", "r"):
            return
        self._messages.add(message)
        table = event["source"]["table"]
        if event["op"] == "d":
            self._arrived(Change(table, event["before"]["id"], "d"), at)
            return
        row = State(table, event["after"]["id"], event["after"]["note"])
        self.states.setdefault(row, at)
        if event["op"] == "r":
            self.read += 1
        elif row.note == NOTES[event["op"]]:  # An event with other content than was written is not the change's.
            self._arrived(Change(table, row.id, event["op"]), at)

    def _arrived(self, change: Change, at: float) -> None:
        if change in self.first:
            self.repeats.append(at)
        else:
            self.first[change] = at


@dataclass(frozen=True)
class Outcome:
    """What became of the changes that were written while a fault lasted.

    untold: changes that no event tells, as documented for a new snapshot: of rows that were changed again or deleted before it.
    seconds: the longest that a change took from its commit to the reader.
    """

    written: int
    received: int
    repeated: int
    lost: frozenset[Change]
    untold: int
    seconds: float


def compare(written: Mapping[Change, float], events: Events, since: float, rows: Collection[State] | None = None) -> Outcome:
    """Compare the changes of a window with all events.

    since: when the fault began; repeats before it and delays of changes before it are not its own.
    rows: the rows that exist, after a new snapshot that was asked for: each must have been received as it is, by whatever event.
    """
    missing = {change for change in written if change not in events.first}
    if rows is None:
        lost, untold = missing, set[Change]()
    else:
        lost = {Change(row.table, row.id, _operation(row)) for row in rows if row not in events.states}
        untold = {change for change in missing if _shown(change, events) is None} - lost
    arrivals = ((events.first.get(change, _shown(change, events)), at) for change, at in written.items() if at >= since)
    return Outcome(
        written=len(written),
        received=len(written) - len(untold) - len(lost & written.keys()),
        repeated=sum(at >= since for at in events.repeats),
        lost=frozenset(lost),
        untold=len(untold),
        seconds=max((arrived - at for arrived, at in arrivals if arrived is not None), default=0.0),
    )


def _shown(change: Change, events: Events) -> float | None:
    """When the row was first received as the change left it, in a snapshot for example."""
    if change.operation not in NOTES:
        return None
    return events.states.get(State(change.table, change.id, NOTES[change.operation]))


def _operation(row: State) -> str:
    return next(operation for operation, note in NOTES.items() if note == row.note)
