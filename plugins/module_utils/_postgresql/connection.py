# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to PostgreSQL, and their errors as messages.  PRIVATE to the collection."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import threading
import typing as t
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .._reconcile.engine import Library
from .._reconcile.errors import ReconcileError
from .._reconcile.secret import Secret
from .options import Login, ServerOptions

try:
    import psycopg
    from psycopg.rows import dict_row

    _ERROR: ImportError | None = None
except ImportError as error:
    _ERROR = error

PSYCOPG = Library("psycopg", _ERROR)

LOCK_TIMEOUT_SECONDS = 30
"""How long a statement waits for a lock."""

T = t.TypeVar("T")

Row = dict[str, t.Any]

Connection: t.TypeAlias = "psycopg.Connection[Row]"


class DatabaseError(ReconcileError):
    """PostgreSQL refused, or could not be reached."""


class LoginRefused(DatabaseError):
    """Wrong password, or no such role: PostgreSQL does not tell which (SQLSTATE 28P01)."""


class NotAdmitted(DatabaseError):
    """The password is right, but the role may not log in, has no CONNECT, or has too many connections."""


class DatabaseMissing(DatabaseError):
    """The server has no such database (SQLSTATE 3D000)."""


@dataclass
class _Kept:
    """The kept connection of one log-in; the lock is held while it is in use."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    connection: Connection | None = None


class Sessions:
    """One connection a log-in, kept until `close`, for everything that one plan asks of PostgreSQL.

    Usable from several threads: a log-in's connection is lent to one at a time.  Close before a database or the server is deleted,
    which open sessions would prevent.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[t.Any, ...], _Kept] = {}

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def lend(self, options: ServerOptions, login: Login) -> Iterator[Connection]:
        """The connection of `login`: the kept one if it still answers, else a new one.  Raises what a failed log-in raises."""
        key = (options.host, options.port, options.database, options.ssl_mode, options.ca_certificate, login)
        with self._lock:
            kept = self._kept.setdefault(key, _Kept())
        with kept.lock:
            connection = kept.connection
            if connection is None or not _answers(connection):
                kept.connection = None
                connection = kept.connection = _connect(options, login)
            try:
                yield connection
            finally:
                if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                    kept.connection = None
                    connection.close()

    def close(self) -> None:
        """Close all connections; a later use opens new ones."""
        with self._lock:
            everything = list(self._kept.values())
        for kept in everything:
            with kept.lock:
                connection, kept.connection = kept.connection, None
                if connection is not None:
                    connection.close()


def _answers(connection: Connection) -> bool:
    """Whether a kept connection still works; a restart of the server, or an operator, may have ended it.  Closes one that does not."""
    try:
        connection.execute("")
    except psycopg.Error:
        connection.close()
        return False
    return True


@contextlib.contextmanager
def session(options: ServerOptions, login: Login) -> Iterator[Connection]:
    """A connection as `login`, autocommit: a kept one if `options` has `sessions`, else one that is closed at the end.

    What psycopg raises inside becomes a DatabaseError.
    """
    lent = options.sessions.lend(options, login) if options.sessions else contextlib.closing(_connect(options, login))
    try:
        with lent as connection:
            yield connection
    except psycopg.Error as error:
        raise _statement_error(options, login, error) from error


def unless_absent(options: ServerOptions, look: Callable[[], T]) -> T | None:
    """What `look` sees; None where check mode may find server, database or login not there yet, because it only planned them."""
    if not options.server_exists:
        return None
    try:
        return look()
    except DatabaseMissing:
        if options.absent_allowed:
            return None
        raise
    except LoginRefused:
        if options.absent_allowed and not options.login_exists:
            return None
        raise


def unseen_warnings(options: ServerOptions) -> tuple[str, ...]:
    """What to say of a plan for which nothing could be read."""
    if not options.server_exists:
        return ()
    return (f"Check mode could not log in to database {options.database} at {options.host}, so everything in it is planned as new.",)


def password_works(options: ServerOptions, login: Login) -> bool:
    """Whether the server takes `login`'s password.

    What PostgreSQL checks after the password (may the role log in, has it CONNECT, are there too many connections) does not count.
    """
    try:
        with session(options, login):
            pass
    except LoginRefused:
        return False
    except (DatabaseMissing, NotAdmitted):
        return True
    return True


