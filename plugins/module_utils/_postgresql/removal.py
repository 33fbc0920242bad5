# SPDX-License-Identifier: GPL-3.0-or-later
"""Dropping the replication user, with its grants.  PRIVATE to the collection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._reconcile.errors import Refused
from .._reconcile.plan import Action, Plan
from .connection import Connection, Sessions, session, unless_absent
from .options import Login, ServerOptions, login
from .role import check_name
from .slots import drop_first, left_unread, read_slots
from .statements import Execute, execute, statement


@dataclass(frozen=True)
class Dependencies:
    """What depends on the role.

    streams: replication slots that its sessions read.  slots: idle ones of this database, as left_unread() has them.
    owned: objects it owns, in this database.
    databases: other databases in which it owns something or has privileges.
    """

    streams: tuple[str, ...]
    slots: tuple[str, ...]
    owned: tuple[str, ...]
    databases: tuple[str, ...]


@dataclass(frozen=True)
class ReplicationUserRemoval:
    """A replication user that is to be dropped.

    owner: a second login, which revokes the grants that it gave.  drop_owned: drop what the role owns, too.
    ignore_slots: slots of the database that Debezium reads as another role.
    """

    options: ServerOptions
    admin: Login
    owner: Login | None
    name: str
    drop_owned: bool
    ignore_slots: tuple[str, ...]

    @classmethod
    def from_params(cls, params: Mapping[str, Any], check_mode: bool, sessions: Sessions | None = None) -> ReplicationUserRemoval:
        """From the parameters of the module postgresql_replication_user."""
        check_name(params["name"], params["login_user"], params["owner_user"])
        return cls(
            options=ServerOptions.from_params(params, check_mode, sessions),
            admin=login(params),
            owner=login(params, "owner") if params["owner_user"] else None,
            name=params["name"],
            drop_owned=params["drop_owned"],
            ignore_slots=tuple(params["ignore_slots"]),
        )

    @property
    def title(self) -> str:
        return f"replication user {self.name}"

    def read(self) -> Dependencies | None:
        return unless_absent(self.options, self._read)

    def _read(self) -> Dependencies | None:
        with session(self.options, self.admin) as connection:
            row = connection.execute("SELECT oid FROM pg_roles WHERE rolname = %s", [self.name]).fetchone()
            if row is None:
                return None
            oid, slots = row["oid"], read_slots(connection)
            # A slot that another role reads now does not need this one.
            idle = [slot for slot in slots if not slot.active]
            return Dependencies(
                streams=tuple(slot.name for slot in slots if slot.reader == self.name),
                slots=tuple(left_unread(idle, self.options.database, self.ignore_slots)),
                owned=_names(connection, _OWNED, oid),
                databases=_names(connection, _OTHER_DATABASES, oid),
            )

    def plan(self, observed: Dependencies | None) -> Plan:
        if observed is None:
            return Plan(None, None)
        if observed.streams:
            raise Refused(f"Role {self.name} is reading replication slot {', '.join(observed.streams)}; stop Debezium first.")
        if observed.slots:
            raise Refused(
                f"Replication slot {', '.join(observed.slots)} of database {self.options.database} is left, and Debezium reads it as "
                f"{self.name}. {drop_first(observed.slots)}"
            )
        if observed.owned and not self.drop_owned:
            raise Refused(f"Role {self.name} owns {', '.join(observed.owned)}; reassign them, or set drop_owned=true to drop them.")
        if observed.databases:
            raise Refused(
                f"Role {self.name} owns objects or has privileges in database {', '.join(observed.databases)}; "
                "run this task with that login_db first."
            )
        return Plan({"name": self.name, "owned": list(observed.owned)}, None, tuple(self._actions()))

    def _actions(self) -> Iterator[Execute]:
        """DROP OWNED revokes what the login that runs it granted, and needs the rights of the role, therefore the memberships."""
        drop_owned = statement("DROP OWNED BY {}", self.name)
        if self.owner:
            owner = self.owner.user
            yield Execute(f"let {owner} act for {self.name}", self.admin, (statement("GRANT {} TO {}", self.name, owner),))
            yield Execute(f"revoke what {owner} granted to {self.name}", self.owner, (drop_owned,))
        join, drop = statement("GRANT {} TO CURRENT_USER", self.name), statement("DROP ROLE {}", self.name)
        yield Execute(f"drop role {self.name}", self.admin, (join, drop_owned, drop))

    def apply(self, action: Action) -> None:
        execute(self.options, action)

    def facts(self, observed: Dependencies | None) -> Mapping[str, Any]:
        return {"name": self.name, "exists": observed is not None}


_OWNED = """
SELECT pg_describe_object(classid, objid, objsubid) AS name
FROM pg_shdepend
WHERE refclassid = 'pg_authid'::regclass AND refobjid = %s AND deptype = 'o'
  AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
ORDER BY 1
"""

_OTHER_DATABASES = """
SELECT DISTINCT d.datname AS name FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid
WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = %s AND d.datname <> current_database() ORDER BY 1
"""


def _names(connection: Connection, query: str, parameter: Any) -> tuple[str, ...]:
    return tuple(row["name"] for row in connection.execute(query, [parameter]).fetchall())
