# SPDX-License-Identifier: GPL-3.0-or-later
"""What Debezium saved in its offset table (JDBC offset storage).  PRIVATE to the collection."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from .connection import Connection
from .statements import identifiers, statement


@dataclass(frozen=True)
class Offsets:
    """The offset table as one topic prefix sees it.

    value: the offset of that prefix; None when there is none.  age_seconds: since it was saved, by the server's clock and as long as
    Debezium runs in UTC.  others: prefixes of other pipelines in the same table.
    never_saved: the table never held a row.  comment: of the table.
    """

    value: Mapping[str, t.Any] | None
    age_seconds: float | None
    others: tuple[str, ...]
    never_saved: bool
    comment: str | None

    @property
    def lsn(self) -> int | None:
        """Position in the write-ahead log, in bytes, up to which events are acknowledged."""
        found = [self.value[key] for key in ("lsn_proc", "lsn") if key in self.value] if self.value else []
        return int(found[0]) if found else None

    @property
    def snapshot_tables(self) -> tuple[str, ...]:
        """Tables that a running incremental snapshot has still to read; empty when none runs."""
        text = (self.value or {}).get("incremental_snapshot_collections")
        if not text:
            return ()
        return tuple(str(one["incremental_snapshot_collections_id"]) for one in json.loads(text))

    @property
    def initial_snapshot(self) -> bool:
        """Whether the initial snapshot is not over yet."""
        return bool(self.value and self.value.get("snapshot"))


_TABLE = """
SELECT c.oid, obj_description(c.oid, 'pg_class') AS comment,
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable,
       pg_relation_size(c.oid) = 0 AND pg_relation_filenode(c.oid) = c.oid
           AND coalesce((SELECT n_tup_ins FROM pg_stat_all_tables s WHERE s.relid = c.oid), 0) = 0 AS never_saved
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s AND c.relkind = 'r'
"""

_ROWS: t.LiteralString = """
SELECT offset_key AS key, offset_val AS value,
       extract(epoch FROM (now() AT TIME ZONE 'UTC') - record_insert_ts)::float8 AS age
FROM {} ORDER BY record_insert_ts, record_insert_seq
"""


def read_offsets(connection: Connection, schema: str, table: str, topic_prefix: str) -> Offsets | None:
    """The offsets in `schema.table`; None when the table does not exist, or the login may not read it."""
    found = connection.execute(_TABLE, [schema, table]).fetchone()
    if found is None or not found["readable"]:
        return None
    rows = connection.execute(statement(_ROWS, identifiers([(schema, table)]))).fetchall()
    value, age, others = None, None, []
    for row in rows:
        prefix = _prefix(row["key"])
        if prefix == topic_prefix:
            value, age = _object(row["value"]), row["age"]
        elif prefix is not None:
            others.append(prefix)
    return Offsets(value, age, tuple(sorted(set(others))), bool(found["never_saved"]), found["comment"])


def _prefix(key: str | None) -> str | None:
    """The topic prefix in a key like `["pubsub",{"server":"shop"}]` (Debezium's AbstractSourceInfo, `server`)."""
    try:
        parsed = json.loads(key or "")
        return str(parsed[1]["server"])
    except (ValueError, LookupError, TypeError):
        return None


def _object(text: str | None) -> Mapping[str, t.Any] | None:
    try:
        parsed = json.loads(text or "")
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) and parsed else None
