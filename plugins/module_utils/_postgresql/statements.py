# SPDX-License-Identifier: GPL-3.0-or-later
"""The one kind of action on PostgreSQL: some statements in one transaction.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .._reconcile.plan import Action
from .._reconcile.secret import Secret
from .connection import session
from .options import Login, ServerOptions

try:
    from psycopg import sql
except ImportError:
    pass  # connection.PSYCOPG reports it before anything here is called

if t.TYPE_CHECKING:
    from .connection import Connection

Statement: t.TypeAlias = "sql.Composed"


@dataclass(frozen=True)
class Execute(Action):
    """Statements that `login` executes; all of them happen, or none.

    set_password: role and password that a last statement sets.  Only the SCRAM verifier, computed here, goes to the server, so that
    neither a statement nor the server's log has the password.
    """

    login: Login
    statements: tuple[Statement, ...] = ()
    set_password: tuple[str, Secret] | None = None


def execute(options: ServerOptions, action: Action) -> None:
    """Do one `Execute`."""
    if not isinstance(action, Execute):
        raise AssertionError(f"not an action on PostgreSQL: {action.summary}")
    with session(options, action.login) as connection, connection.transaction():
        for statement in action.statements:
            connection.execute(statement)
        if action.set_password:
            connection.execute(_password_statement(connection, *action.set_password))


def _password_statement(connection: Connection, role: str, password: Secret) -> Statement:
    verifier = connection.pgconn.encrypt_password(password.reveal().encode(), role.encode(), b"scram-sha-256")
    return sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier.decode()))


def statement(template: t.LiteralString, *parts: str | Statement) -> Statement:
    """A statement; each `{}` of `template` is an identifier (a string) or a ready part."""
    return sql.SQL(template).format(*(sql.Identifier(part) if isinstance(part, str) else part for part in parts))


def identifiers(names: Iterable[Sequence[str]]) -> Statement:
    """Qualified identifiers with commas between them."""
    return sql.SQL(", ").join(sql.Identifier(*name) for name in names)


def literal(text: str) -> Statement:
    """A text as a value, for statements that take no parameters."""
    return sql.Composed([sql.Literal(text)])


def literals(texts: Iterable[str]) -> Statement:
    """Texts as an array, for statements that take no parameters."""
    return sql.Composed([sql.Literal(list(texts))])


def only(names: Iterable[Sequence[str]]) -> Statement:
    """Tables without their children by INHERITS, which a publication would otherwise take along."""
    return sql.SQL(", ").join(sql.SQL("ONLY {}").format(sql.Identifier(*name)) for name in names)


def keywords(words: t.LiteralString) -> Statement:
    """Words of SQL itself."""
    return sql.Composed([sql.SQL(words)])
