# SPDX-License-Identifier: GPL-3.0-or-later
"""Debezium's own tables: what they must look like, and how the catalog has them.  PRIVATE to the collection.

They are those of Debezium's documentation (JDBC offset storage; signalling), so that Debezium finds them as if it had made them.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._reconcile.errors import Refused
from .connection import Connection


@dataclass(frozen=True)
class Column:
    """A column.  kind: the type as format_type() spells it.  length: of a character varying, else None."""

    name: str
    kind: str
    required: bool = False
    key: bool = False
    length: int | None = None

    def holds(self, wanted: Column) -> bool:
        """Whether this column, of a table that is there, takes what `wanted` would."""
        if (self.name, self.key) != (wanted.name, wanted.key):
            return False
        if wanted.length is None:
            return self.kind == wanted.kind
        return self.kind == "text" or (self.kind == wanted.kind and (self.length is None or self.length >= wanted.length))

    def __str__(self) -> str:
        return f"{self.name} {self.kind}" + (f"({self.length})" if self.length else "")


@dataclass(frozen=True)
class Layout:
    """A table of Debezium's.

    columns: what one that exists must have: at least the lengths of Debezium's documentation.
    ddl: what CREATE TABLE has in parentheses; text where the documentation's length is too short for an incremental snapshot's state
        (its list of tables still to read is part of the offset: AbstractIncrementalSnapshotContext).
    privileges: what the replication user needs.
    """

    columns: tuple[Column, ...]
    ddl: t.LiteralString
    privileges: tuple[t.LiteralString, ...]


OFFSETS = Layout(
    (
        Column("id", "character varying", True, True, 36),
        Column("offset_key", "character varying", length=1255),
        Column("offset_val", "character varying", length=1255),
        Column("record_insert_ts", "timestamp without time zone", True),
        Column("record_insert_seq", "integer", True),
    ),
    "id varchar(36) NOT NULL PRIMARY KEY, offset_key text, offset_val text, "
    "record_insert_ts timestamp NOT NULL, record_insert_seq integer NOT NULL",
    ("SELECT", "INSERT", "DELETE"),
)

SIGNALS = Layout(
    (
        Column("id", "character varying", True, True, 42),
        Column("type", "character varying", True, length=32),
        Column("data", "character varying", length=2048),
    ),
    "id varchar(42) PRIMARY KEY, type varchar(32) NOT NULL, data text",
    ("SELECT", "INSERT"),
)


@dataclass(frozen=True)
class ExistingTable:
    """A table that exists.  missing: privileges that the replication user lacks.  ungrantable: those of them the login may not grant."""

    oid: int
    owner: str
    columns: tuple[Column, ...]
    missing: tuple[str, ...]
    ungrantable: tuple[str, ...]
    ours: bool


@dataclass(frozen=True)
class ExistingSchema:
    """The schema.  usage: the replication user has USAGE.  may_create, may_grant: what the login may do.  others: further objects in it."""

    owner: str
    usage: bool
    may_create: bool
    may_grant: bool
    ours: bool
    others: int


def wrong_columns(table: ExistingTable, layout: Layout) -> list[str]:
    """Columns that the table lacks, or has with another type."""
    there = {column.name: column for column in table.columns}
    return [str(column) for column in layout.columns if column.name not in there or not there[column.name].holds(column)]


def check_columns(name: str, table: ExistingTable, layout: Layout) -> None:
    wrong = wrong_columns(table, layout)
    further = [column for column in table.columns if column.name not in {one.name for one in layout.columns} and column.required]
    if wrong or further:
        raise Refused(
            f"{name} exists, but is not Debezium's table: "
            + "; ".join([f"it needs {column}" for column in wrong] + [f"{column} must not be required" for column in further])
            + ". Use another name, or change the table."
        )


# Role 0 is PUBLIC: a role that is not there yet will have what everybody has.
_SCHEMA = """
SELECT pg_get_userbyid(n.nspowner) AS owner, has_schema_privilege(role.oid, n.oid, 'USAGE') AS usage,
       has_schema_privilege(n.oid, 'CREATE') AS may_create, has_schema_privilege(n.oid, 'USAGE WITH GRANT OPTION') AS may_grant,
       pg_has_role(n.nspowner, 'USAGE') AS ours,
       (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind <> 'i' AND c.relname <> ALL(%(tables)s))
           + (SELECT count(*) FROM pg_proc p WHERE p.pronamespace = n.oid) AS others
FROM pg_namespace n, (SELECT coalesce((SELECT oid FROM pg_roles WHERE rolname = %(role)s), 0) AS oid) role
WHERE n.nspname = %(schema)s
"""

_TABLE = """
SELECT c.oid, pg_get_userbyid(c.relowner) AS owner, pg_has_role(c.relowner, 'USAGE') AS ours,
       ARRAY(SELECT p FROM unnest(%(privileges)s::text[]) p WHERE NOT has_table_privilege(role.oid, c.oid, p)) AS missing,
       ARRAY(SELECT p FROM unnest(%(privileges)s::text[]) p WHERE NOT has_table_privilege(role.oid, c.oid, p)
             AND NOT has_table_privilege(c.oid, p || ' WITH GRANT OPTION')) AS ungrantable
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN (SELECT coalesce((SELECT oid FROM pg_roles WHERE rolname = %(role)s), 0) AS oid) role
WHERE n.nspname = %(schema)s AND c.relname = %(table)s
"""

_COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS kind, a.attnotnull AND NOT a.atthasdef AS required,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY(i.indkey)) AS key,
       CASE WHEN a.atttypid = 'varchar'::regtype AND a.atttypmod > 4 THEN a.atttypmod - 4 END AS length
FROM pg_attribute a WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


def read_schema(connection: Connection, schema: str, role: str, tables: list[str]) -> ExistingSchema | None:
    """The schema; tables: those that are not counted among its further objects."""
    row = connection.execute(_SCHEMA, {"schema": schema, "role": role, "tables": tables}).fetchone()
    return ExistingSchema(**row) if row else None


def read_table(connection: Connection, schema: str, table: str, role: str, layout: Layout) -> ExistingTable | None:
    """The table, and which of the layout's privileges `role` lacks."""
    parameters = {"schema": schema, "table": table, "role": role, "privileges": list(layout.privileges)}
    row = connection.execute(_TABLE, parameters).fetchone()
    if row is None:
        return None
    columns = tuple(Column(**column) for column in connection.execute(_COLUMNS, [row["oid"]]).fetchall())
    return ExistingTable(row["oid"], row["owner"], columns, tuple(row["missing"]), tuple(row["ungrantable"]), row["ours"])
