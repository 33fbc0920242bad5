# SPDX-License-Identifier: GPL-3.0-or-later
"""A role's attributes, memberships and privileges, read from catalogs that Cloud SQL lets everybody read.  PRIVATE to the collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .._database_rules import RESERVED_ROLE
from .._reconcile.errors import InvalidInput
from .._table_name import TableName
from .connection import Connection
from .tables import columns


@dataclass(frozen=True)
class Role:
    """A role that exists.

    extra: attributes that a replication user does not need, in SQL's words.
    password_expired: VALID UNTIL has passed; PostgreSQL then calls every password wrong.
    member_of: roles that it is directly a member of.
    expires: VALID UNTIL that is still to come.  connection_limit: None for none.
    """

    login: bool
    replication: bool
    extra: tuple[str, ...]
    password_expired: bool
    member_of: tuple[str, ...]
    expires: str | None = None
    connection_limit: int | None = None


@dataclass(frozen=True)
class Privilege:
    """A privilege on one object.  held: by the role, directly or through PUBLIC or a membership.  grantable: by the login that asked."""

    held: bool
    grantable: bool
    owner: str


@dataclass(frozen=True)
class Privileges:
    """What a role may do in one database.

    schemas: USAGE on each schema that exists.  tables: SELECT on each table that exists.
    other_tables: further tables on which SELECT, and nothing else, was granted to the role itself.  Debezium's own tables are not
    among them, for it may also insert there.
    """

    connect: Privilege
    schemas: Mapping[str, Privilege]
    tables: Mapping[TableName, Privilege]
    other_tables: Mapping[TableName, Privilege]


def check_name(name: str, *logins: str | None) -> None:
    """Raise for a role that cannot be the replication user: whatever changed its password would lock somebody else out."""
    if RESERVED_ROLE.fullmatch(name):
        raise InvalidInput(
            f"{name} cannot be the replication user, because it is a role of Cloud SQL or PostgreSQL itself. "
            "Give Debezium a user of its own."
        )
    if name in logins:
        raise InvalidInput(
            f"{name} cannot be the replication user, because it is also login_user or owner_user, whose password would be replaced. "
            "Give Debezium a user of its own."
        )


BYPASSRLS = "BYPASSRLS"
_EXTRA = {"rolsuper": "SUPERUSER", "rolcreaterole": "CREATEROLE", "rolcreatedb": "CREATEDB", "rolbypassrls": BYPASSRLS}


def read_role(connection: Connection, name: str) -> Role | None:
    """The role `name`, or None when there is none."""
    row = connection.execute(
        "SELECT oid, rolcanlogin, rolreplication, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, "
        "coalesce(rolvaliduntil <= now(), false) AS expired, nullif(rolconnlimit, -1) AS connection_limit, "
        "CASE WHEN rolvaliduntil > now() AND isfinite(rolvaliduntil) THEN rolvaliduntil::text END AS expires "
        "FROM pg_roles WHERE rolname = %s",
        [name],
    ).fetchone()
    if row is None:
        return None
    groups = connection.execute(
        "SELECT DISTINCT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = %s ORDER BY 1", [row["oid"]]
    ).fetchall()
    extra = tuple(word for column, word in _EXTRA.items() if row[column])
    return Role(
        login=row["rolcanlogin"],
        replication=row["rolreplication"],
        extra=extra,
        password_expired=row["expired"],
        member_of=tuple(group["rolname"] for group in groups),
        expires=row["expires"],
        connection_limit=row["connection_limit"],
    )


# Role 0 is PUBLIC: a role that is not there yet will at least have what everybody has.
_DATABASE = """
SELECT has_database_privilege(role.oid, d.oid, 'CONNECT') AS held, has_database_privilege(d.oid, 'CONNECT WITH GRANT OPTION') AS grantable,
       pg_get_userbyid(d.datdba) AS owner
FROM pg_database d, (SELECT coalesce((SELECT oid FROM pg_roles WHERE rolname = %(role)s), 0) AS oid) role
WHERE d.datname = current_database()
"""

_SCHEMAS = """
SELECT n.nspname AS schema, has_schema_privilege(role.oid, n.oid, 'USAGE') AS held,
       has_schema_privilege(n.oid, 'USAGE WITH GRANT OPTION') AS grantable, pg_get_userbyid(n.nspowner) AS owner
FROM pg_namespace n, (SELECT coalesce((SELECT oid FROM pg_roles WHERE rolname = %(role)s), 0) AS oid) role
WHERE n.nspname = ANY(%(schemas)s) ORDER BY 1
"""

_TABLES = """
SELECT n.nspname AS schema, c.relname AS table, has_table_privilege(role.oid, c.oid, 'SELECT') AS held,
       has_table_privilege(c.oid, 'SELECT WITH GRANT OPTION') AS grantable, pg_get_userbyid(c.relowner) AS owner
FROM unnest(%(schemas)s::text[], %(tables)s::text[]) AS wanted (schema_name, table_name)
JOIN pg_namespace n ON n.nspname = wanted.schema_name
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.table_name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
CROSS JOIN (SELECT coalesce((SELECT oid FROM pg_roles WHERE rolname = %(role)s), 0) AS oid) role
"""

_OTHER_TABLES = """
SELECT n.nspname AS schema, c.relname AS table, true AS held,
       has_table_privilege(c.oid, 'SELECT WITH GRANT OPTION') AS grantable, pg_get_userbyid(c.relowner) AS owner
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND ARRAY['SELECT'] = ARRAY(
      SELECT DISTINCT acl.privilege_type FROM aclexplode(c.relacl) acl JOIN pg_roles r ON r.oid = acl.grantee WHERE r.rolname = %(role)s)
ORDER BY 1, 2
"""


def read_privileges(connection: Connection, role: str, tables: Sequence[TableName]) -> Privileges:
    """What `role` may do in the connection's database, and what the connection's own role may grant there."""
    parameters = {"role": role, **columns(tables)}
    (connect,) = connection.execute(_DATABASE, parameters).fetchall()
    schemas = connection.execute(_SCHEMAS, parameters).fetchall()

    def by_name(query: str) -> dict[TableName, Privilege]:
        rows = connection.execute(query, parameters).fetchall()
        return {TableName(row["schema"], row["table"]): Privilege(row["held"], row["grantable"], row["owner"]) for row in rows}

    found = by_name(_TABLES)
    others = {name: privilege for name, privilege in by_name(_OTHER_TABLES).items() if name not in set(tables)}
    return Privileges(
        Privilege(connect["held"], connect["grantable"], connect["owner"]),
        {row["schema"]: Privilege(row["held"], row["grantable"], row["owner"]) for row in schemas},
        {name: found[name] for name in tables if name in found},
        others,
    )
