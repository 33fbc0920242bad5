# SPDX-License-Identifier: GPL-3.0-or-later
"""A logical replication slot: made, dropped, or just looked at.  PRIVATE to the collection."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from .._reconcile.errors import InvalidInput, ReconcileError, Refused
from .._reconcile.plan import Action, Plan
from .connection import Sessions, session, unless_absent, unseen_warnings
from .options import Login, ServerOptions, login
from .settings import setting, wal_level_message
from .slots import Slot, read_slot
from .statements import Execute, execute, literal, statement

_NAME = re.compile(r"[a-z0-9_]{1,63}")


@dataclass(frozen=True)
class Observed:
    """What is there.  may_replicate: the login has the attribute REPLICATION, or is a superuser."""

    slot: Slot | None
    may_replicate: bool
    wal_level: str


@dataclass(frozen=True)
class ReplicationSlot:
    """The slot as wanted, of the database that the options name."""

    options: ServerOptions
    login: Login
    name: str
    plugin: str
    present: bool

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any], check_mode: bool, sessions: Sessions | None = None) -> ReplicationSlot:
        """From the parameters of the module postgresql_replication_slot."""
        if not _NAME.fullmatch(params["name"]):
            raise InvalidInput(f"name {params['name']!r} must be of lower-case letters, digits and _, at most 63.")
        return cls(
            options=ServerOptions.from_params(params, check_mode, sessions),
            login=login(params),
            name=params["name"],
            plugin=params["plugin"],
            present=params["state"] == "present",
        )

    @property
    def title(self) -> str:
        return f"replication slot {self.name}"

    def read(self) -> Observed | None:
        return unless_absent(self.options, self._read)

    def _read(self) -> Observed:
        with session(self.options, self.login) as connection:
            row = connection.execute("SELECT rolreplication OR rolsuper AS yes FROM pg_roles WHERE rolname = current_user").fetchone()
            return Observed(read_slot(connection, self.name), bool(row and row["yes"]), setting(connection, "wal_level"))

    def plan(self, observed: Observed | None) -> Plan:
        slot = observed.slot if observed else None
        if slot is not None:
            self._check_ours(slot)
        if not self.present:
            return self._plan_absent(observed, slot)
        if slot is not None:
            return Plan(self._state(), self._state(), warnings=tuple(_warnings(slot)))
        warnings = list(unseen_warnings(self.options)) if observed is None else []
        if observed is not None:
            self._check_rights(observed, "create")
            if observed.wal_level != "logical" and not self.options.absent_allowed:
                raise ReconcileError(wal_level_message(observed.wal_level))
            warnings += [wal_level_message(observed.wal_level)] if observed.wal_level != "logical" else []
        create = statement("SELECT pg_create_logical_replication_slot({}, {})", literal(self.name), literal(self.plugin))
        return Plan(None, self._state(), (Execute(f"create {self.title}", self.login, (create,)),), tuple(warnings))

    def apply(self, action: Action) -> None:
        execute(self.options, action)

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        slot = observed.slot if observed else None
        return {"name": self.name, "exists": slot is not None, **(slot.facts() if slot else dict.fromkeys(Slot.FACTS))}

    def _plan_absent(self, observed: Observed | None, slot: Slot | None) -> Plan:
        if observed is None or slot is None:
            return Plan(None, None)
        if slot.active:
            raise Refused(
                f"Replication slot {self.name} is being read by {slot.reader or 'another session'}; stop Debezium first "
                "(scale its Deployment to 0)."
            )
        self._check_rights(observed, "drop")
        drop = statement("SELECT pg_drop_replication_slot({})", literal(self.name))
        return Plan(self._state(), None, (Execute(f"drop {self.title}", self.login, (drop,)),))

    def _check_ours(self, slot: Slot) -> None:
        """Raise for a slot of that name which is another than the one that is meant."""
        if slot.database is None:
            raise Refused(f"{self.name} is a physical replication slot, which a standby server reads; this module is for logical slots.")
        if slot.database != self.options.database:
            raise Refused(
                f"Replication slot {self.name} belongs to database {slot.database}, not {self.options.database}; "
                "slot names are unique in the whole instance. Use another name, or the other database as login_db."
            )
        if slot.plugin != self.plugin:
            raise Refused(
                f"Replication slot {self.name} has the output plugin {slot.plugin}, not {self.plugin}. Use another name, or set plugin."
            )

    def _check_rights(self, observed: Observed, verb: str) -> None:
        if not observed.may_replicate:
            raise Refused(
                f"{self.login.user} may not {verb} replication slots, because it lacks the attribute REPLICATION. Log in as the "
                f"replication user, or run ALTER ROLE {self.login.user} REPLICATION."
            )

    def _state(self) -> dict[str, t.Any]:
        return {"name": self.name, "database": self.options.database, "plugin": self.plugin}


def _warnings(slot: Slot) -> t.Iterator[str]:
    if slot.lost:
        yield (
            f"Replication slot {slot.name} is lost: PostgreSQL has removed write-ahead log that it needs, and it can never be read again. "
            "Drop it; Debezium then needs a new snapshot."
        )
    elif slot.wal_status == "unreserved":
        yield f"Replication slot {slot.name} is about to be lost: the next checkpoint may remove write-ahead log that it needs."