# libpq gives a failed log-in no SQLSTATE, so its text must do.  Cloud SQL's servers speak English.
_WRONG_PASSWORD = re.compile(r"password authentication failed")
_NO_DATABASE = re.compile(r'FATAL:\s+database ".*" does not exist')
_NOT_ADMITTED = re.compile(r"is not permitted to log in|permission denied for database|too many connections for role")


def _connect(options: ServerOptions, login: Login) -> Connection:
    try:
        with _certificate_file(options) as certificate:
            return psycopg.connect(
                host=options.host,
                port=options.port,
                dbname=options.database,
                user=login.user,
                password=login.password.reveal() if login.password else None,
                sslmode=options.ssl_mode,
                sslrootcert=certificate,
                connect_timeout=options.connect_timeout,
                gssencmode="disable",
                application_name="cdc.gcp",
                options=f"-c lock_timeout={LOCK_TIMEOUT_SECONDS}s",
                autocommit=True,
                row_factory=dict_row,
            )
    except psycopg.Error as error:
        raise _connect_error(options, login, error) from error


@contextlib.contextmanager
def _certificate_file(options: ServerOptions) -> Iterator[str | None]:
    """The CA certificate as a file of this user alone, for as long as the connection is being made: libpq reads it only then."""
    if not options.ca_certificate or options.ssl_mode == "disable":
        yield None
        return
    descriptor, path = tempfile.mkstemp(prefix="cdc-gcp-", suffix=".pem")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(options.ca_certificate)
        yield path
    finally:
        os.unlink(path)


def _connect_error(options: ServerOptions, login: Login, error: psycopg.Error) -> DatabaseError:
    where = f"{options.host}:{options.port} as {login.user} to database {options.database}"
    said = _one_line(str(error), login.password)
    if _WRONG_PASSWORD.search(said):
        return LoginRefused(f"Cannot log in at {where}: the password is wrong, or the role does not exist. Check both.")
    if _NO_DATABASE.search(said):
        return DatabaseMissing(f"Cannot log in at {where}: the database does not exist. Create it first, or correct login_db.")
    if _NOT_ADMITTED.search(said):
        return NotAdmitted(f"Cannot log in at {where}: the password is right, but {said.rpartition('FATAL: ')[2]}.")
    if isinstance(error, psycopg.errors.ConnectionTimeout) or "timeout expired" in said:
        advice = f"no answer within {options.connect_timeout} s. Is there a route to it, and does its firewall admit this machine?"
    elif "Connection refused" in said:
        advice = "connection refused. Is the server running, and is login_port correct?"
    elif "certificate verify failed" in said or "root certificate" in said or "SSL error" in said:
        advice = f"TLS failed ({said}). Is ca_certificate this server's own CA?"
    elif "too many" in said or "remaining connection slots" in said:
        advice = f"the server accepts no more connections ({said}). Run again later."
    else:
        advice = said
    return DatabaseError(f"Cannot log in at {where}: {advice}")


def _statement_error(options: ServerOptions, login: Login, error: psycopg.Error) -> DatabaseError:
    where = f"database {options.database} at {options.host}:{options.port}"
    parts = [part for part in (error.diag.message_primary, error.diag.message_detail, error.diag.message_hint) if part]
    said = "; ".join(" ".join(part.rstrip(".").split()) for part in parts) or _one_line(str(error), login.password)
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return DatabaseError(f"{login.user} lacks a privilege in {where}: {said}.", sqlstate=error.sqlstate)
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return DatabaseError(
            f"Waited {LOCK_TIMEOUT_SECONDS} s for a lock in {where}: {said}. See who holds it in pg_stat_activity, then run again.",
            sqlstate=error.sqlstate,
        )
    if error.sqlstate is None:
        return DatabaseError(f"The connection of {login.user} to {where} was lost: {said}. Run again.")
    return DatabaseError(f"{login.user} could not change {where}: {said} (SQLSTATE {error.sqlstate}).", sqlstate=error.sqlstate)


def _one_line(text: str, password: Secret | None) -> str:
    line = " ".join(text.split())
    return line.replace(password.reveal(), "(hidden)") if password else line
