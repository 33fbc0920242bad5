# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a stream is ready: Debezium reads the slot, and its position moves.  PRIVATE to the collection.

Kubernetes' word is not enough: Debezium reports healthy while it retries (Debezium Server's health check covers the process only).
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .._reconcile.errors import DeadlineExceeded, ReconcileError
from .._reconcile.plan import Action, Plan
from .._reconcile.wait import Clock, wait_for
from .._table_name import TableName
from .connection import DatabaseError, session
from .position import Observed, Position
from .tables import columns

HEARTBEATS = 3
"""Heartbeats within which the position must have moved."""


@dataclass(frozen=True)
class Sample:
    """One look at a stream.

    snapshotting: a session of the user holds a snapshot's transaction open.
    unpublished, unreadable: captured tables that the publication lacks, and that the user may not read.
    """

    position: Observed
    snapshotting: bool
    unpublished: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """Whether the stream is ready, and if not, why."""

    ready: bool
    reason: str = ""


def judge(first: Sample, now: Sample, user: str, heartbeat_seconds: float, saves_offsets: bool, moved_only: bool) -> Verdict:
    """The verdict over two samples, which may be the same one.

    user: the role that must read the slot.  saves_offsets: whether the offsets are in the database.
    moved_only: an offset saved before `first` proves nothing, because the pod is new.
    """
    slot = now.position.slot
    if not now.position.published:
        return Verdict(False, "its publication does not exist")
    if slot is None:
        return Verdict(False, "its replication slot does not exist yet")
    if slot.lost:
        return Verdict(False, f"replication slot {slot.name} has lost write-ahead log (wal_status lost)")
    if now.unpublished:
        return Verdict(False, f"its publication lacks {', '.join(now.unpublished)}")
    if now.unreadable:
        return Verdict(False, f"{user} may not read {', '.join(now.unreadable)}")
    if now.snapshotting:
        saved = not saves_offsets or _saved(first, now, heartbeat_seconds, moved_only)
        return Verdict(saved, "" if saved else "the initial snapshot has emitted nothing yet")
    if not slot.active:
        return Verdict(False, f"no server reads replication slot {slot.name}")
    if slot.reader != user:
        return Verdict(False, f"replication slot {slot.name} is read by role {slot.reader}, not by {user}")
    if _saved(first, now, heartbeat_seconds, moved_only) if saves_offsets else _flushed(first, now):
        return Verdict(True)
    return Verdict(False, f"the position of replication slot {slot.name} has not moved yet")


def _saved(first: Sample, now: Sample, heartbeat_seconds: float, moved_only: bool) -> bool:
    """Whether an offset was saved since the first look, or not long before it."""
    before, after = first.position.offset, now.position.offset
    if after is None:
        return False
    if not moved_only and 0 <= after.age_seconds <= HEARTBEATS * heartbeat_seconds:
        return True
    return before is None or (before.value, before.saved_at) != (after.value, after.saved_at)


def _flushed(first: Sample, now: Sample) -> bool:
    before, after = first.position.slot, now.position.slot
    return before is not None and after is not None and before.confirmed_flush_lsn != after.confirmed_flush_lsn


_SNAPSHOT = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()
               AND application_name LIKE 'Debezium%' AND xact_start IS NOT NULL AND backend_type = 'client backend') AS yes
"""


_LACKING = """
SELECT n.nspname AS schema, c.relname AS table,
       EXISTS (SELECT FROM pg_publication_tables p
               WHERE p.pubname = %(publication)s AND p.schemaname = n.nspname AND p.tablename = c.relname) AS published,
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable
FROM unnest(%(schemas)s::text[], %(tables)s::text[]) AS wanted (schema_name, table_name)
JOIN pg_namespace n ON n.nspname = wanted.schema_name
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.table_name
"""


class StreamReadiness:
    """The stream of a slot, which a run waits for.

    position: how to look; its log-in must be the replication user, who alone sees what its own sessions do.
    captured: tables that must be published and readable.  moved_only: see `judge`.  timeout: seconds.
    watch: gives a check that raises once the pod cannot go on.  explain: makes an error with the pod's log.
    """

    def __init__(
        self,
        position: Position,
        captured: Sequence[TableName],
        heartbeat_seconds: float,
        moved_only: bool,
        timeout: float,
        clock: Clock,
        watch: Callable[[], Callable[[], None]],
        explain: Callable[[type[ReconcileError], str], ReconcileError],
    ) -> None:
        self.position = position
        self.captured = tuple(captured)
        self.heartbeat_seconds = heartbeat_seconds
        self.moved_only = moved_only
        self.timeout = timeout
        self.clock = clock
        self.watch = watch
        self.explain = explain
        self.title = f"stream of slot {position.slot}"
        self._waited = False

    def read(self) -> Sample | None:
        """None while there is nothing to look at: the server, or the role, is still to come."""
        if not self.position.options.server_exists:
            return None
        try:
            return self._look()
        except DatabaseError:
            return None

    def plan(self, observed: Sample | None) -> Plan:
        """Nothing to do but to wait."""
        return Plan(None, None)

    def apply(self, action: Action) -> None:
        raise AssertionError(f"a stream is only waited for: {action.summary}")

    def settle(self, observed: Sample | None) -> Sample | None:
        """Wait until the stream is ready.  Raises what `explain` makes after the deadline."""
        first = observed
        verdict = Verdict(False, "the database cannot be reached")

        def look() -> Sample | None:
            nonlocal first, verdict
            now = self._look()
            first = first or now
            verdict = self._judge(first, now)
            if verdict.ready:
                return now
            check()
            return None

        if observed is not None and self._judge(observed, observed).ready:
            return observed
        check = self.watch()
        try:
            found = wait_for(look, f"{self.title} to be ready", self.timeout, self.clock, first=0.5, factor=1.3, longest=3)
        except DeadlineExceeded as error:
            message = f"The {self.title} was not ready within wait_timeout={self.timeout:.0f} s: {verdict.reason}."
            raise self.explain(DeadlineExceeded, message) from error
        self._waited = True
        return found

    def _judge(self, first: Sample, now: Sample) -> Verdict:
        in_database = self.position.offset_table is not None
        return judge(first, now, self.position.login.user, self.heartbeat_seconds, in_database, self.moved_only)

    def _look(self) -> Sample:
        position = self.position.look()
        with session(self.position.options, self.position.login) as connection:
            row = connection.execute(_SNAPSHOT).fetchone()
            names = {"publication": self.position.publication, **columns(self.captured)}
            tables = connection.execute(_LACKING, names).fetchall() if self.captured else []
        return Sample(
            position,
            snapshotting=bool(row and row["yes"] and position.slot and not position.slot.active),
            unpublished=tuple(str(TableName(one["schema"], one["table"])) for one in tables if not one["published"]),
            unreadable=tuple(str(TableName(one["schema"], one["table"])) for one in tables if not one["readable"]),
        )

    def facts(self, observed: Sample | None) -> Mapping[str, t.Any]:
        if observed is None or observed.position.slot is None:
            return {"ready": False, "lag_bytes": None, "initial_snapshot": None}
        return {
            "ready": self._waited or self._judge(observed, observed).ready,
            "lag_bytes": observed.position.slot.lag_bytes,
            "initial_snapshot": observed.snapshotting,
        }
