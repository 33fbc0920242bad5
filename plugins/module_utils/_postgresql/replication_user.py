# SPDX-License-Identifier: GPL-3.0-or-later
"""The role that Debezium logs in as: attributes, password, and the few grants that it needs.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .._reconcile.errors import InvalidInput, ReconcileError, Refused
from .._reconcile.plan import Action, Plan
from .._reconcile.secret import Secret
from .._table_name import TableName, parse_tables
from .connection import Sessions, password_works, session, unless_absent, unseen_warnings
from .options import Login, ServerOptions, login
from .role import BYPASSRLS, Privilege, Privileges, Role, check_name, read_privileges, read_role
from .settings import setting, wal_level_message
from .slots import read_slots
from .statements import Execute, Statement, execute, identifiers, keywords, statement
from .tables import has_row_security, not_there_yet

SUPERUSER_GROUP = "cloudsqlsuperuser"
CONNECTIONS = 4
"""Connections of one Debezium Server at the same time: the stream, the connector's queries, the heartbeat's, and the offset table's."""
UNKNOWN = Secret("")
"""Stands for a password that is not the wanted one."""


@dataclass(frozen=True)
class Observed:
    """What is there.

    password_works: whether the wanted password logs in; None if it was not tried.
    streams: replication slots that sessions of the role read now.
    owner_privileges: as `privileges`, but with what the owner's login may grant; None when that login was not needed.
    row_security: a table that it reads has row level security.
    """

    role: Role | None
    password_works: bool | None
    privileges: Privileges
    owner_privileges: Privileges | None
    wal_level: str
    server_version: str
    streams: tuple[str, ...] = ()
    row_security: bool = False


