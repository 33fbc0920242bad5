# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of a table, found by the values of its columns.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from .._reconcile.errors import InvalidInput, Refused
from .._reconcile.plan import Action, Plan
from .._table_name import TableName
from .connection import Connection, Row, Sessions, session
from .options import Login, ServerOptions, login

try:
    from psycopg import sql
except ImportError:
    pass  # connection.PSYCOPG reports it before anything here is called


@dataclass(frozen=True)
class Found:
    """key: columns of the primary key.  rows: the matching rows, each as its key's values; at most two are read."""

    key: tuple[str, ...]
    rows: tuple[Mapping[str, t.Any], ...]


class TableRow:
    """A row with the named values.  What the user does not name gets the table's defaults, and is not compared."""

    def __init__(self, options: ServerOptions, who: Login, table: TableName, values: Mapping[str, t.Any], present: bool) -> None:
        if not values:
            raise InvalidInput("values must name at least one column.")
        self.title = f"row of {table}"
        self._options, self._login, self._table, self._values, self._present = options, who, table, values, present
        self._key: Mapping[str, t.Any] = {}

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any], check_mode: bool, sessions: Sessions | None = None) -> TableRow:
        options = ServerOptions.from_params(params, check_mode, sessions)
        return cls(options, login(params), TableName.parse(params["table"]), params["values"], params["state"] == "present")

    def read(self) -> Found:
        with session(self._options, self._login) as connection:
            key = self._primary_key(connection)
            statement = sql.SQL("SELECT {} FROM {} WHERE {} LIMIT 2").format(_columns(key), self._relation(), self._where())
            rows = connection.execute(statement, list(self._values.values())).fetchall()
        return Found(key, tuple(rows))

    def plan(self, observed: Found | None) -> Plan:
        if observed is None:
            raise AssertionError("read() always gives one")
        before = dict(self._values) if observed.rows else None
        if self._present:
            actions = () if observed.rows else (Action(f"insert a row into {self._table}"),)
            return Plan(before, dict(self._values), actions)
        if len(observed.rows) > 1:
            raise Refused(f"More than one row of {self._table} has these values; include the primary key to delete exactly one.")
        return Plan(before, None, tuple(Action(f"delete a row from {self._table}") for _row in observed.rows))

    def apply(self, action: Action) -> None:
        values = list(self._values.values())
        with session(self._options, self._login) as connection:
            if self._present:
                key = self._primary_key(connection)
                statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING {}").format(
                    self._relation(), _columns(self._values), sql.SQL(", ").join([sql.Placeholder()] * len(values)), _columns(key)
                )
                self._key = connection.execute(statement, values).fetchone() or {}
            else:
                connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(self._relation(), self._where()), values)

    def facts(self, observed: Found | None) -> Mapping[str, t.Any]:
        rows = observed.rows if observed else ()
        key = self._key or (rows[0] if rows else {})
        return {"table": str(self._table), "key": {name: _plain(value) for name, value in key.items()}}

    def _relation(self) -> t.Any:
        return sql.Identifier(self._table.schema, self._table.table)

    def _where(self) -> t.Any:
        return sql.SQL(" AND ").join(sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder()) for name in self._values)

    def _primary_key(self, connection: Connection) -> tuple[str, ...]:
        rows: list[Row] = connection.execute(
            "SELECT a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)"
            " WHERE i.indisprimary AND n.nspname = %s AND c.relname = %s ORDER BY array_position(i.indkey::int2[], a.attnum)",
            [self._table.schema, self._table.table],
        ).fetchall()
        if not rows:
            raise InvalidInput(f"Table {self._table} does not exist or has no primary key; name a table with one.")
        return tuple(row["attname"] for row in rows)


def _columns(names: t.Iterable[str]) -> t.Any:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


def _plain(value: t.Any) -> t.Any:
    return value if isinstance(value, (int, str, bool)) else str(value)
