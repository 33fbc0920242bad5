# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables as the catalog has them, and whether each can be captured.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .._reconcile.errors import InvalidInput, Refused
from .._table_name import TableName
from .connection import Connection


@dataclass(frozen=True)
class Table:
    """One table that exists.

    kind: pg_class.relkind: "r" table, "p" partitioned table.  permanent: neither temporary nor unlogged.
    without_identity: this table, or those of its partitions, that have neither primary key nor replica identity.
    ours: the login has the rights of its owner.
    """

    name: TableName
    owner: str
    kind: str
    permanent: bool
    without_identity: tuple[str, ...]
    ours: bool


_QUERY = """
SELECT n.nspname AS schema, c.relname AS table, pg_get_userbyid(c.relowner) AS owner, c.relkind::text AS kind,
       c.relpersistence = 'p' AS permanent, pg_has_role(c.relowner, 'USAGE') AS ours,
       ARRAY(
           SELECT leaf.relnamespace::regnamespace::text || '.' || quote_ident(leaf.relname)
           FROM pg_class leaf
           WHERE (leaf.oid = c.oid AND c.relkind <> 'p'
                  OR c.relkind = 'p' AND leaf.oid IN (SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf))
             AND NOT CASE leaf.relreplident
                     WHEN 'f' THEN true
                     WHEN 'd' THEN EXISTS (SELECT FROM pg_index WHERE indrelid = leaf.oid AND indisprimary AND indisvalid)
                     WHEN 'i' THEN EXISTS (SELECT FROM pg_index WHERE indrelid = leaf.oid AND indisreplident AND indisvalid)
                     ELSE false END
           ORDER BY 1
       ) AS without_identity
FROM unnest(%(schemas)s::text[], %(tables)s::text[]) AS wanted (schema_name, table_name)
JOIN pg_namespace n ON n.nspname = wanted.schema_name
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.table_name AND c.relkind NOT IN ('i', 'I', 'S', 'c', 't')
"""


def read_tables(connection: Connection, names: Sequence[TableName]) -> dict[TableName, Table]:
    """Those of `names` that exist."""
    rows = connection.execute(_QUERY, columns(names)).fetchall()
    found = {
        TableName(row["schema"], row["table"]): Table(
            TableName(row["schema"], row["table"]),
            row["owner"],
            row["kind"],
            row["permanent"],
            tuple(row["without_identity"]),
            row["ours"],
        )
        for row in rows
    }
    return {name: found[name] for name in names if name in found}


def columns(names: Sequence[TableName]) -> dict[str, t.Any]:
    """`names` as two parallel arrays, parameters of a query."""
    return {"schemas": [name.schema for name in names], "tables": [name.table for name in names]}


def not_there_yet(names: Sequence[TableName]) -> str:
    """A warning about tables that do not exist: the same of every resource that leaves them out for now, so that it is shown once."""
    listed = ", ".join(map(str, names))
    which = f"Table {listed} does not exist yet" if len(names) == 1 else f"Tables {listed} do not exist yet"
    return f"{which}; run again after creating {'it' if len(names) == 1 else 'them'}."


def check_capturable(tables: Mapping[TableName, Table]) -> None:
    """Raise for the tables that logical replication cannot carry, or whose writers it would break.

    Once a table without replica identity is in a publication, the application's UPDATE and DELETE on it fail
    (PostgreSQL's manual, "Publication").
    """
    for table in tables.values():
        if table.kind not in ("r", "p"):
            raise InvalidInput(f"{table.name} is not a table (relkind {table.kind}); a publication has only tables and partitioned tables.")
        if not table.permanent:
            raise InvalidInput(f"{table.name} is unlogged or temporary; its changes never reach the write-ahead log.")
    without = [name for table in tables.values() for name in table.without_identity]
    if without:
        raise Refused(
            f"No primary key and no replica identity: {', '.join(without)}. If captured, the application's UPDATE and DELETE would fail. "
            "Add a primary key, or run ALTER TABLE ... REPLICA IDENTITY FULL (or USING INDEX) as the owner.",
            tables_without_identity=without,
        )