@dataclass(frozen=True)
class ReplicationUser:
    """The replication user as wanted.

    tables: those that it may SELECT from; None leaves grants on tables alone.
    owner: a second login, for grants that only the tables' owner may give.
    check_password: compare the password by logging in with it.
    slot_name: the pipeline's replication slot; a role that reads another one is not changed.  None does not look.
    """

    options: ServerOptions
    admin: Login
    owner: Login | None
    name: str
    password: Secret | None
    check_password: bool
    tables: tuple[TableName, ...] | None
    revoke_others: bool
    revoke_cloudsqlsuperuser: bool
    slot_name: str | None = None

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any], check_mode: bool, sessions: Sessions | None = None) -> ReplicationUser:
        """From the parameters of the module postgresql_replication_user."""
        if params["password"] == "":
            raise InvalidInput("password is empty; PostgreSQL refuses log-ins with an empty password.")
        check_name(params["name"], params["login_user"], params["owner_user"])
        return cls(
            options=ServerOptions.from_params(params, check_mode, sessions),
            admin=login(params),
            owner=login(params, "owner") if params["owner_user"] else None,
            name=params["name"],
            password=Secret(params["password"]) if params["password"] else None,
            check_password=params["password_check"] == "login",
            tables=None if params["tables"] is None else parse_tables(params["tables"]),
            revoke_others=params["revoke_others"],
            revoke_cloudsqlsuperuser=params["revoke_cloudsqlsuperuser"],
            slot_name=params["slot_name"] or None,
        )

    @property
    def title(self) -> str:
        return f"replication user {self.name}"

    def read(self) -> Observed | None:
        return unless_absent(self.options, self._read)

    def _read(self) -> Observed:
        tables = self.tables or ()
        with session(self.options, self.admin) as connection:
            role = read_role(connection, self.name)
            privileges = read_privileges(connection, self.name, tables)
            streams = tuple(slot.name for slot in read_slots(connection) if slot.reader == self.name)
            wal_level, server_version = setting(connection, "wal_level"), setting(connection, "server_version")
            row_security = bool(role and BYPASSRLS in role.extra) and has_row_security(connection, tables)
        owner_privileges = None
        if self.owner and any(not privilege.grantable for privilege in self._wanting(privileges)):
            with session(self.options, self.owner) as connection:
                owner_privileges = read_privileges(connection, self.name, tables)
        works = None
        if role and self.password and self.check_password:
            works = password_works(self.options, Login(self.name, self.password))
        return Observed(role, works, privileges, owner_privileges, wal_level, server_version, streams, row_security)

    def plan(self, observed: Observed | None) -> Plan:
        if observed is None:
            return self._plan_unseen()
        if observed.wal_level != "logical" and not self.options.absent_allowed:
            raise ReconcileError(wal_level_message(observed.wal_level))
        alter, revoke = list(self._role_actions(observed)), list(self._revoke_actions(observed.privileges))
        self._check_streams(observed, [*alter, *revoke])
        actions = [*alter, *self._grant_actions(observed), *revoke]
        return Plan(
            before=self._state(observed) if observed.role else None,
            after=self._wanted_state(observed),
            actions=tuple(actions),
            warnings=tuple(self._warnings(observed)),
            facts={"pending_tables": [str(name) for name in self._pending(observed.privileges)]},
        )

    def apply(self, action: Action) -> None:
        execute(self.options, action)

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        role = observed.role if observed else None
        return {
            "name": self.name,
            "exists": role is not None,
            "member_of": list(role.member_of) if role else [],
            "granted_tables": [str(name) for name, one in observed.privileges.tables.items() if one.held] if observed else [],
            "wal_level": observed.wal_level if observed else None,
            "server_version": observed.server_version if observed else None,
        }

    # The role itself

    def _plan_unseen(self) -> Plan:
        """Server, database or login do not exist yet, so everything is planned."""
        create = self._create()
        tables = [str(name) for name in self.tables or ()]
        after = {"name": self.name, "login": True, "replication": True, "password": self.password, "connect": True}
        return Plan(None, after, (create,), unseen_warnings(self.options), {"pending_tables": tables})

    def _create(self) -> Execute:
        if self.password is None:
            raise InvalidInput(f"Role {self.name} does not exist yet; password is required to create it.")
        create = statement("CREATE ROLE {} LOGIN REPLICATION", self.name)
        return Execute(f"create role {self.name} with LOGIN REPLICATION", self.admin, (create,), (self.name, self.password))

    def _role_actions(self, observed: Observed) -> t.Iterator[Execute]:
        role = observed.role
        if role is None:
            yield self._create()
            return
        words = _differing_attributes(role)
        if words:
            yield Execute(f"alter role {self.name}: {words}", self.admin, (statement("ALTER ROLE {} {}", self.name, keywords(words)),))
        # An expired password is refused whether or not it is right, so it is set again together with its expiry.
        if observed.password_works is False and self.password:
            yield Execute(f"set the password of role {self.name}", self.admin, set_password=(self.name, self.password))
        if self.revoke_cloudsqlsuperuser and SUPERUSER_GROUP in role.member_of:
            revoke = statement("REVOKE {} FROM {}", SUPERUSER_GROUP, self.name)
            yield Execute(f"revoke membership in {SUPERUSER_GROUP} from {self.name}", self.admin, (revoke,))

    def _check_streams(self, observed: Observed, changes: Sequence[Execute]) -> None:
        """Refuse what would break another pipeline's log-in: a role belongs to the whole instance."""
        others = [name for name in observed.streams if name != self.slot_name]
        if self.slot_name and others and changes:
            raise Refused(
                f"Role {self.name} is reading replication slot {', '.join(others)}, and this pipeline's is {self.slot_name}: another "
                f"pipeline logs in with it, and would fail after this change ({'; '.join(change.summary for change in changes)}). "
                "Give each pipeline a replication user of its own (cdc_replication_user, name), or stop the other one first.",
                other_slots=others,
            )

    # Grants

    def _wanting(self, privileges: Privileges) -> list[Privilege]:
        return [one for one in (privileges.connect, *privileges.schemas.values(), *privileges.tables.values()) if not one.held]

    def _grant_actions(self, observed: Observed) -> t.Iterator[Execute]:
        """One action for each login that gives grants: the admin's first."""
        given: dict[Login, list[tuple[str, Statement]]] = {self.admin: []}
        here, there = observed.privileges, observed.owner_privileges

        def give(what: str, one: Privilege, other: Privilege | None, grant: Statement) -> None:
            given.setdefault(self._grantor(what, one, other), []).append((what, grant))

        if not here.connect.held:
            what = f"CONNECT on database {self.options.database}"
            grant = statement("GRANT CONNECT ON DATABASE {} TO {}", self.options.database, self.name)
            give(what, here.connect, there.connect if there else None, grant)
        for schema, one in here.schemas.items():
            if not one.held:
                grant = statement("GRANT USAGE ON SCHEMA {} TO {}", schema, self.name)
                give(f"USAGE on schema {schema}", one, there.schemas.get(schema) if there else None, grant)
        for name, one in here.tables.items():
            if not one.held:
                grant = statement("GRANT SELECT ON {} TO {}", identifiers([(name.schema, name.table)]), self.name)
                give(f"SELECT on {name}", one, there.tables.get(name) if there else None, grant)
        for grantor, grants in given.items():
            if grants:
                yield Execute(f"grant {', '.join(what for what, _ in grants)} to {self.name}", grantor, tuple(grant for _, grant in grants))

    def _grantor(self, what: str, one: Privilege, other: Privilege | None) -> Login:
        if one.grantable:
            return self.admin
        if self.owner and other and other.grantable:
            return self.owner
        tried = f"neither {self.admin.user} nor {self.owner.user} may" if self.owner else f"{self.admin.user} may not"
        raise Refused(
            f"{self.name} needs {what}, which belongs to {one.owner}, and {tried} grant it. "
            f"Set owner_user and owner_password to the log-in of {one.owner} or of a member of it."
        )

    def _revoke_actions(self, privileges: Privileges) -> t.Iterator[Execute]:
        if self.tables is None or not self.revoke_others:
            return
        by_login: dict[Login, list[TableName]] = {}
        for name, one in privileges.other_tables.items():
            grantor = self.admin if one.grantable or not self.owner else self.owner
            by_login.setdefault(grantor, []).append(name)
        for grantor, names in by_login.items():
            revoke = statement("REVOKE SELECT ON {} FROM {}", identifiers((name.schema, name.table) for name in names), self.name)
            listed = ", ".join(map(str, names))
            yield Execute(f"revoke from {self.name} SELECT on {listed}", grantor, (revoke,))

    # What a person sees

    def _pending(self, privileges: Privileges) -> list[TableName]:
        return [name for name in self.tables or () if name not in privileges.tables]

    def _warnings(self, observed: Observed) -> t.Iterator[str]:
        if observed.wal_level != "logical":
            yield wal_level_message(observed.wal_level)
        role, privileges = observed.role, observed.privileges
        # Row level security is a reason for BYPASSRLS; so it may be where the tables are not known.
        extra = [word for word in (role.extra if role else ()) if word != BYPASSRLS or not (observed.row_security or self.tables is None)]
        if extra:
            yield f"Role {self.name} has {', '.join(extra)}, which a replication user does not need; this module does not revoke it."
        if role and SUPERUSER_GROUP in role.member_of and not self.revoke_cloudsqlsuperuser:
            yield (
                f"Role {self.name} is a member of {SUPERUSER_GROUP}, which a replication user does not need; "
                "revoke_cloudsqlsuperuser=true revokes it."
            )
        if role and role.expires:
            yield (
                f"The password of role {self.name} expires at {role.expires}; Debezium fails at its next connection after that. "
                f"ALTER ROLE {self.name} VALID UNTIL 'infinity' prevents it."
            )
        if role and role.connection_limit is not None and role.connection_limit < CONNECTIONS:
            yield (
                f"Role {self.name} may have only {role.connection_limit} connections at a time, and Debezium has one each for the stream, "
                "its queries, heartbeats and offsets; without them it fails. "
                f"ALTER ROLE {self.name} CONNECTION LIMIT -1 removes the limit."
            )
        if self.tables is not None and privileges.other_tables and not self.revoke_others:
            names = ", ".join(map(str, privileges.other_tables))
            yield f"Role {self.name} may also SELECT from {names}, which are not captured here; revoke_others=true revokes it."
        pending = self._pending(privileges)
        if pending:
            yield not_there_yet(pending)

    def _state(self, observed: Observed) -> dict[str, t.Any]:
        role, privileges = observed.role, observed.privileges
        if role is None:
            raise AssertionError("the query always gives a row")
        return {
            "name": self.name,
            "login": role.login,
            "replication": role.replication,
            "password": UNKNOWN if observed.password_works is False else self.password,
            "password_expired": role.password_expired,
            "member_of": list(role.member_of),
            "connect": privileges.connect.held,
            "usage": [name for name, one in privileges.schemas.items() if one.held],
            "select": sorted(str(name) for name, one in privileges.tables.items() if one.held)
            + sorted(str(name) for name in privileges.other_tables),
        }

    def _wanted_state(self, observed: Observed) -> dict[str, t.Any]:
        privileges = observed.privileges
        groups = observed.role.member_of if observed.role else ()
        dropped = {SUPERUSER_GROUP} if self.revoke_cloudsqlsuperuser else set()
        others = [] if self.revoke_others and self.tables is not None else sorted(str(name) for name in privileges.other_tables)
        return {
            "name": self.name,
            "login": True,
            "replication": True,
            "password": self.password,
            "password_expired": False,
            "member_of": [group for group in groups if group not in dropped],
            "connect": True,
            "usage": list(privileges.schemas),
            "select": sorted(str(name) for name in privileges.tables) + others,
        }


def _differing_attributes(role: Role) -> t.LiteralString:
    """Only what differs is named: PostgreSQL refuses NOSUPERUSER and the like from a role that is not a superuser, even unchanged."""
    words: list[t.LiteralString] = []
    if not role.login:
        words.append("LOGIN")
    if not role.replication:
        words.append("REPLICATION")
    if role.password_expired:
        words.append("VALID UNTIL 'infinity'")
    return " ".join(words)
