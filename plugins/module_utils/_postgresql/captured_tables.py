# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tables a pipeline captures, as recorded beside its signals, and tables whose rows are still owed.  PRIVATE to the collection.

A table that joins a live stream owes the rows that it has already.  Before the pod and the publication learn of the table, one
transaction writes into the signal table that it joins, so that an interruption at any later point is repaired by the next run:
its rows stay owed until an incremental snapshot was asked for (joining_tables.py).
"""

from __future__ import annotations

import json
import typing as t
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .._reconcile.errors import Refused
from .._reconcile.plan import Action, Plan
from .._table_name import TableName, parse_tables
from .connection import Connection, session, unless_absent
from .options import Login, ServerOptions
from .publication import read_publication
from .statements import identifiers, statement
from .tables import columns, listed, read_tables

try:
    from psycopg import sql
except ImportError:
    pass  # connection.PSYCOPG reports it before anything here is called

RECORD = "cdc.gcp/captured"
"""Key of the JSON comment on the signal table."""

JOINS, SNAPSHOT = "joins-", "snapshot-"
"""Prefixes of the signal ids that say that tables join, and that ask for their rows; the same hexadecimal number follows both."""


@dataclass(frozen=True)
class Observed:
    """What is there.

    existing: captured tables that exist.  published: tables of the publication; None without one.
    record: tables that were captured so far; None when nothing is recorded.  owed: tables that joined and whose rows were not asked
    for yet, by the number of their signal.  keyless: existing tables without a primary key.
    others: tables of the publication that exist and are not captured.
    """

    existing: tuple[TableName, ...]
    published: tuple[TableName, ...] | None
    record: tuple[TableName, ...] | None
    owed: Mapping[str, tuple[TableName, ...]]
    keyless: tuple[TableName, ...]
    others: tuple[TableName, ...] = ()


@dataclass(frozen=True)
class CapturedTables:
    """The record of what a pipeline captures.

    tables: those that exist, as the look at the stream's position saw them: the pod is rolled for them.
    signal_table: schema and table; None for a pipeline without one, which records nothing.
    live: whether the stream has begun, so that a table that is new to it joins.
    rows: whether rows that a joining table has already are to be emitted.
    joins_here: whether this run also rolls the pod and publishes the tables.
    """

    options: ServerOptions
    login: Login
    publication: str
    tables: tuple[TableName, ...]
    signal_table: tuple[str, str] | None
    live: bool
    rows: bool
    joins_here: bool = True

    @property
    def title(self) -> str:
        return "record of captured tables"

    def read(self) -> Observed | None:
        return unless_absent(self.options, self._read)

    def _read(self) -> Observed:
        with session(self.options, self.login) as connection:
            return read_captured(connection, self.publication, self.tables, self.signal_table)

    def plan(self, observed: Observed | None) -> Plan:
        if observed is None:
            first = (Record("record the captured tables", (), ()),) if self.signal_table else ()
            return Plan(None, _state(()) if first else None, first, facts={"captured": [], "joining": [], "published": []})
        joining = self._joining(observed)
        owed = {table for tables in observed.owed.values() for table in tables}
        # Before the stream begins, a table that appeared after the publication was planned joins with the next run.
        captured = [name for name in observed.existing if self.live or name in (observed.published or ())]
        facts = {
            "captured": [str(name) for name in captured],
            "joining": [str(name) for name in captured if name in joining or name in owed],
            "published": [str(name) for name in observed.published or ()],
        }
        new = [name for name in joining if name not in owed] if self.rows else []
        self._check_rows(new, [name for name in observed.keyless if name in new])
        later = (_later(facts["joining"]),) if facts["joining"] and not self.joins_here else ()
        if self.signal_table is None:
            return Plan(None, None, warnings=later, facts=facts)
        before, after = None if observed.record is None else _state(observed.record), _state(captured)
        if before == after and not new:
            return Plan(before, before, warnings=later, facts=facts)
        what = f"record that {listed(new)} {'joins' if len(new) == 1 else 'join'} the stream" if new else "record the captured tables"
        left = [name for name in observed.record or () if name not in self.tables and name in observed.others]
        warnings = (*later, *((_left(left, self.publication),) if left else ()))
        action = Record(what, tuple(captured), tuple(new))
        return Plan(before, {**after, **({"joining": [str(name) for name in new]} if new else {})}, (action,), warnings, facts)

    def apply(self, action: Action) -> None:
        if not isinstance(action, Record) or self.signal_table is None:
            raise AssertionError(f"not an action on the record: {action.summary}")
        table = identifiers([self.signal_table])
        comment = json.dumps({RECORD: [str(name) for name in action.captured]})
        with session(self.options, self.login) as connection, connection.transaction():
            connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(table, sql.Literal(comment)))
            if action.joining:
                data = {
                    "message": f"cdc.gcp: {listed(action.joining)} joined the stream",
                    "tables": [str(name) for name in action.joining],
                }
                insert_signal(connection, self.signal_table, JOINS + uuid.uuid4().hex, "log", data)

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        return {}

    def _joining(self, observed: Observed) -> list[TableName]:
        """Tables that are new to a live stream: PostgreSQL does not publish them yet, or Debezium did not capture them so far."""
        if not self.live:
            return []
        published = observed.published or ()
        record = published if observed.record is None else observed.record
        return [name for name in observed.existing if name not in published or name not in record]

    def _check_rows(self, new: Collection[TableName], keyless: Collection[TableName]) -> None:
        """An incremental snapshot is asked for in the signal table, reads a table in the order of its primary key, and skips one that has
        none (Debezium's manual, "Incremental snapshots")."""
        if new and self.signal_table is None:
            raise Refused(
                f"{listed(new)} would join the stream, but there is no signaling table to ask for the rows that are there already. Set"
                " cdc_signal_table, or cdc_joining_tables: no_data to capture only changes from now on."
            )
        if keyless:
            raise Refused(
                f"{listed(keyless)} would join the stream, but has no primary key, without which Debezium cannot read the rows that are"
                " there already. Add a primary key, or set cdc_joining_tables: no_data to capture only changes from now on."
            )


@dataclass(frozen=True)
class Record(Action):
    """Write down what is captured, and which tables join."""

    captured: tuple[TableName, ...]
    joining: tuple[TableName, ...]


def read_captured(connection: Connection, publication: str, tables: Sequence[TableName], signal_table: tuple[str, str] | None) -> Observed:
    """What there is of the publication, the tables, and the record and signals beside them."""
    found = read_publication(connection, publication)
    existing = tuple(read_tables(connection, tables))
    published = found.tables if found else None
    if found and found.all_tables:
        published = (*existing, *((TableName(*signal_table),) if signal_table else ()))
    return Observed(
        existing=existing,
        published=published,
        record=_record(connection, *signal_table) if signal_table else None,
        owed=_owed(connection, *signal_table) if signal_table else {},
        keyless=_keyless(connection, existing),
        others=tuple(name for name in (found.tables if found else ()) if name not in existing),
    )


def insert_signal(connection: Connection, table: tuple[str, str], identifier: str, kind: str, data: Mapping[str, t.Any]) -> None:
    """Write a signal for Debezium (its manual, "Sending signals")."""
    query = statement("INSERT INTO {} (id, type, data) VALUES ", identifiers([table])) + sql.SQL("(%s, %s, %s)")
    connection.execute(query, [identifier, kind, json.dumps(data)])


def _state(tables: Iterable[TableName]) -> dict[str, t.Any]:
    return {"captured": sorted(str(name) for name in tables)}


def _later(names: Iterable[str]) -> str:
    return (
        f"{', '.join(names)} will join the stream in a run of the parts cloudsql and debezium_k8s together; until then it is not captured."
    )


def _left(names: Sequence[TableName], publication: str) -> str:
    """What stays behind of tables that are no longer captured: the publication may serve others, too."""
    return (
        f"{listed(names)} {'is' if len(names) == 1 else 'are'} no longer captured, and still published; to stop that, run ALTER"
        f' PUBLICATION "{publication}" DROP TABLE {listed(names)} as the owner.'
    )


_COMMENT = """
SELECT obj_description(c.oid, 'pg_class') AS comment FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s
"""


def _record(connection: Connection, schema: str, table: str) -> tuple[TableName, ...] | None:
    row = connection.execute(_COMMENT, [schema, table]).fetchone()
    try:
        return parse_tables(json.loads((row or {}).get("comment") or "{}")[RECORD])
    except (ValueError, KeyError, TypeError):
        return None


_OWED: t.LiteralString = """
SELECT substr(j.id, length({joins}) + 1) AS number, j.data FROM {table} j
WHERE j.id LIKE {joins} || '%' AND NOT EXISTS (SELECT FROM {table} s WHERE s.id = {snapshot} || substr(j.id, length({joins}) + 1))
ORDER BY 1
"""


def _owed(connection: Connection, schema: str, table: str) -> dict[str, tuple[TableName, ...]]:
    if connection.execute("SELECT to_regclass(format('%%I.%%I', %s::text, %s::text)) AS oid", [schema, table]).fetchone() == {"oid": None}:
        return {}
    query = sql.SQL(_OWED).format(table=sql.Identifier(schema, table), joins=sql.Literal(JOINS), snapshot=sql.Literal(SNAPSHOT))
    return {row["number"]: parse_tables(json.loads(row["data"])["tables"]) for row in connection.execute(query).fetchall()}


_KEYLESS = """
SELECT n.nspname AS schema, c.relname AS table
FROM unnest(%(schemas)s::text[], %(tables)s::text[]) AS wanted (schema_name, table_name)
JOIN pg_namespace n ON n.nspname = wanted.schema_name
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.table_name
WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
"""


def _keyless(connection: Connection, names: Sequence[TableName]) -> tuple[TableName, ...]:
    rows = connection.execute(_KEYLESS, columns(names)).fetchall()
    return tuple(TableName(row["schema"], row["table"]) for row in rows)
