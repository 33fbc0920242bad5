# SPDX-License-Identifier: GPL-3.0-or-later
"""The application: single-row changes all the time, and in each fault one COPY and one large transaction.

Every change that PostgreSQL confirmed goes into the ledger.  Where the answer to a COMMIT was lost, the writer looks whether it happened.
"""

from __future__ import annotations

import itertools
import threading
import time
import typing as t
from collections import deque
from collections.abc import Callable, Sequence

import psycopg
from psycopg import sql

from .ledger import NOTES, Change, Ledger

SINGLE, BULK = ("orders", "items"), "imports"
"""Tables of the single-row changes, and the table of COPY and of large transactions."""
TABLES = (*SINGLE, BULK)
RETRY_SECONDS = 0.1
REFUSED = "55"
"""Class of SQLSTATE of a statement that PostgreSQL refuses, as for a published table without replica identity."""

Connect = Callable[[], psycopg.Connection]
Statement = tuple[sql.Composed, Sequence[t.Any]]


class Session:
    """A connection of the application that is made again whenever it breaks."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connection: psycopg.Connection | None = None
        self.closed = threading.Event()

    def once(self, work: Callable[[psycopg.Connection], None], happened: Callable[[psycopg.Connection], bool]) -> None:
        """Have `work` committed exactly once, through any number of broken connections.  happened: whether it was.

        Errors of the statement itself are not caught: they are the application's broken writes.
        """
        unsure = False
        while not self.closed.is_set():
            try:
                if self._connection is None:
                    self._connection = self._connect()
                if unsure and happened(self._connection):
                    return
                unsure = False
                work(self._connection)
                return
            except psycopg.OperationalError as error:
                if (error.sqlstate or "").startswith(REFUSED):
                    raise
                unsure = True
                if self._connection is not None:
                    self._connection.close()
                self._connection = None
                self.closed.wait(RETRY_SECONDS)
        raise InterruptedError

    def close(self) -> None:
        self.closed.set()


def statement(change: Change) -> Statement:
    """The SQL of a single-row change."""
    table = sql.Identifier(change.table)
    if change.operation == "c":
        return sql.SQL("INSERT INTO {} (id, note) VALUES (%s, %s)").format(table), (change.id, NOTES["c"])
    if change.operation == "u":
        return sql.SQL("UPDATE {} SET note = %s WHERE id = %s").format(table), (NOTES["u"], change.id)
    return sql.SQL("DELETE FROM {} WHERE id = %s").format(table), (change.id,)


def happened(change: Change, connection: psycopg.Connection) -> bool:
    """Whether a change whose answer was lost was committed; nobody else writes these rows."""
    query = sql.SQL("SELECT note FROM {} WHERE id = %s").format(sql.Identifier(change.table))
    row = connection.execute(query, [change.id]).fetchone()
    if change.operation == "d":
        return row is None
    return row is not None and row[0] == NOTES[change.operation]


def changes() -> t.Iterator[Change]:
    """Without end: inserts; of ten rows two are updated, and one of these is deleted again."""
    recent: deque[Change] = deque(maxlen=10)
    for number in itertools.count():
        recent.append(Change(SINGLE[number // 10 % len(SINGLE)], number, "c"))
        yield recent[-1]
        if number >= 10 and number % 5 == 0:
            yield recent[-5]._replace(operation="u")
        if number >= 10 and number % 10 == 2:
            yield recent[-7]._replace(operation="d")


class Writer:
    """Writes single-row changes from a thread, about `rate` a second."""

    def __init__(self, connect: Connect, ledger: Ledger, rate: float = 40) -> None:
        self._session, self._ledger, self._pause = Session(connect), ledger, 1 / rate
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.error: Exception | None = None
        self._thread.start()

    def _run(self) -> None:
        try:
            for change in changes():
                query, parameters = statement(change)
                self._session.once(
                    lambda connection, query=query, parameters=parameters: _execute(connection, query, parameters),  # type: ignore[misc]
                    lambda connection, change=change: happened(change, connection),  # type: ignore[misc]
                )
                self._ledger.add([change], time.monotonic())
                if self._session.closed.wait(self._pause):
                    return
        except InterruptedError:
            return
        except Exception as error:
            self.error = error

    def close(self) -> None:
        self._session.close()
        self._thread.join(30)


class Bulk:
    """One COPY or one large transaction at a time, whichever thread asks.  Ids go up, and are not those of the single rows' tables."""

    def __init__(self, connect: Connect, ledger: Ledger) -> None:
        self._session, self._ledger, self._next = Session(connect), ledger, 0
        self._alone = threading.Lock()

    def copy(self, rows: int) -> list[Change]:
        """Insert rows by one COPY, and give them back once they are committed."""
        ids = self._take(rows)

        def work(connection: psycopg.Connection) -> None:
            query = sql.SQL("COPY {} (id, note) FROM STDIN").format(sql.Identifier(BULK))
            with connection.cursor() as cursor, cursor.copy(query) as copy:
                for each in ids:
                    copy.write_row((each, NOTES["c"]))

        return self._write(ids, work, [Change(BULK, each, "c") for each in ids])

    def transaction(self, rows: int) -> list[Change]:
        """Insert rows, update each third and delete each fifth of them, all in one transaction."""
        ids = self._take(rows)
        table = sql.Identifier(BULK)
        insert = sql.SQL("INSERT INTO {} (id, note) SELECT id, %s FROM generate_series(%s::bigint, %s) AS id").format(table)
        update = sql.SQL("UPDATE {} SET note = %s WHERE id BETWEEN %s AND %s AND id %% 3 = 0").format(table)
        delete = sql.SQL("DELETE FROM {} WHERE id BETWEEN %s AND %s AND id %% 5 = 0").format(table)

        def work(connection: psycopg.Connection) -> None:
            with connection.transaction():
                connection.execute(insert, [NOTES["c"], ids[0], ids[-1]])
                connection.execute(update, [NOTES["u"], ids[0], ids[-1]])
                connection.execute(delete, [ids[0], ids[-1]])

        made = [Change(BULK, each, "c") for each in ids]
        made += [Change(BULK, each, "u") for each in ids if each % 3 == 0]
        made += [Change(BULK, each, "d") for each in ids if each % 5 == 0]
        return self._write(ids, work, made)

    def empty(self) -> None:
        """Forget the rows, so that a snapshot stays short.  No other change of them may be on its way."""
        query = sql.SQL("TRUNCATE {}").format(sql.Identifier(BULK))
        self._session.once(lambda connection: _execute(connection, query, ()), lambda connection: False)

    def close(self) -> None:
        self._session.close()

    def _take(self, rows: int) -> range:
        with self._alone:
            self._next += rows
            return range(self._next - rows, self._next)

    def _write(self, ids: range, work: Callable[[psycopg.Connection], None], made: list[Change]) -> list[Change]:
        query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE id BETWEEN %s AND %s)").format(sql.Identifier(BULK))

        def found(connection: psycopg.Connection) -> bool:
            row = connection.execute(query, [ids[0], ids[-1]]).fetchone()
            return row is not None and bool(row[0])

        with self._alone:
            self._session.once(work, found)
            self._ledger.add(made, time.monotonic())
        return made


def _execute(connection: psycopg.Connection, query: sql.Composed, parameters: Sequence[t.Any]) -> None:
    connection.execute(query, parameters)
