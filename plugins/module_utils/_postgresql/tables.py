# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables as the catalog has them: the facts that decide whether each can be captured.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .._table_name import TableName
from .connection import Connection


@dataclass(frozen=True)
class Storage:
    """Where rows of a table are written: the table itself, or one of its partitions.

    A partitioned table stands for its partitions to come: they inherit its primary key, but not its REPLICA IDENTITY.

    kind: pg_class.relkind: "r" table, "p" partitioned table, "f" foreign table.
    permanent: neither temporary nor unlogged.
    identity: "full"; "key" for a primary key or index that PostgreSQL accepts as replica identity; None for neither.
    stored, virtual: generated columns in the identity, which PostgreSQL 18 and newer refuse unless they are published.
    toast: a value outside the identity can be stored out of line, so that an UPDATE may leave it out of the write-ahead log.
    """

    name: TableName
    kind: str
    permanent: bool
    identity: str | None
    stored: tuple[str, ...]
    virtual: tuple[str, ...]
    toast: bool


@dataclass(frozen=True)
class Table:
    """One table that exists.

    kind, permanent: as in `Storage`.
    ours: the login has the rights of its owner.
    ancestors: partitioned tables of which it is a partition, the nearest first.
    children: its descendants by INHERITS.
    storage: where its rows are written.
    rows_hidden: row level security lets the replication user read not all rows.
    limiting_policies: restrictive policies that apply to the replication user.
    long_keys: columns of the primary key whose type allows more than 250 characters.
    """

    name: TableName
    owner: str
    kind: str
    permanent: bool
    ours: bool
    ancestors: tuple[TableName, ...] = ()
    children: tuple[TableName, ...] = ()
    storage: tuple[Storage, ...] = ()
    rows_hidden: bool = False
    limiting_policies: tuple[str, ...] = ()
    long_keys: tuple[str, ...] = ()

    @property
    def toast(self) -> bool:
        """Whether an event may lack an unchanged value; a partitioned table without partitions is judged by those to come."""
        present = [one for one in self.storage if one.kind != "p"] or self.storage
        return any(one.toast for one in present)


# What each expression follows in PostgreSQL's source: an identity is that of RelationGetReplicaIndex (an index must be valid, unique,
# immediate and not partial); who is exempt from row level security, and which policies apply, is that of check_enable_rls and
# check_role_for_policy.  Partitions and children have no say when their parent is read.  A policy is only trusted if it reads USING (true).
_QUERY = """
WITH RECURSIVE found AS MATERIALIZED (
    SELECT c.oid, n.nspname, c.relname, c.relowner, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity
    FROM unnest(%(schemas)s::text[], %(tables)s::text[]) AS wanted (schema_name, table_name)
    JOIN pg_namespace n ON n.nspname = wanted.schema_name
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.table_name AND c.relkind NOT IN ('i', 'I', 'S', 'c', 't')
), ancestors AS (
    SELECT found.oid, jsonb_agg(jsonb_build_array(n.nspname, c.relname) ORDER BY nearness) AS names
    FROM found, pg_partition_ancestors(found.oid) WITH ORDINALITY AS above (relid, nearness)
    JOIN pg_class c ON c.oid = above.relid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid <> found.oid
    GROUP BY found.oid
), below (oid, relid) AS (
    SELECT found.oid, i.inhrelid FROM found JOIN pg_inherits i ON i.inhparent = found.oid WHERE found.relkind <> 'p'
    UNION SELECT below.oid, i.inhrelid FROM below JOIN pg_inherits i ON i.inhparent = below.relid
), children AS (
    SELECT below.oid, jsonb_agg(jsonb_build_array(n.nspname, c.relname) ORDER BY n.nspname, c.relname) AS names
    FROM below JOIN pg_class c ON c.oid = below.relid JOIN pg_namespace n ON n.oid = c.relnamespace
    GROUP BY below.oid
), holding AS (
    SELECT oid, oid AS relid FROM found
    UNION ALL SELECT found.oid, tree.relid FROM found, pg_partition_tree(found.oid) tree WHERE found.relkind = 'p' AND tree.isleaf
), parts AS (
    SELECT holding.oid, n.nspname, c.oid AS relid, c.relname, c.relkind, c.relpersistence, c.reltoastrelid,
           CASE c.relkind WHEN 'p' THEN 'd' ELSE c.relreplident END AS identity
    FROM holding JOIN pg_class c ON c.oid = holding.relid JOIN pg_namespace n ON n.oid = c.relnamespace
), storage AS (
    SELECT parts.oid, jsonb_agg(jsonb_build_object(
               'schema', nspname, 'table', relname, 'kind', relkind, 'permanent', relpersistence = 'p',
               'identity', CASE WHEN identity = 'f' THEN 'full' WHEN key.indexrelid IS NOT NULL THEN 'key' END,
               'stored', columns.stored, 'virtual', columns.virtual,
               'toast', identity <> 'f' AND (relkind = 'p' OR reltoastrelid <> 0) AND columns.toast
           ) ORDER BY nspname, relname) AS rows
    FROM parts
    LEFT JOIN LATERAL (
        SELECT i.indexrelid, i.indkey FROM pg_index i
        WHERE i.indrelid = parts.relid AND i.indisvalid AND i.indisunique AND i.indimmediate AND i.indpred IS NULL
          AND (parts.identity = 'd' AND i.indisprimary OR parts.identity = 'i' AND i.indisreplident)
        LIMIT 1
    ) key ON true
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(attname) FILTER (WHERE attgenerated = 's' AND identifies), '{}') AS stored,
               coalesce(array_agg(attname) FILTER (WHERE attgenerated = 'v' AND identifies), '{}') AS virtual,
               coalesce(bool_or(attlen = -1 AND attstorage IN ('x', 'e') AND attgenerated = '' AND NOT identifies), false) AS toast
        FROM (
            SELECT *, parts.identity = 'f' OR coalesce(attnum = ANY(key.indkey), false) AS identifies FROM pg_attribute
            WHERE attrelid = parts.relid AND attnum > 0 AND NOT attisdropped
        ) a
    ) columns
    GROUP BY parts.oid
), policies AS (
    SELECT p.polrelid AS oid, coalesce(bool_or(p.polpermissive AND p.reads = 'true'), false) AS opens,
           array_agg(p.polname::text ORDER BY p.polname) FILTER (WHERE NOT p.polpermissive AND p.reads <> 'true') AS limiting
    FROM (SELECT *, pg_get_expr(polqual, polrelid) AS reads FROM pg_policy WHERE polrelid IN (SELECT oid FROM found)) p
    LEFT JOIN pg_roles role ON role.rolname = %(role)s
    WHERE p.polcmd IN ('r', '*')
      AND EXISTS (SELECT FROM unnest(p.polroles) AS applies (roleid) WHERE roleid = 0 OR pg_has_role(role.oid, roleid, 'USAGE'))
    GROUP BY p.polrelid
)
SELECT nspname AS schema, relname AS table, pg_get_userbyid(relowner) AS owner, relkind::text AS kind, relpersistence = 'p' AS permanent,
       pg_has_role(relowner, 'USAGE') AS ours,
       coalesce(ancestors.names, '[]') AS ancestors, coalesce(children.names, '[]') AS children, storage.rows AS storage,
       relrowsecurity AND NOT (
           coalesce(role.rolsuper OR role.rolbypassrls, false)
           OR NOT relforcerowsecurity AND coalesce(pg_has_role(role.oid, relowner, 'USAGE'), false)
           OR coalesce(policies.opens, false) AND policies.limiting IS NULL
       ) AS rows_hidden,
       coalesce(policies.limiting, '{}') AS limiting_policies,
       ARRAY(
           SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
           WHERE i.indrelid = found.oid AND i.indisprimary
             AND (a.atttypid IN ('text'::regtype, 'bytea'::regtype)
                  OR a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND (a.atttypmod < 0 OR a.atttypmod > 254))
           ORDER BY a.attnum
       ) AS long_keys
FROM found LEFT JOIN ancestors USING (oid) LEFT JOIN children USING (oid) JOIN storage USING (oid) LEFT JOIN policies USING (oid)
LEFT JOIN pg_roles role ON role.rolname = %(role)s
"""


