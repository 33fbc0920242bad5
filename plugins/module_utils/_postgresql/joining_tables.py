# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables that join a live stream, once Debezium captures them: publish them, then ask for their rows.  PRIVATE to the collection.

The order keeps every change: Debezium drops changes of a table that it does not capture yet, so the new pod comes before the
publication; and a row is read by the incremental snapshot only after every transaction that may have written it unpublished has ended.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .._reconcile.errors import DeadlineExceeded, ReconcileError
from .._reconcile.plan import Action, Plan
from .._reconcile.wait import Clock, wait_for
from .._table_name import TableName
from .captured_tables import SNAPSHOT, insert_signal, read_captured
from .captured_tables import Observed as Captured
from .connection import Connection, session, unless_absent
from .offsets import Offset, find_offsets
from .options import Login, ServerOptions
from .statements import identifiers, literals, only, statement
from .tables import columns, listed

WRITERS_TIMEOUT = 600.0
"""Seconds to wait for transactions that wrote to a joining table before it was published."""


@dataclass(frozen=True)
class Observed:
    """What is there.  offset: None when none is in the database."""

    captured: Captured
    offset: Offset | None


@dataclass(frozen=True)
class Publish(Action):
    """Add tables to the publication."""

    tables: tuple[TableName, ...]


@dataclass(frozen=True)
class Snapshot(Action):
    """Ask for the rows of tables that joined.  number: of the signal that said that they join; None while that is to be written."""

    tables: tuple[TableName, ...]
    number: str | None


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    position: in the write-ahead log, in bytes, after the last request.  windows: chunks that Debezium had read before the first one.
    numbers: of the requests.  filled: those of the tables that had rows.
    """

    position: int
    windows: int
    numbers: tuple[str, ...]
    filled: tuple[TableName, ...]


class JoiningTables:
    """Tables that join.

    captured: how to look at publication and signals.  allowed: tables that may be published now, because the pod captures them.
    owing: tables whose rows are owed, or will be once this run has recorded that they join.
    needed: False when it is known that there is nothing to do, so that nothing is asked.
    offset_table: schema and table, None for offsets on a volume.  timeout: seconds that an incremental snapshot may take.
    watch: gives a check that raises once the pod cannot go on.
    """

    def __init__(
        self,
        options: ServerOptions,
        login: Login,
        publication: str,
        tables: Sequence[TableName],
        signal_table: tuple[str, str] | None,
        offset_table: tuple[str, str] | None,
        topic_prefix: str,
        allowed: Sequence[TableName],
        owing: Sequence[TableName],
        needed: bool,
        timeout: float,
        clock: Clock,
        watch: Callable[[], Callable[[], None]],
    ) -> None:
        self.options = options
        self.login = login
        self.publication = publication
        self.tables = tuple(tables)
        self.signal_table = signal_table
        self.offset_table = offset_table
        self.topic_prefix = topic_prefix
        self.allowed = tuple(allowed)
        self.owing = tuple(owing)
        self.needed = needed
        self.timeout = timeout
        self.clock = clock
        self.watch = watch
        self.title = f"tables that join publication {publication}"
        self._asked: Asked | None = None

    def read(self) -> Observed | None:
        if not self.needed:
            return None
        return unless_absent(self.options, self._read)

    def _read(self) -> Observed:
        with session(self.options, self.login) as connection:
            captured = read_captured(connection, self.publication, self.tables, self.signal_table)
            return Observed(captured, self._offset(connection))

    def _offset(self, connection: Connection) -> Offset | None:
        offsets = find_offsets(connection, *self.offset_table) if self.offset_table else None
        return offsets.of(self.topic_prefix) if offsets else None

    def plan(self, observed: Observed | None) -> Plan:
        if observed is None or observed.captured.published is None:
            return Plan(None, None)
        published = observed.captured.published
        wanted = [name for name in self.allowed if name in observed.captured.existing]
        signals = [TableName(*self.signal_table)] if self.signal_table else []
        added = [name for name in (*signals, *wanted) if name not in published]
        actions: list[Action] = []
        if added:
            actions.append(Publish(f"add {listed(added)} to publication {self.publication}", tuple(added)))
        # Of tables that have left again nothing is owed: they join again when they come back.
        owed = {number: tuple(name for name in tables if name in wanted) for number, tables in observed.captured.owed.items()}
        asked = {number: tables for number, tables in owed.items() if tables}
        actions += [Snapshot(_asking(tables), tables, number) for number, tables in asked.items()]
        known = {table for tables in asked.values() for table in tables}
        coming = tuple(name for name in self.owing if name not in known)
        if coming:
            actions.append(Snapshot(_asking(coming), coming, None))
        before = {"published": [str(name) for name in published]}
        after = {"published": sorted({*before["published"], *map(str, added)})}
        rows = sorted(str(name) for name in {*known, *coming})
        return Plan(before, {**after, **({"rows asked for": rows} if rows else {})} if actions else before, tuple(actions))

    def apply(self, action: Action) -> None:
        with session(self.options, self.login) as connection:
            if isinstance(action, Publish):
                tables = only((name.schema, name.table) for name in action.tables)
                connection.execute(statement("ALTER PUBLICATION {} ADD TABLE {}", self.publication, tables))
            elif isinstance(action, Snapshot) and action.number and self.signal_table:
                self._wait_for_writers(connection, action.tables)
                data = {"data-collections": [_collection(name) for name in action.tables], "type": "INCREMENTAL"}
                windows = _windows(connection, self.signal_table)
                filled = [name for name in action.tables if _has_rows(connection, name)]
                insert_signal(connection, self.signal_table, SNAPSHOT + action.number, "execute-snapshot", data)
                earlier = self._asked or Asked(0, windows, (), ())
                self._asked = Asked(_position(connection), earlier.windows, (*earlier.numbers, action.number), (*earlier.filled, *filled))
            else:
                raise AssertionError(f"not an action on joining tables: {action.summary}")

    def _wait_for_writers(self, connection: Connection, tables: Sequence[TableName]) -> None:
        """Until every transaction that had written to the tables by now has ended.

        PostgreSQL decodes what such a transaction wrote with the publication as it was then, and an incremental snapshot reads only
        what is committed, so that a row that it commits later would be in neither.
        """
        before = _writers(connection, tables)

        def look() -> bool | None:
            return None if before & _writers(connection, tables) else True

        what = f"transactions that wrote to {listed(tables)} before it was published"
        wait_for(look, what, WRITERS_TIMEOUT, self.clock, first=0.2, longest=5)

    def settle(self, observed: Observed | None) -> Observed | None:
        """Wait until the rows that this run asked for are emitted.  Raises DeadlineExceeded; the snapshot goes on by itself then."""
        asked = self._asked
        if asked is None or observed is None or self.offset_table is None:
            return observed
        left: tuple[str, ...] = ()
        check = self.watch()

        def look() -> bool | None:
            nonlocal left
            check()
            with session(self.options, self.login) as connection:
                offset = self._offset(connection)
            if offset is None or (offset.lsn or 0) <= asked.position:
                return None
            left = offset.snapshot_tables
            return None if left else True

        try:
            wait_for(
                look, "the incremental snapshot of the tables that joined", self.timeout, self.clock, first=0.5, factor=1.5, longest=10
            )
        except DeadlineExceeded as error:
            raise DeadlineExceeded(
                f"The incremental snapshot of the tables that joined is not over after {self.timeout:.0f} s"
                f"{' (still to read: ' + ', '.join(left) + ')' if left else ''}. It goes on by itself; raise cdc_joining_timeout to wait"
                " for it."
            ) from error
        self._check_read(asked)
        return self.read()

    def _check_read(self, asked: Asked) -> None:
        """Raise if Debezium has skipped a table with rows, and take the request back, so that the next run asks again.

        It logs why, and goes on (AbstractIncrementalSnapshotChangeEventSource).  For each table with rows it writes the window of at least
        one chunk, and one more at the end, in which nothing was left.
        """
        if self.signal_table is None:
            return
        with session(self.options, self.login) as connection:
            if not asked.filled or _windows(connection, self.signal_table) - asked.windows > len(asked.filled):
                return
            ids = [SNAPSHOT + number for number in asked.numbers]
            connection.execute(statement("DELETE FROM {} WHERE id = ANY({})", identifiers([self.signal_table]), literals(ids)))
        raise ReconcileError(
            f"Debezium has not read all rows of {listed(asked.filled)}, which joined the stream; its log says why. Run again to ask for"
            " them again."
        )

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        return {
            "tables": [str(name) for name in observed.captured.published or ()] if observed else [],
            "snapshot_tables": list(observed.offset.snapshot_tables) if observed and observed.offset else [],
        }


def _asking(tables: Iterable[TableName]) -> str:
    return f"take an incremental snapshot of {listed(tables)}"


def _collection(name: TableName) -> str:
    """A table as Debezium's signal names it: not quoted but where a dot would divide the name."""
    return ".".join(f'"{part}"' if "." in part else part for part in (name.schema, name.table))


