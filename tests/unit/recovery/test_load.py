# SPDX-License-Identifier: GPL-3.0-or-later
"""The load: every change once, and known even where PostgreSQL's answer was lost."""

from __future__ import annotations

import itertools
import typing as t
from collections import Counter

import psycopg
import pytest

from recovery.load import SINGLE, Session, changes


def test_a_change_comes_once_and_its_row_is_there() -> None:
    made = list(itertools.islice(changes(), 2000))
    assert len(set(made)) == len(made)
    rows: set[tuple[str, int]] = set()
    for change in made:
        row = (change.table, change.id)
        assert (row in rows) == (change.operation != "c")
        if change.operation == "d":
            rows.remove(row)
        rows |= {row} if change.operation == "c" else set()


def test_one_of_ten_rows_is_deleted_and_all_tables_have_every_operation() -> None:
    counts = Counter((change.table, change.operation) for change in itertools.islice(changes(), 5000))
    assert set(counts) == {(table, operation) for table in SINGLE for operation in "cud"}
    inserted, deleted = (sum(counts[table, operation] for table in SINGLE) for operation in "cd")
    assert deleted == pytest.approx(inserted / 10, rel=0.02)


class Server:
    """PostgreSQL as a list: commits what it is given, and breaks the connection before or after it."""

    def __init__(self, *breaks: str) -> None:
        self.breaks, self.committed = list(breaks), 0

    def connect(self) -> psycopg.Connection:
        return t.cast(psycopg.Connection, self)

    def close(self) -> None:
        pass

    def work(self, connection: psycopg.Connection) -> None:
        kind = self.breaks.pop(0) if self.breaks else ""
        if kind == "before":
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        self.committed += 1
        if kind == "after":
            raise psycopg.errors.AdminShutdown("terminating connection due to administrator command")

    def happened(self, connection: psycopg.Connection) -> bool:
        return self.committed > 0


@pytest.mark.parametrize("breaks", [(), ("before",), ("before", "before"), ("after",), ("before", "after")])
def test_a_change_is_committed_once_through_broken_connections(breaks: tuple[str, ...]) -> None:
    server = Server(*breaks)
    Session(server.connect).once(server.work, server.happened)
    assert server.committed == 1


def test_a_write_that_postgresql_refuses_is_an_error_of_the_application() -> None:
    def refused(connection: psycopg.Connection) -> None:
        raise psycopg.errors.ObjectNotInPrerequisiteState("cannot update table without replica identity")

    server = Server()
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        Session(server.connect).once(refused, server.happened)
