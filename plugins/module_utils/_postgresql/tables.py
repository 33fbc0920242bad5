# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables as the catalog has them: the facts that decide whether each can be captured.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence
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

    @property
    def toast(self) -> bool:
        """Whether an event may lack an unchanged value; a partitioned table without partitions is judged by those to come."""
        present = [one for one in self.storage if one.kind != "p"] or self.storage
        return any(one.toast for one in present)


# What each expression follows in PostgreSQL's source: an identity is that of RelationGetReplicaIndex (an index must be valid, unique,
# immediate and not partial); who is exempt from row level security, and which policies apply, is that of check_enable_rls and
# check_role_for_policy.  Partitions and children have no say when their parent is read.  A policy is only trusted if it reads USING (true).
_QUERY = """
SELECT n.nspname AS schema, c.relname AS table, pg_get_userbyid(c.relowner) AS owner, c.relkind::text AS kind,
       c.relpersistence = 'p' AS permanent, pg_has_role(c.relowner, 'USAGE') AS ours,
       ancestors.names AS ancestors, children.names AS children, storage.rows AS storage,
       c.relrowsecurity AND NOT (
           coalesce(role.rolsuper OR role.rolbypassrls, false)
           OR NOT c.relforcerowsecurity AND coalesce(pg_has_role(role.oid, c.relowner, 'USAGE'), false)
           OR coalesce(policies.opens, false) AND policies.limiting IS NULL
       ) AS rows_hidden,
       coalesce(policies.limiting, '{}') AS limiting_policies
FROM unnest(%(schemas)s::text[], %(tables)s::text[]) AS wanted (schema_name, table_name)
JOIN pg_namespace n ON n.nspname = wanted.schema_name
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.table_name AND c.relkind NOT IN ('i', 'I', 'S', 'c', 't')
LEFT JOIN pg_roles role ON role.rolname = %(role)s
CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_array(an.nspname, a.relname) ORDER BY above.nearness), '[]') AS names
    FROM pg_partition_ancestors(c.oid) WITH ORDINALITY AS above (relid, nearness)
    JOIN pg_class a ON a.oid = above.relid AND a.oid <> c.oid JOIN pg_namespace an ON an.oid = a.relnamespace
) ancestors
CROSS JOIN LATERAL (
    WITH RECURSIVE below (relid) AS (
        SELECT inhrelid FROM pg_inherits WHERE inhparent = c.oid AND c.relkind <> 'p'
        UNION SELECT inhrelid FROM pg_inherits JOIN below ON inhparent = below.relid
    )
    SELECT coalesce(jsonb_agg(jsonb_build_array(bn.nspname, b.relname) ORDER BY bn.nspname, b.relname), '[]') AS names
    FROM below JOIN pg_class b ON b.oid = below.relid JOIN pg_namespace bn ON bn.oid = b.relnamespace
) children
CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'schema', sn.nspname, 'table', s.relname, 'kind', s.relkind, 'permanent', s.relpersistence = 'p',
               'identity', CASE WHEN applied.identity = 'f' THEN 'full' WHEN key.indexrelid IS NOT NULL THEN 'key' END,
               'stored', generated.stored, 'virtual', generated.virtual,
               'toast', applied.identity <> 'f' AND (s.relkind = 'p' OR s.reltoastrelid <> 0) AND EXISTS (
                   SELECT FROM pg_attribute a
                   WHERE a.attrelid = s.oid AND a.attnum > 0 AND a.attlen = -1 AND a.attstorage IN ('x', 'e') AND a.attgenerated = ''
                     AND NOT a.attisdropped AND NOT coalesce(a.attnum = ANY(key.indkey), false))
           ) ORDER BY sn.nspname, s.relname), '[]') AS rows
    FROM (
        SELECT c.oid AS relid UNION SELECT relid FROM pg_partition_tree(c.oid) WHERE c.relkind = 'p' AND isleaf
    ) holding
    JOIN pg_class s ON s.oid = holding.relid JOIN pg_namespace sn ON sn.oid = s.relnamespace
    CROSS JOIN LATERAL (SELECT CASE s.relkind WHEN 'p' THEN 'd' ELSE s.relreplident END AS identity) applied
    LEFT JOIN LATERAL (
        SELECT i.indexrelid, i.indkey FROM pg_index i
        WHERE i.indrelid = s.oid AND i.indisvalid AND i.indisunique AND i.indimmediate AND i.indpred IS NULL
          AND (applied.identity = 'd' AND i.indisprimary OR applied.identity = 'i' AND i.indisreplident)
        LIMIT 1
    ) key ON true
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(a.attname) FILTER (WHERE a.attgenerated = 's'), '{}') AS stored,
               coalesce(array_agg(a.attname) FILTER (WHERE a.attgenerated = 'v'), '{}') AS virtual
        FROM pg_attribute a
        WHERE a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped AND (applied.identity = 'f' OR a.attnum = ANY(key.indkey))
    ) generated
) storage
CROSS JOIN LATERAL (
    SELECT bool_or(p.polpermissive AND p.using_clause = 'true') AS opens,
           array_agg(p.polname::text ORDER BY p.polname) FILTER (WHERE NOT p.polpermissive AND p.using_clause <> 'true') AS limiting
    FROM (SELECT *, pg_get_expr(polqual, polrelid) AS using_clause FROM pg_policy) p
    WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*')
      AND EXISTS (SELECT FROM unnest(p.polroles) AS applies (roleid) WHERE roleid = 0 OR pg_has_role(role.oid, roleid, 'USAGE'))
) policies
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
    )


def columns(names: Sequence[TableName]) -> dict[str, t.Any]:
    """`names` as two parallel arrays, parameters of a query."""
    return {"schemas": [name.schema for name in names], "tables": [name.table for name in names]}


def not_there_yet(names: Sequence[TableName]) -> str:
    """A warning about tables that do not exist: the same of every resource that leaves them out for now, so that it is shown once."""
    listed = ", ".join(map(str, names))
    which = f"Table {listed} does not exist yet" if len(names) == 1 else f"Tables {listed} do not exist yet"
    return f"{which}; run again after creating {'it' if len(names) == 1 else 'them'}."