# Writers of a partition that is named directly hold no lock on the root.
_WRITERS = """
SELECT l.virtualtransaction AS writer
FROM pg_locks l
WHERE l.locktype = 'relation' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  AND l.relation IN (
      SELECT part.relid FROM unnest(%(schemas)s::text[], %(tables)s::text[]) AS wanted (schema_name, table_name)
      JOIN pg_namespace n ON n.nspname = wanted.schema_name
      JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.table_name
      CROSS JOIN LATERAL (SELECT c.oid AS relid UNION SELECT relid FROM pg_partition_tree(c.oid)) part)
"""


def _writers(connection: Connection, tables: Sequence[TableName]) -> set[str]:
    return {row["writer"] for row in connection.execute(_WRITERS, columns(tables)).fetchall()}


def _windows(connection: Connection, signal_table: tuple[str, str]) -> int:
    """How many chunks of incremental snapshots Debezium has read; it writes a window into the signal table for each."""
    query = statement("SELECT count(*) AS number FROM {} WHERE type = 'snapshot-window-close'", identifiers([signal_table]))
    row = connection.execute(query).fetchone()
    return int(row["number"]) if row else 0


def _has_rows(connection: Connection, name: TableName) -> bool:
    query = statement("SELECT EXISTS (SELECT FROM {}) AS yes", identifiers([(name.schema, name.table)]))
    row = connection.execute(query).fetchone()
    return bool(row and row["yes"])


def _position(connection: Connection) -> int:
    row = connection.execute("SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint AS lsn").fetchone()
    if row is None:
        raise AssertionError("the query always gives a row")
    return int(row["lsn"])
