# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the server that logical replication depends on.  PRIVATE to the collection."""

from __future__ import annotations

from .connection import Connection


def setting(connection: Connection, name: str) -> str:
    """The value of a setting, as the server spells it."""
    row = connection.execute("SELECT current_setting(%s) AS value", [name]).fetchone()
    if row is None:
        raise AssertionError("the query always gives a row")
    return str(row["value"])


def wal_level_message(wal_level: str) -> str:
    """What to say of a `wal_level` other than logical."""
    return (
        f"wal_level is {wal_level}, and logical replication needs logical: set the database flag cloudsql.logical_decoding to on "
        "and let the instance restart; if it is on, restart the instance (gcloud sql instances restart INSTANCE)."
    )
