# SPDX-License-Identifier: GPL-3.0-or-later
"""A Cloud SQL instance: reading, applying, and redoing a change after a lost race.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .._gcp.client import ApiError, Client
from .._reconcile.errors import ReconcileError
from .._reconcile.plan import Action, Plan
from . import fields, peering
from .api import FAMILY, OperationFailed, SqlAdmin
from .instance_options import Found, Wanted
from .instance_plan import Create, Delete, Patch, needed, plan_absent, plan_present
from .instance_refusals import changed_flags, decoding_starts

Json = Mapping[str, t.Any]

PASSING = frozenset({"PENDING_CREATE", "PENDING_DELETE", "MAINTENANCE", "REPAIRING"})
"""States that end by themselves; reading waits for that."""

LOST_RACES = 5
"""How often a change is planned again because the instance was changed concurrently."""


class NameReserved(ReconcileError):
    """The name of a deleted instance cannot be used again for a week."""


class Instance:
    """One Cloud SQL instance.  `allow_delete`: whether `state: absent` may delete it."""

    def __init__(self, api: SqlAdmin, wanted: Wanted, state: str, allow_delete: bool) -> None:
        self.title = f"instance {wanted.name}"
        self._api = api
        self._wanted = wanted
        self._state = state
        self._allow_delete = allow_delete
        self._outdated = False

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any], client: Client | None = None) -> Instance:
        """From the module's parameters.  client: one that exists already."""
        api = SqlAdmin.from_params(params, client)
        return cls(api, Wanted.from_params(params), params["state"], params["allow_delete"])

    def read(self) -> Found:
        """The instance, once it is in a state that lasts, and what else planning needs."""
        instance = self._settled()
        if self._state == "absent":
            return Found(instance)
        now = fields.view(instance) if instance else None
        network = self._wanted.values.get("private_network") if now else self._wanted.network
        found = peering.Peering(True)
        if network and (now is None or now["private_network"] != network):
            found = peering.look(self._api.client, network)
        flags: frozenset[str] = frozenset()
        replicas: dict[str, Json] = {}
        changes = needed(self._wanted, now) if now else {}
        if now and changed_flags(changes, now):
            flags = self._restart_flags(now["database_version"])
        if instance and now and decoding_starts(changes, now):
            replicas = self._replicas(instance)
        return Found(instance, flags, found, replicas)

    def plan(self, observed: Found | None) -> Plan:
        """What to do; see instance_plan.py."""
        found = observed or Found(None)
        if self._state == "absent":
            return plan_absent(self._wanted, found, self._allow_delete)
        return plan_present(self._wanted, found)

    def apply(self, action: Action) -> None:
        """Do one action and wait for its operation."""
        if isinstance(action, Create):
            self._create(action)
        elif isinstance(action, Patch):
            self._patch(action)
        elif isinstance(action, Delete):
            self._api.delete(f"Deleting {self.title}", "cloudsql.instances.delete", self._path)

    def facts(self, observed: Found | None) -> dict[str, t.Any]:
        """The instance as the server has it; None for what is not known, in check mode or of an absent one."""
        instance = (observed.instance if observed else None) or {}
        now = fields.view(instance)
        ip = fields.addresses(instance)
        return {
            "name": self._wanted.name,
            "state": instance.get("state"),
            "database_version": now["database_version"],
            "region": now["region"],
            "tier": now["tier"],
            "connection_name": instance.get("connectionName"),
            "private_ip_address": ip.get("PRIVATE"),
            "public_ip_address": ip.get("PRIMARY"),
            "server_ca_certificate": instance.get("serverCaCert", {}).get("cert"),
            "settings_version": instance.get("settings", {}).get("settingsVersion"),
            "database_flags": now["database_flags"] if instance else None,
            "labels": now["labels"] if instance else None,
            "self_link": instance.get("selfLink"),
        }

    @property
    def _path(self) -> str:
        return f"instances/{self._wanted.name}"

    def _settled(self) -> dict[str, t.Any] | None:
        def look() -> tuple[dict[str, t.Any] | None] | None:
            instance = self._api.find_instance(self._wanted.name)
            return None if instance and instance.get("state") in PASSING else (instance,)

        found: tuple[dict[str, t.Any] | None] = self._api.wait(
            look, f"{self.title} to be done with what it is doing (its state is {', '.join(sorted(PASSING))})"
        )
        return found[0]

    def _replicas(self, instance: Json) -> dict[str, Json]:
        """The read replicas; one that is just being deleted is still named, and no longer found."""
        found = {name: self._api.find_instance(name) for name in instance.get("replicaNames", ())}
        return {name: replica for name, replica in found.items() if replica is not None}

    def _restart_flags(self, database_version: str) -> frozenset[str]:
        answer = self._api.client.call(
            "Listing database flags",
            "cloudsql.instances.get",
            "GET",
            "sql_endpoint",
            f"{FAMILY}/flags",
            {"databaseVersion": database_version},
        )
        return frozenset(flag["name"] for flag in answer.get("items", ()) if flag.get("requiresRestart"))

    def _create(self, action: Create) -> None:
        """Create it.  The name is taken if another client, or a request of ours whose answer was lost, was faster: continue from there."""
        password = {"rootPassword": action.root_password.reveal()} if action.root_password else {}
        try:
            self._api.change(f"Creating {self.title}", "cloudsql.instances.create", "POST", "instances", body={**action.body, **password})
        except OperationFailed as error:
            error.message += f" The name {self._wanted.name} may stay reserved for a week."
            raise
        except ApiError as error:
            if error.reason != "instanceAlreadyExists":
                raise
            found = self.read()
            if found.instance is None:
                raise NameReserved(
                    f"The name {self._wanted.name} is reserved: an instance of that name was deleted, or failed to be created, less than"
                    " a week ago. Use another name, or wait until a week after the deletion."
                ) from error
            for change in self.plan(found).actions:
                self.apply(change)

    def _patch(self, action: Patch) -> None:
        """Send one change.  It is planned again if the instance changed since it was read, by us or by another client."""
        step = action.step
        wanted: Patch | None = self._planned_again(step) if self._outdated else action
        for _ in range(LOST_RACES):
            if wanted is None:
                return
            try:
                self._api.change(action.summary.capitalize(), "cloudsql.instances.update", "PATCH", self._path, body=wanted.body)
            except ApiError as error:
                if error.status != 412:
                    raise
                self._api.wait_until_idle(self._wanted.name)
                wanted = self._planned_again(step)
            else:
                self._outdated = True
                return
        raise ReconcileError(f"Another client keeps changing {self.title}; {LOST_RACES} attempts were refused as stale. Run again later.")

    def _planned_again(self, step: str) -> Patch | None:
        """The plan's request of that step after another read, or None if it is no longer needed."""
        found = self.read()
        if found.instance is None:
            raise ReconcileError(f"{self.title.capitalize()} was deleted while it was being changed.")
        return next((action for action in self.plan(found).actions if isinstance(action, Patch) and action.step == step), None)
