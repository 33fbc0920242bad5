# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection a log-in for a whole plan: lent, replaced when it is dead, closed at the end."""

from __future__ import annotations

import dataclasses
import threading
import typing as t
from types import SimpleNamespace

import psycopg
import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.connection import DatabaseError, Sessions, password_works, session
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.options import Login, ServerOptions
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.secret import Secret

ADMIN, REPLICATION = Login("admin", Secret("a")), Login("debezium", Secret("b"))
STATUS = psycopg.pq.TransactionStatus


class FakeConnection:
    """A connection of psycopg's; `dead` makes every statement fail."""

    def __init__(self, **parameters: t.Any) -> None:
        self.parameters = parameters
        self.statements: list[str] = []
        self.dead = self.closed = False
        self.info = SimpleNamespace(transaction_status=STATUS.IDLE)

    def execute(self, statement: str) -> None:
        if self.dead or self.closed:
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        if statement:
            self.statements.append(statement)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[FakeConnection]:
    """The connections that were opened, in order."""
    found: list[FakeConnection] = []

    def connect(**parameters: t.Any) -> FakeConnection:
        found.append(FakeConnection(**parameters))
        return found[-1]

    monkeypatch.setattr(psycopg, "connect", connect)
    return found


def options(sessions: Sessions | None, **changed: t.Any) -> ServerOptions:
    made = ServerOptions("10.0.0.3", 5432, "shop", "require", None, 7, True, True, False, sessions)
    return dataclasses.replace(made, **changed)


def use(given: ServerOptions, login: Login = ADMIN, statement: str = "SELECT 1") -> None:
    with session(given, login) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def test_a_login_has_one_connection_until_the_end(opened: list[FakeConnection]) -> None:
    with Sessions() as sessions:
        use(options(sessions))
        use(options(sessions, absent_allowed=True, connect_timeout=3))
        use(options(sessions), REPLICATION)
        use(options(sessions, database="other"))
        assert [one.parameters["user"] for one in opened] == ["admin", "debezium", "admin"]
        assert not any(one.closed for one in opened)
    assert all(one.closed for one in opened)


def test_without_sessions_each_use_has_its_own(opened: list[FakeConnection]) -> None:
    use(options(None))
    use(options(None))
    assert [one.closed for one in opened] == [True, True]


def test_a_connection_that_died_meanwhile_is_replaced(opened: list[FakeConnection]) -> None:
    sessions = Sessions()
    use(options(sessions))
    opened[0].dead = True
    use(options(sessions), statement="SELECT 2")
    assert [one.statements for one in opened] == [["SELECT 1"], ["SELECT 2"]]
    assert opened[0].closed


def test_a_connection_that_dies_during_its_use_is_an_error_and_then_replaced(opened: list[FakeConnection]) -> None:
    sessions = Sessions()

    def die() -> None:
        with session(options(sessions), ADMIN) as connection:
            opened[0].dead = True
            connection.execute("SELECT 1")

    with pytest.raises(DatabaseError, match="was lost"):
        die()
    use(options(sessions))
    assert len(opened) == 2


def test_a_transaction_that_was_left_open_is_not_lent_to_the_next(opened: list[FakeConnection]) -> None:
    sessions = Sessions()
    use(options(sessions))
    with session(options(sessions), ADMIN):
        opened[0].info.transaction_status = STATUS.INERROR
    use(options(sessions))
    assert opened[0].closed
    assert len(opened) == 2


def test_a_password_that_works_keeps_its_connection(opened: list[FakeConnection]) -> None:
    sessions = Sessions()
    assert password_works(options(sessions), REPLICATION)
    assert password_works(options(sessions), REPLICATION)
    use(options(sessions), REPLICATION)
    assert len(opened) == 1


def test_a_password_that_does_not_work_is_tried_again_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def connect(**parameters: t.Any) -> t.NoReturn:
        tries.append(parameters["user"])
        raise psycopg.OperationalError("FATAL:  password authentication failed for user")

    monkeypatch.setattr(psycopg, "connect", connect)
    sessions = Sessions()
    assert not password_works(options(sessions), REPLICATION)
    assert not password_works(options(sessions), REPLICATION)
    assert len(tries) == 2


def test_threads_take_turns(opened: list[FakeConnection]) -> None:
    sessions, inside, most = Sessions(), 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with session(options(sessions), ADMIN):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(opened), most) == (1, 1)


def test_sessions_do_not_make_options_different() -> None:
    assert options(Sessions()) == options(None)
    assert "sessions" not in repr(options(Sessions()))
