# SPDX-License-Identifier: GPL-3.0-or-later
"""What PostgreSQL's answers to a log-in become, and how the CA certificate is handed over."""

from __future__ import annotations

import os
import socket
import time
import typing as t

import psycopg
import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql import connection
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.connection import (
    DatabaseError,
    DatabaseMissing,
    LoginRefused,
    NotAdmitted,
    password_works,
    session,
)
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.options import Login, ServerOptions
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.secret import Secret

OPTIONS = ServerOptions("10.0.0.3", 5432, "shop", "verify-ca", "PEM", 7, True, True, False)
LOGIN = Login("debezium", Secret("sec ret"))
PREFIX = 'connection failed: connection to server at "10.0.0.3", port 5432 failed: '


def refuse(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    def connect(**parameters: t.Any) -> t.NoReturn:
        raise psycopg.OperationalError(PREFIX + text)

    monkeypatch.setattr(psycopg, "connect", connect)


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ('FATAL:  password authentication failed for user "debezium"', LoginRefused, "the password is wrong, or the role does not exist"),
        ('FATAL:  database "shop" does not exist', DatabaseMissing, "the database does not exist"),
        ('FATAL:  role "debezium" is not permitted to log in', NotAdmitted, 'right, but role "debezium" is not permitted to log in.'),
        (
            'FATAL:  permission denied for database "shop"\nDETAIL:  User does not have CONNECT privilege.',
            NotAdmitted,
            "does not have CONNECT privilege",
        ),
        ("Connection refused\n\tIs the server running on that host?", DatabaseError, "connection refused"),
        ("SSL error: certificate verify failed", DatabaseError, "Is ca_certificate this server's own CA?"),
        ("FATAL:  sorry, too many clients already", DatabaseError, "no more connections"),
        ("FATAL:  no pg_hba.conf entry for host", DatabaseError, "no pg_hba.conf entry"),
        ("something about sec ret", DatabaseError, "something about (hidden)"),
    ],
)
def test_a_failed_login_is_one_sentence(monkeypatch: pytest.MonkeyPatch, text: str, kind: type[DatabaseError], said: str) -> None:
    refuse(monkeypatch, text)

    with pytest.raises(DatabaseError) as raised, session(OPTIONS, LOGIN):
        pass

    assert type(raised.value) is kind
    assert said in raised.value.message
    assert raised.value.message.startswith("Cannot log in at 10.0.0.3:5432 as debezium to database shop: ")
    assert "sec ret" not in raised.value.message
    assert "\n" not in raised.value.message


@pytest.mark.parametrize(
    ("text", "works"),
    [
        ('FATAL:  password authentication failed for user "debezium"', False),
        ('FATAL:  role "debezium" is not permitted to log in', True),
        ('FATAL:  permission denied for database "shop"', True),
        ('FATAL:  too many connections for role "debezium"', True),
    ],
)
def test_what_comes_after_the_password_does_not_make_it_wrong(monkeypatch: pytest.MonkeyPatch, text: str, works: bool) -> None:
    refuse(monkeypatch, text)

    assert password_works(OPTIONS, LOGIN) is works


def test_a_server_that_cannot_be_asked_does_not_make_the_password_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "Connection refused")

    with pytest.raises(DatabaseError):
        password_works(OPTIONS, LOGIN)


def test_the_certificate_is_a_private_file_only_while_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, t.Any] = {}

    def connect(**parameters: t.Any) -> t.NoReturn:
        path = parameters["sslrootcert"]
        with open(path) as file:
            seen.update(parameters, mode=os.stat(path).st_mode & 0o777, content=file.read())
        raise psycopg.OperationalError("no")

    monkeypatch.setattr(psycopg, "connect", connect)
    with pytest.raises(DatabaseError), session(OPTIONS, LOGIN):
        pass

    assert (seen["mode"], seen["content"]) == (0o600, "PEM")
    assert (seen["sslmode"], seen["connect_timeout"], seen["password"]) == ("verify-ca", 7, "sec ret")
    assert not os.path.exists(seen["sslrootcert"])


def test_without_psycopg_a_module_says_so(monkeypatch: pytest.MonkeyPatch, run_module: t.Any) -> None:
    from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import Library
    from ansible_collections.cdc.gcp.plugins.modules import postgresql_publication

    monkeypatch.setattr(postgresql_publication, "PSYCOPG", Library(connection.PSYCOPG.name, ImportError("No module named 'psycopg'")))

    result = run_module(postgresql_publication, login_user="app", login_db="shop", name="dbz", tables=["public.orders"])

    assert result["failed"]
    assert "psycopg" in result["msg"]


def test_a_server_that_never_answers_ends_after_the_connect_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        options = ServerOptions("127.0.0.1", silent.getsockname()[1], "shop", "require", None, 2, True, True, False)
        started = time.monotonic()
        with pytest.raises(DatabaseError, match="no answer within 2 s. Is there a route to it"), session(options, LOGIN):
            pass
    assert time.monotonic() - started < 6