def read_tables(connection: Connection, names: Sequence[TableName], replication_user: str | None = None) -> dict[TableName, Table]:
    """Those of `names` that exist.

    Row level security is judged for `replication_user`; by the policies for PUBLIC if it is None or does not exist.
    """
    rows = connection.execute(_QUERY, {**columns(names), "role": replication_user}).fetchall()
    found = {TableName(row["schema"], row["table"]): _table(row) for row in rows}
    return {name: found[name] for name in names if name in found}


def has_row_security(connection: Connection, names: Sequence[TableName]) -> bool:
    """Whether row level security is enabled on one of `names`."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM unnest(%(schemas)s::text[], %(tables)s::text[]) AS wanted (schema_name, table_name) "
        "JOIN pg_namespace n ON n.nspname = schema_name JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = table_name "
        "WHERE c.relrowsecurity) AS enabled",
        columns(names),
    ).fetchone()
    return row is not None and bool(row["enabled"])


def _table(row: dict[str, t.Any]) -> Table:
    return Table(
        name=TableName(row["schema"], row["table"]),
        owner=row["owner"],
        kind=row["kind"],
        permanent=row["permanent"],
        ours=row["ours"],
        ancestors=tuple(TableName(*name) for name in row["ancestors"]),
        children=tuple(TableName(*name) for name in row["children"]),
        storage=tuple(
            Storage(
                TableName(one["schema"], one["table"]),
                one["kind"],
                one["permanent"],
                one["identity"],
                tuple(one["stored"]),
                tuple(one["virtual"]),
                one["toast"],
            )
            for one in row["storage"]
        ),
        rows_hidden=row["rows_hidden"],
        limiting_policies=tuple(row["limiting_policies"]),
        long_keys=tuple(row["long_keys"]),
    )


def listed(names: Iterable[t.Any]) -> str:
    """Names with commas between them, for messages."""
    return ", ".join(map(str, names))


def columns(names: Sequence[TableName]) -> dict[str, t.Any]:
    """`names` as two parallel arrays, parameters of a query."""
    return {"schemas": [name.schema for name in names], "tables": [name.table for name in names]}


def not_there_yet(names: Sequence[TableName]) -> str:
    """A warning about tables that do not exist: the same of every resource that leaves them out for now, so that it is shown once."""
    listed = ", ".join(map(str, names))
    which = f"Table {listed} does not exist yet" if len(names) == 1 else f"Tables {listed} do not exist yet"
    return f"{which}; run again after creating {'it' if len(names) == 1 else 'them'}."


_IDS = """
SELECT n.nspname AS schema, c.relname AS table, c.oid::bigint AS id
FROM unnest(%(schemas)s::text[], %(tables)s::text[]) AS wanted (schema_name, table_name)
JOIN pg_namespace n ON n.nspname = wanted.schema_name
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.table_name AND c.relkind IN ('r', 'p')
"""


def read_ids(connection: Connection, names: Sequence[TableName]) -> dict[str, int]:
    """Object ids of those of `names` that exist.  Any role may read them."""
    rows = connection.execute(_IDS, columns(names)).fetchall()
    return {str(TableName(row["schema"], row["table"])): row["id"] for row in rows}
