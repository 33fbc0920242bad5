# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a stream is in the database: its slot, its publication and its offsets, looked at together.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .._reconcile.engine import ReadOnly
from .._table_name import TableName
from .connection import session, unless_absent
from .offsets import Offset, find_offsets
from .options import Login, ServerOptions
from .publication import read_publication
from .slots import Slot, read_slot
from .tables import read_ids


@dataclass(frozen=True)
class Observed:
    """What is there.

    offset: of this stream; None when none is saved.  never_saved: the offset table exists, and never held one.
    recorded_stream: what the offset table's comment names; empty without one.
    tables: object ids of the captured tables that exist, by name; a table that was dropped and made again has another one.
    """

    slot: Slot | None
    published: bool
    offset: Offset | None = None
    never_saved: bool = False
    recorded_stream: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, int] = field(default_factory=dict)


class Position(ReadOnly[Observed]):
    """One look at slot, publication and offsets.

    offset_table: schema and table; None when the offsets are not in the database.
    """

    def __init__(
        self,
        options: ServerOptions,
        login: Login,
        slot: str,
        publication: str,
        topic_prefix: str,
        offset_table: tuple[str, str] | None,
        tables: Sequence[TableName] = (),
    ) -> None:
        self.options = options
        self.login = login
        self.slot = slot
        self.publication = publication
        self.topic_prefix = topic_prefix
        self.offset_table = offset_table
        self.tables = tuple(tables)
        self.title = f"position of slot {slot}"

    def read(self) -> Observed | None:
        return unless_absent(self.options, self.look)

    def look(self) -> Observed:
        """What is there now.  Raises DatabaseError when the server cannot be reached."""
        with session(self.options, self.login) as connection:
            slot, published = read_slot(connection, self.slot), read_publication(connection, self.publication) is not None
            offsets = find_offsets(connection, *self.offset_table) if self.offset_table else None
            tables = read_ids(connection, self.tables) if self.tables else {}
        if offsets is None:
            return Observed(slot, published, tables=tables)
        return Observed(slot, published, offsets.of(self.topic_prefix), offsets.never_held_a_row, offsets.recorded_stream(), tables)

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        return vars(observed or Observed(None, False))
