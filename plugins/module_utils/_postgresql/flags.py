# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server runs with, beside the database flags that its instance has.  PRIVATE to the collection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .connection import Connection

WAL_LEVEL = "wal_level"

_TRUE = ("on", "true", "yes", "1")


@dataclass(frozen=True)
class Setting:
    """One setting (PostgreSQL's view `pg_settings`).

    kind: bool, enum, integer, real or string.  context: who can change it, and when; "postmaster" is at a start of the server only.
    pending_restart: whether the server's configuration has another value, which needs a restart.
    """

    name: str
    value: str
    unit: str | None
    kind: str
    context: str
    pending_restart: bool

    def equals(self, flag: str) -> bool | None:
        """Whether the value is that of a database flag; None if the two cannot be compared.

        Numbers with a unit are not compared: the flag and the view may count in different ones.
        """
        if self.kind == "bool":
            return (self.value in _TRUE) == (flag.casefold() in _TRUE)
        if self.kind == "enum":
            return self.value.casefold() == flag.casefold()
        if self.kind == "integer" and self.unit is None and flag.lstrip("-").isdecimal():
            return int(self.value) == int(flag)
        return None


_QUERY = """
SELECT name, setting AS value, unit, vartype AS kind, context, pending_restart
FROM pg_settings WHERE name = ANY(%(names)s)
"""


def read_settings(connection: Connection, names: Iterable[str]) -> dict[str, Setting]:
    """The settings of these names that the server has.  Any role may read them."""
    return {row["name"]: Setting(**row) for row in connection.execute(_QUERY, {"names": list(names)}).fetchall()}


def awaiting_restart(flags: Mapping[str, str], settings: Mapping[str, Setting], logical_decoding: str) -> dict[str, str]:
    """Flags that the instance has and the server certainly lacks until it is restarted, with what the server runs with.

    logical_decoding: name of the flag that stands for `wal_level=logical`.
    """
    found = {
        name: settings[name].value
        for name, flag in flags.items()
        if name in settings and settings[name].pending_restart and settings[name].equals(flag) is not True
    }
    if flags.get(logical_decoding) == "on" and settings[WAL_LEVEL].value != "logical":
        found[logical_decoding] = f"{WAL_LEVEL}={settings[WAL_LEVEL].value}"
    return found


def unlike(flags: Mapping[str, str], settings: Mapping[str, Setting]) -> dict[str, str]:
    """Flags that the server seems to lack, although it knows of no restart to come: Cloud SQL may also have adjusted their values."""
    found = {name: settings[name] for name in flags if name in settings and settings[name].context == "postmaster"}
    return {name: setting.value for name, setting in found.items() if not setting.pending_restart and setting.equals(flags[name]) is False}
