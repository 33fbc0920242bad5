# SPDX-License-Identifier: GPL-3.0-or-later
"""A database of a Cloud SQL instance.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from .._database_rules import identifier_problem
from .._gcp.client import ApiError, Client
from .._reconcile.errors import InvalidInput, Refused
from .._reconcile.plan import Action, Plan
from .api import InstanceMissing, SqlAdmin

Json = Mapping[str, t.Any]

NEW_DATABASE = {"charset": "UTF8", "collation": "en_US.UTF8"}
"""What a new database gets where the user named nothing (the API's defaults for PostgreSQL)."""


@dataclass(frozen=True)
class Found:
    """instance_exists: whether there is an instance at all.  database: as the API gives it, or None."""

    instance_exists: bool
    database: Json | None


@dataclass(frozen=True)
class Create(Action):
    """body: of databases.insert."""

    body: Json


@dataclass(frozen=True)
class Delete(Action):
    """Delete the database."""


class Database:
    """One database.  charset, collation: None for what it has, or the API's defaults when it is new."""

    def __init__(
        self, api: SqlAdmin, instance: str, name: str, charset: str | None, collation: str | None, state: str, allow_delete: bool
    ) -> None:
        problem = identifier_problem(name)
        if problem:
            raise InvalidInput(
                f"name {problem}: PostgreSQL would create the database under a shorter name, and no later run would find it."
            )
        self.title = f"database {name} of instance {instance}"
        self._api = api
        self._instance = instance
        self._name = name
        self._wanted = {key: value for key, value in (("charset", charset), ("collation", collation)) if value is not None}
        self._state = state
        self._allow_delete = allow_delete

    @classmethod
    def from_params(cls, params: Json, client: Client | None = None) -> Database:
        """From the module's parameters.  client: one that exists already."""
        api = SqlAdmin.from_params(params, client)
        names = ("instance", "name", "charset", "collation", "state", "allow_delete")
        return cls(api, **{name: params[name] for name in names})

    def read(self) -> Found:
        """The database, if instance and database exist."""
        return Found(*self._api.find(f"Reading {self.title}", "cloudsql.databases.get", self._instance, self._path))

    def plan(self, observed: Found | None) -> Plan:
        """Create or delete; charset and collation of a database never change."""
        found = observed or Found(False, None)
        if self._state == "absent":
            return self._plan_absent(found.database)
        if found.database is None:
            after = {"name": self._name, "instance": self._instance, **NEW_DATABASE, **self._wanted}
            body = {key: after[key] for key in ("name", "charset", "collation")}
            missing = (f"Instance {self._instance} does not exist yet.",) if not found.instance_exists else ()
            return Plan(None, after, (Create(f"create {self.title}", body),), missing)
        now = self._view(found.database)
        for option, value in self._wanted.items():
            if value.casefold() != (now[option] or "").casefold():
                raise InvalidInput(
                    f"The {option} of {self.title} is {now[option]} and cannot become {value}; it can only be set at creation."
                )
        return Plan(now, now)

    def apply(self, action: Action) -> None:
        """Do one action and wait for its operation."""
        if isinstance(action, Create):
            self._create(action)
        elif isinstance(action, Delete):
            self._api.delete(f"Deleting {self.title}", "cloudsql.databases.delete", f"instances/{self._instance}/{self._path}")

    def facts(self, observed: Found | None) -> dict[str, t.Any]:
        """The database as the server has it; None for what is not known."""
        found = observed.database if observed else None
        if found is None:
            return {"name": self._name, "instance": self._instance, "charset": None, "collation": None}
        return self._view(found)

    @property
    def _path(self) -> str:
        return f"databases/{quote(self._name, safe='')}"

    def _view(self, database: Json) -> dict[str, t.Any]:
        return {
            "name": self._name,
            "instance": self._instance,
            "charset": database.get("charset"),
            "collation": database.get("collation"),
        }

    def _plan_absent(self, database: Json | None) -> Plan:
        if database is None:
            return Plan(None, None)
        if not self._allow_delete:
            raise Refused(f"The {self.title} exists, and deleting it destroys its tables. Set allow_delete=true to allow it.")
        return Plan(self._view(database), None, (Delete(f"delete {self.title}"),))

    def _create(self, action: Create) -> None:
        """Create it; one that was created concurrently is fine if it is what is wanted."""
        path = f"instances/{self._instance}/databases"
        try:
            self._api.change(f"Creating {self.title}", "cloudsql.databases.create", "POST", path, body=action.body)
        except ApiError as error:
            found = self.read()
            if not found.instance_exists:
                raise InstanceMissing(self._instance) from error
            if found.database is None:
                raise
            self.plan(found)  # raises when the other one has another charset or collation
