"""The SQL that Cloud SQL runs as its own superuser: the roles of a fresh instance, and the users and databases of the Admin API.

What each role may do is Google's rule (Cloud SQL for PostgreSQL, "About PostgreSQL users and roles").  One thing differs: `postgres`
has REPLICATION here, since only Cloud SQL's patched server lets a member of cloudsqlsuperuser without it create replication users.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

SUPERUSER_GROUP = "cloudsqlsuperuser"
IAM_GROUP = "cloudsqliamserviceaccount"
OWN_ROLES = (
    "cloudsqladmin",
    SUPERUSER_GROUP,
    IAM_GROUP,
    "cloudsqlagent",
    "cloudsqlimportexport",
    "cloudsqlreplica",
    "cloudsqlconnpooladmin",
)
"""Roles of Cloud SQL itself: the Admin API neither lists nor changes them."""
OWN_DATABASES = ("cloudsqladmin", "template0", "template1")

Connection = psycopg.Connection[tuple[Any, ...]]


def create_initial(connection: Connection) -> None:
    """Give a fresh cluster the roles and databases that a fresh Cloud SQL instance has."""
    for role, attributes in (
        (SUPERUSER_GROUP, "NOLOGIN CREATEROLE CREATEDB"),
        ("cloudsqlagent", "NOLOGIN CREATEROLE CREATEDB"),
        ("cloudsqlimportexport", "NOLOGIN CREATEROLE CREATEDB"),
        (IAM_GROUP, "NOLOGIN"),
        ("cloudsqlreplica", "NOLOGIN REPLICATION"),
        ("postgres", "LOGIN CREATEROLE CREATEDB REPLICATION"),
    ):
        connection.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(role), sql.SQL(attributes)))
    connection.execute("GRANT pg_monitor TO cloudsqlsuperuser")
    connection.execute("GRANT cloudsqlsuperuser TO postgres WITH ADMIN OPTION")
    connection.execute("ALTER DATABASE postgres OWNER TO cloudsqlsuperuser")
    connection.execute("CREATE DATABASE cloudsqladmin")
    connection.execute("REVOKE CONNECT ON DATABASE cloudsqladmin FROM PUBLIC")


def create_user(connection: Connection, name: str, password: str | None, database_roles: Sequence[str] = ()) -> None:
    """Create a user as the Admin API does.

    database_roles: roles to be a member of instead of cloudsqlsuperuser; whether Cloud SQL's own default stays is not documented.
    """
    query = sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB IN ROLE {}").format(
        sql.Identifier(name), sql.SQL(", ").join(sql.Identifier(role) for role in database_roles or (SUPERUSER_GROUP,))
    )
    if password is not None:
        query += sql.SQL(" PASSWORD {}").format(sql.Literal(_verifier(connection, name, password)))
    connection.execute(query)


def create_iam_user(connection: Connection, name: str) -> None:
    """Create a user whom IAM authenticates: no password, and no privilege but LOGIN."""
    connection.execute(sql.SQL("CREATE ROLE {} LOGIN IN ROLE {}").format(sql.Identifier(name), sql.Identifier(IAM_GROUP)))


def set_password(connection: Connection, name: str, password: str) -> None:
    """Set a user's password.  Only its SCRAM verifier reaches the server, so no log can contain the password."""
    verifier = _verifier(connection, name, password)
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(verifier)))


def grant(connection: Connection, name: str, database_roles: Sequence[str], revoke_others: bool) -> None:
    """Make a user a member of `database_roles`, and of no other role when `revoke_others` is true."""
    if revoke_others:
        for role in memberships(connection, name):
            if role not in database_roles:
                connection.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(role), sql.Identifier(name)))
    for role in database_roles:
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(name)))


def memberships(connection: Connection, name: str) -> list[str]:
    """Roles that a role is a direct member of."""
    query = (
        "SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid "
        "WHERE m.member = (SELECT oid FROM pg_roles WHERE rolname = %s)"
    )
    return sorted(row[0] for row in connection.execute(query, [name]))


def drop_user(connection: Connection, name: str) -> None:
    """Drop a user; psycopg.errors.DependentObjectsStillExist when it owns something."""
    connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def users(connection: Connection) -> list[str]:
    """Names of the roles that the Admin API lists: those that may log in, less Cloud SQL's own."""
    rows = connection.execute("SELECT rolname FROM pg_roles WHERE rolcanlogin ORDER BY rolname")
    return [name for (name,) in rows if name not in OWN_ROLES]


def create_database(connection: Connection, name: str) -> None:
    """Create a database as the Admin API does: it belongs to cloudsqlsuperuser."""
    connection.execute(sql.SQL("CREATE DATABASE {} OWNER cloudsqlsuperuser").format(sql.Identifier(name)))


def drop_database(connection: Connection, name: str) -> None:
    """Drop a database; psycopg.errors.ObjectInUse while somebody is connected to it."""
    connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def databases(connection: Connection) -> dict[str, str]:
    """Name and character set of each database that the Admin API lists."""
    rows = connection.execute("SELECT datname, pg_encoding_to_char(encoding) FROM pg_database ORDER BY oid")
    return {name: charset for name, charset in rows if name not in OWN_DATABASES}


def _verifier(connection: Connection, name: str, password: str) -> str:
    """The SCRAM-SHA-256 verifier of a password, computed here."""
    return connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
