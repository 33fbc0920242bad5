# SPDX-License-Identifier: GPL-3.0-or-later
"""Database flags that an instance has and its server does not run with, because it was not restarted.  PRIVATE to the collection.

The Cloud SQL Admin API shows nothing of it: neither the instance nor the operation has such a field, so the server is asked.  Only what
is certain restarts an instance; a mere difference is a warning.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from .._cloudsql.api import SqlAdmin
from .._cloudsql.fields import LOGICAL_DECODING
from .._cloudsql.restart import restart
from .._postgresql.connection import DatabaseError, session, unless_absent
from .._postgresql.flags import WAL_LEVEL, Setting, awaiting_restart, read_settings, unlike
from .._postgresql.options import Login, ServerOptions
from .._reconcile.errors import ReconcileError, Refused
from .._reconcile.plan import Action, Plan

Settings = Mapping[str, Setting]


@dataclass(frozen=True)
class Restart(Action):
    """Restart the instance."""


@dataclass(frozen=True)
class RunningFlags:
    """The flags in force at the server of one instance.

    flags: those that the user named, and that the instance has.  login: any role that may log in.
    """

    api: SqlAdmin
    instance: str
    flags: Mapping[str, str]
    options: ServerOptions
    login: Login
    allow_restart: bool

    @property
    def title(self) -> str:
        return f"running flags of instance {self.instance}"

    def read(self) -> Settings | None:
        return unless_absent(self.options, self._read)

    def _read(self) -> Settings:
        with session(self.options, self.login) as connection:
            return read_settings(connection, (WAL_LEVEL, *self.flags))

    def plan(self, observed: Settings | None) -> Plan:
        settings = observed or {}
        pending = self._pending(settings)
        before = {"running": {name: pending.get(name, value) for name, value in self.flags.items()}}
        if not pending:
            return Plan(before, before, warnings=tuple(self._warnings(settings)))
        if not self.allow_restart:
            raise Refused(
                f"The server of instance {self.instance} was not restarted since {_named(pending, self.flags)} was set. Set"
                " cloudsql_restart: allow for one run to restart it, which ends its sessions and makes it unavailable for a while, or"
                f" restart it yourself (gcloud sql instances restart {self.instance})."
            )
        notice = (
            f"This restarts instance {self.instance}, which was not restarted since {_named(pending, self.flags)} was set: its sessions"
            " end, and it is unavailable for a while."
        )
        action = Restart(f"restart instance {self.instance}, so that {', '.join(pending)} takes effect", notice=notice)
        return Plan(before, {"running": dict(self.flags)}, (action,), tuple(self._warnings(settings)))

    def apply(self, action: Action) -> None:
        """Restart, and wait until the server answers.  Raises ReconcileError if the flags are not in force then."""
        restart(self.api, self.instance, lambda: bool(self._pending(self._once_it_answers())))
        left = self._pending(self._once_it_answers())
        if left:
            raise ReconcileError(
                f"Instance {self.instance} was restarted, and its server still runs without {_named(left, self.flags)}. See its operations"
                " and its log in the Cloud console."
            )

    def facts(self, observed: Settings | None) -> Mapping[str, t.Any]:
        return {"pending_flags": sorted(self._pending(observed or {}))}

    def _pending(self, settings: Settings) -> dict[str, str]:
        return awaiting_restart(self.flags, settings, LOGICAL_DECODING) if settings else {}

    def _warnings(self, settings: Settings) -> t.Iterator[str]:
        different = unlike(self.flags, settings)
        if different:
            yield (
                f"The server of instance {self.instance} runs with {_values(different)}, but the instance has"
                f" {_named(different, self.flags)}. If that was set after the server's last start, it waits for a restart (gcloud sql"
                f" instances restart {self.instance})."
            )

    def _once_it_answers(self) -> Settings:
        def look() -> Settings | None:
            try:
                return self._read()
            except DatabaseError:
                return None

        found: Settings = self.api.wait(look, f"the server of instance {self.instance} to accept connections after its restart")
        return found


def _named(names: Mapping[str, str], flags: Mapping[str, str]) -> str:
    """The flags as the instance has them: "cloudsql.logical_decoding=on"."""
    return _values({name: flags[name] for name in names})


def _values(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(values.items()))
