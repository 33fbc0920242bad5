# SPDX-License-Identifier: GPL-3.0-or-later
"""What an offset table of Debezium's holds: where each stream is, and whose table it is.  PRIVATE to the collection.

Debezium saves its offsets by deleting every row of the table and inserting its own (io.debezium.storage.jdbc.offset,
JdbcOffsetBackingStore.save), so two pipelines with one table delete each other's.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from .connection import Connection
from .statements import Statement, identifiers, literal, statement

STREAM_KEY = "cdc.gcp/stream"
"""The one key of the JSON that we write as the table's comment, so that ours is told from a person's."""


@dataclass(frozen=True)
class Offset:
    """One row.

    key: like `["pubsub",{"server":"shop"}]`, sink type and topic prefix.  value: JSON.  saved_at: the pod's clock.
    age_seconds: since then, as long as the pod's clock is in UTC.
    """

    key: str
    value: str
    saved_at: str
    age_seconds: float

    @property
    def topic_prefix(self) -> str | None:
        """The stream that the row belongs to; None for a key that Debezium's connector for PostgreSQL does not write."""
        parsed = _parsed(self.key)
        partition = parsed[1] if isinstance(parsed, list) and len(parsed) == 2 else None
        prefix = partition.get("server") if isinstance(partition, dict) else None
        return prefix if isinstance(prefix, str) else None

    def position(self) -> t.Any:
        return _parsed(self.value)

    def _field(self, name: str) -> t.Any:
        position = self.position()
        return position.get(name) if isinstance(position, dict) else None

    @property
    def lsn(self) -> int | None:
        """Where in the write-ahead log, in bytes, the last acknowledged event was."""
        found = self._field("lsn_proc") or self._field("lsn")
        return int(found) if found else None

    @property
    def initial_snapshot(self) -> bool:
        """Whether the initial snapshot was not over when this was saved."""
        return self._field("snapshot") not in (None, False, "false")

    @property
    def snapshot_tables(self) -> tuple[str, ...]:
        """Tables that a running incremental snapshot has still to read; empty when none runs."""
        listed = _parsed(self._field("incremental_snapshot_collections") or "[]")
        return tuple(str(one.get("incremental_snapshot_collections_id")) for one in listed if isinstance(one, dict))


@dataclass(frozen=True)
class Offsets:
    """The contents of an offset table.

    rows: in the order in which Debezium loads them, so the last of a key counts; None if the login may not read them.
    comment: of the table.
    never_held_a_row: nothing was ever written: no page, still the file it was made with (TRUNCATE and VACUUM FULL give it another), and
        no insert counted.  False does not prove the opposite.
    """

    rows: tuple[Offset, ...] | None
    comment: str | None
    never_held_a_row: bool

    def keys(self) -> list[str] | None:
        return None if self.rows is None else sorted({row.key for row in self.rows})

    def foreign(self, topic_prefix: str) -> list[str]:
        """The topic prefixes, or for other keys the keys, of rows that are not of this stream."""
        return sorted({row.topic_prefix or row.key for row in self.rows or () if row.topic_prefix != topic_prefix})

    def of(self, topic_prefix: str | None) -> Offset | None:
        """The row that counts for this stream."""
        return next((row for row in reversed(self.rows or ()) if topic_prefix is not None and row.topic_prefix == topic_prefix), None)

    def recorded_stream(self) -> dict[str, str]:
        """The stream that the table's comment names; empty when there is none, or a comment of somebody else's."""
        parsed = _parsed(self.comment or "")
        found = parsed.get(STREAM_KEY) if isinstance(parsed, dict) else None
        return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}

    @property
    def comment_is_ours(self) -> bool:
        """Whether the comment may be written: there is none, or it is one of ours."""
        return not self.comment or bool(self.recorded_stream())


def record_stream(schema: str, table: str, stream: Mapping[str, str]) -> Statement:
    """The statement that names the stream in the table's comment."""
    text = json.dumps({STREAM_KEY: dict(stream)}, sort_keys=True)
    return statement("COMMENT ON TABLE {} IS {}", identifiers([(schema, table)]), literal(text))


# A relation's first file is named after its oid (src/backend/catalog/heap.c, heap_create); whatever rewrites the table changes that.
_STATE = """
SELECT has_schema_privilege(c.relnamespace, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable,
       obj_description(c.oid, 'pg_class') AS comment,
       pg_relation_size(c.oid) = 0 AND pg_relation_filenode(c.oid) = c.oid AND coalesce(s.n_tup_ins, 0) = 0 AS never_held_a_row
FROM pg_class c LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid WHERE c.oid = %s
"""


def read_offsets(connection: Connection, oid: int, schema: str, table: str) -> Offsets | None:
    """What the table holds; it must have the columns of an offset table.  None if it is gone."""
    state = connection.execute(_STATE, [oid]).fetchone()
    if state is None or state["never_held_a_row"] is None:
        return None
    rows: tuple[Offset, ...] | None = None
    if state["readable"]:
        query = statement(
            "SELECT coalesce(offset_key, '') AS key, coalesce(offset_val, '') AS value, record_insert_ts::text AS saved_at, "
            "extract(epoch FROM (clock_timestamp() AT TIME ZONE 'UTC') - record_insert_ts)::float8 AS age_seconds "
            "FROM {} ORDER BY record_insert_ts, record_insert_seq",
            identifiers([(schema, table)]),
        )
        rows = tuple(Offset(**row) for row in connection.execute(query).fetchall())
    return Offsets(rows, state["comment"], state["never_held_a_row"])


def find_offsets(connection: Connection, schema: str, table: str) -> Offsets | None:
    """What `schema.table` holds; None if there is no such table, or the login may not read it."""
    row = connection.execute("SELECT to_regclass(format('%%I.%%I', %s::text, %s::text))::oid AS oid", [schema, table]).fetchone()
    offsets = read_offsets(connection, row["oid"], schema, table) if row and row["oid"] else None
    return offsets if offsets and offsets.rows is not None else None


def _parsed(text: str) -> t.Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
