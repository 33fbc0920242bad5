# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication slots as the server has them: where a reader is in the write-ahead log.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from .connection import Connection


@dataclass(frozen=True)
class Slot:
    """One replication slot (PostgreSQL's view `pg_replication_slots`).

    database: of a logical slot.  reader: role of the session that reads it now; None while nobody does.
    wal_status: "reserved", "extended", "unreserved" or "lost"; a lost slot can never be read again.
    confirmed_flush_lsn: up to where the reader has confirmed.  lag_bytes: write-ahead log written after that.
    retained_bytes: write-ahead log that the server keeps for the slot, which is more while a transaction is open.
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
    retained_bytes: int | None = None

    FACTS: t.ClassVar[tuple[str, ...]] = (
        "database",
        "plugin",
        "active",
        "reader",
        "wal_status",
        "confirmed_flush_lsn",
        "lag_bytes",
        "retained_bytes",
    )

    @property
    def lost(self) -> bool:
        return self.wal_status == "lost"

    def facts(self) -> dict[str, t.Any]:
        """The slot for a module's result."""
        return {name: getattr(self, name) for name in self.FACTS}


_QUERY = """
SELECT s.slot_name AS name, s.database, s.plugin, s.active, a.usename AS reader, s.wal_status,
       s.confirmed_flush_lsn::text AS confirmed_flush_lsn,
       pg_wal_lsn_diff(pg_current_wal_lsn(), s.confirmed_flush_lsn)::bigint AS lag_bytes,
       pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)::bigint AS retained_bytes,
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


def left_unread(slots: Iterable[Slot], database: str, ignored: Collection[str]) -> list[str]:
    """Names of the slots of `database` whose reader, Debezium, needs a publication and a user in it; without those in `ignored`."""
    return [slot.name for slot in slots if slot.database == database and slot.plugin == "pgoutput" and slot.name not in ignored]


def drop_first(names: Sequence[str]) -> str:
    """How to drop slots whose reader would lose what it needs, and how to say that they have another."""
    which = "it" if len(names) == 1 else "them"
    return (
        f"A slot that nobody can read keeps write-ahead log until the disk is full. Stop Debezium and drop {which} first, with "
        f"cdc.gcp.postgresql_replication_slot (state=absent) or SELECT pg_drop_replication_slot('{names[0]}'); "
        "or name in ignore_slots the slots that Debezium reads without it."
    )
