# SPDX-License-Identifier: GPL-3.0-or-later
"""A user of a Cloud SQL instance.  PRIVATE to the collection.

The API neither returns a password nor says whether one is right, so a password is compared with nothing: it is set at creation, or
each time when the user asks for that.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from .._database_rules import identifier_problem
from .._gcp.client import ApiError, Client
from .._reconcile.errors import InvalidInput
from .._reconcile.plan import Action, Plan
from .._reconcile.secret import Secret
from .api import InstanceMissing, SqlAdmin

Json = Mapping[str, t.Any]

BUILT_IN = "BUILT_IN"

IAM_SUFFIX = ".gserviceaccount.com"


@dataclass(frozen=True)
class Found:
    """instance_exists: whether there is an instance at all.  user: as the API lists it, or None."""

    instance_exists: bool
    user: Json | None


@dataclass(frozen=True)
class Create(Action):
    """Create the user."""


@dataclass(frozen=True)
class SetPassword(Action):
    """Set the password that was given."""


@dataclass(frozen=True)
class Delete(Action):
    """Delete the user."""


class User:
    """One user.  update_password: "on_create" or "always"."""

    def __init__(
        self, api: SqlAdmin, instance: str, name: str, password: Secret | None, user_type: str, update_password: str, state: str
    ) -> None:
        if user_type != BUILT_IN:
            # PostgreSQL has IAM users in lower case, and service accounts without this suffix.
            name = name.lower().removesuffix(IAM_SUFFIX)
            if password is not None:
                raise InvalidInput(f"A user of type {user_type} logs in with IAM and has no password; omit password.")
        elif identifier_problem(name):
            raise InvalidInput(
                f"name {identifier_problem(name)}: PostgreSQL would create the user under a shorter name, and no later run would find it."
            )
        elif update_password == "always" and password is None and state == "present":
            raise InvalidInput("update_password=always needs password.")
        self.title = f"user {name} of instance {instance}"
        self._api = api
        self._instance = instance
        self._name = name
        self._password = password
        self._type = user_type
        self._update_password = update_password
        self._state = state

    @classmethod
    def from_params(cls, params: Json, client: Client | None = None) -> User:
        """From the module's parameters.  client: one that exists already."""
        api = SqlAdmin.from_params(params, client)
        password = Secret(params["password"]) if params["password"] else None
        return cls(api, params["instance"], params["name"], password, params["type"], params["update_password"], params["state"])

    def read(self) -> Found:
        """The user, if instance and user exist.  A list, because users.get wants a host that PostgreSQL does not have."""
        attempt = f"Reading the users of instance {self._instance}"
        exists, answer = self._api.find(attempt, "cloudsql.users.list", self._instance, "users")
        users = [item for item in (answer or {}).get("items", ()) if item["name"] == self._name]
        return Found(exists, users[0] if users else None)

    def plan(self, observed: Found | None) -> Plan:
        """Create, set the password, or delete."""
        found = observed or Found(False, None)
        now = self._view(found.user) if found.user is not None else None
        if self._state == "absent":
            return Plan(now, None, (Delete(f"delete {self.title}"),) if now else ())
        after: dict[str, t.Any] = {"name": self._name, "instance": self._instance, "type": self._type}
        if now is None:
            if self._type == BUILT_IN and self._password is None:
                raise InvalidInput(f"The {self.title} does not exist; password is required to create it.")
            missing = (f"Instance {self._instance} does not exist yet.",) if not found.instance_exists else ()
            return Plan(None, self._with_password(after), (Create(f"create {self.title}"),), missing)
        if now["type"] != self._type:
            raise InvalidInput(f"The {self.title} is of type {now['type']}, which cannot become {self._type}. Delete it first.")
        if self._password is not None and self._update_password == "always":
            return Plan(now, self._with_password(after), (SetPassword(f"set the password of {self.title}"),))
        return Plan(now, now)

    def apply(self, action: Action) -> None:
        """Do one action and wait for its operation."""
        path = f"instances/{self._instance}/users"
        if isinstance(action, Create):
            self._create(path)
        elif isinstance(action, SetPassword):
            body = {"name": self._name, **self._revealed()}
            self._api.change(f"Setting the password of {self.title}", "cloudsql.users.update", "PUT", path, {"name": self._name}, body)
        elif isinstance(action, Delete):
            self._api.delete(f"Deleting {self.title}", "cloudsql.users.delete", path, {"name": self._name})

    def facts(self, observed: Found | None) -> dict[str, t.Any]:
        """The user as the server has it; never a password."""
        if observed is None or observed.user is None:
            return {"name": self._name, "instance": self._instance, "type": None}
        return self._view(observed.user)

    def _view(self, user: Json) -> dict[str, t.Any]:
        """The API leaves the type of a built-in user out."""
        return {"name": self._name, "instance": self._instance, "type": user.get("type", BUILT_IN)}

    def _with_password(self, after: Json) -> dict[str, t.Any]:
        return {**after, **({"password": self._password} if self._password else {})}

    def _revealed(self) -> dict[str, str]:
        return {"password": self._password.reveal()} if self._password else {}

    def _create(self, path: str) -> None:
        """Create it.  If it was created concurrently, set our password, so that it is the one that was given."""
        body = {"name": self._name, **self._revealed(), **({"type": self._type} if self._type != BUILT_IN else {})}
        try:
            self._api.change(f"Creating {self.title}", "cloudsql.users.create", "POST", path, body=body)
        except ApiError as error:
            found = self.read()
            if not found.instance_exists:
                raise InstanceMissing(self._instance) from error
            if found.user is None:
                raise
            self.plan(found)  # raises when the other one is of another type
            if self._password is not None:
                self.apply(SetPassword(f"set the password of {self.title}"))
