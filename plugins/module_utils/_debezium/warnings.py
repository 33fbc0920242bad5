# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stream may lose although everything is set up right.  PRIVATE to the collection.  Pure."""

from __future__ import annotations

from .stream import Stream

FIRST_WITH_RESTART_HOLE = 17
"""PostgreSQL's major version from which on a restart of Debezium before 3.7 may skip events (dbz#76)."""


def warnings(stream: Stream, database_version: int | None) -> tuple[str, ...]:
    """A sentence for each.  database_version: PostgreSQL's major version; None for one that is not known."""
    found = []
    if stream.skips_copied_rows and stream.offsets == "volume":
        found.append(
            "With offsets on a volume, Debezium before 3.7 loses rows of a COPY (\\copy, pg_restore, imports) that a restart of the server"
            " interrupts (dbz#1554). Keep the offsets in the database (jdbc), or run Debezium Server 3.7."
        )
    if stream.skips_copied_rows and database_version is not None and database_version >= FIRST_WITH_RESTART_HOLE:
        found.append(
            f"On PostgreSQL {database_version}, a restart of Debezium before 3.7 may skip events of transactions that were in progress"
            " (dbz#76). Use PostgreSQL 16, or run Debezium Server 3.7."
        )
    if stream.snapshot_mode == "when_needed":
        found.append(
            "With snapshot mode when_needed, Debezium takes a new snapshot by itself when its slot or offsets are lost, and rows deleted in"
            " between are never told. Set initial again once the stream is back."
        )
    return tuple(found)
