# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication slots as the server has them: where a reader is in the write-ahead log.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .connection import Connection


@dataclass(frozen=True)
class Slot:
    """One replication slot (PostgreSQL's view `pg_replication_slots`).

    database: of a logical slot.  reader: role of the session that reads it now; None while nobody does.
    wal_status: "reserved", "extended", "unreserved" or "lost"; a lost slot can never be read again.
    confirmed_flush_lsn: up to where the reader has confirmed.  lag_bytes: write-ahead log written after that.
    decoded: whether transactions were decoded for it, so that its reader streamed (`pg_stat_replication_slots`).
    """

    name: str
    database: str | None
    plugin: str | None
    active: bool
    reader: str | None
    wal_status: str | None
    confirmed_flush_lsn: str | None
    lag_bytes: int | None
    decoded: bool

    @property
    def lost(self) -> bool:
        return self.wal_status == "lost"

    def facts(self) -> dict[str, t.Any]:
        """The slot for a module's result."""
        return {
            "database": self.database,
            "plugin": self.plugin,
            "active": self.active,
            "reader": self.reader,
            "wal_status": self.wal_status,
            "confirmed_flush_lsn": self.confirmed_flush_lsn,
            "lag_bytes": self.lag_bytes,
        }


_QUERY = """
SELECT s.slot_name AS name, s.database, s.plugin, s.active, a.usename AS reader, s.wal_status,
       s.confirmed_flush_lsn::text AS confirmed_flush_lsn,
       pg_wal_lsn_diff(pg_current_wal_lsn(), s.confirmed_flush_lsn)::bigint AS lag_bytes,
       coalesce(d.total_txns, 0) > 0 AS decoded
FROM pg_replication_slots s
LEFT JOIN pg_stat_activity a ON a.pid = s.active_pid
LEFT JOIN pg_stat_replication_slots d ON d.slot_name = s.slot_name
WHERE s.slot_name = %(name)s OR %(name)s::text IS NULL
ORDER BY s.slot_name
"""


def read_slots(connection: Connection) -> tuple[Slot, ...]:
    """Every slot of the server, in the order of their names.  Any role may read them."""
    return tuple(Slot(**row) for row in connection.execute(_QUERY, {"name": None}).fetchall())


def read_slot(connection: Connection, name: str) -> Slot | None:
    """The slot `name`, or None when there is none."""
    row = connection.execute(_QUERY, {"name": name}).fetchone()
    return Slot(**row) if row else None


def drop_slot(connection: Connection, name: str) -> None:
    """Drop the slot `name` if it exists; needs the attribute REPLICATION.  The position that it holds is lost for good."""
    connection.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", [name])
