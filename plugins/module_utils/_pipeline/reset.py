# SPDX-License-Identifier: GPL-3.0-or-later
"""Giving up the position of a stream on purpose (cdc_recovery: resnapshot).  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from .._kubernetes.cluster import Cluster
from .._postgresql.connection import session
from .._postgresql.options import Login, ServerOptions
from .._postgresql.slots import drop_slot, read_slot
from .._postgresql.statements import identifiers, statement
from .._reconcile.errors import Refused
from .._reconcile.plan import Action, Plan
from .._reconcile.wait import wait_for

READER_TIMEOUT = 120.0
"""Seconds until the slot of a pod that is gone has no reader any more (PostgreSQL's wal_sender_timeout is 60)."""


@dataclass(frozen=True)
class Observed:
    """What is left.  deployment: the labels of the Deployment; None without one."""

    deployment: Mapping[str, str] | None


@dataclass(frozen=True)
class Reset:
    """The position that is given up, when `wanted`: the pod stops, then slot and offsets go.

    login: the replication user, who alone may drop the slot.  deployment: namespace and name.  parent: its label.
    offset_table: schema and table; None for offsets on a volume, which the pod overwrites.
    slot_exists, offsets_exist: as they were read.
    """

    options: ServerOptions
    login: Login
    cluster: Cluster
    wanted: bool
    slot: str
    slot_exists: bool
    offset_table: tuple[str, str] | None
    offsets_exist: bool
    deployment: tuple[str, str]
    parent: str

    @property
    def title(self) -> str:
        return f"position of slot {self.slot}"

    def read(self) -> Observed | None:
        if not self.wanted:
            return None
        live = self.cluster.read("apps/v1", "Deployment", *self.deployment)
        return Observed(None if live is None else live["metadata"].get("labels") or {})

    def plan(self, observed: Observed | None) -> Plan:
        if not self.wanted or observed is None:
            return Plan(None, None)
        actions: list[Action] = []
        name = "/".join(self.deployment)
        if observed.deployment is not None:
            if observed.deployment.get("parent") != self.parent:
                raise Refused(f"Deployment {name} is not of pipeline {self.parent} (label parent), so it is not stopped; delete it first.")
            actions.append(Stop(f"delete Deployment {name}, so that nothing reads replication slot {self.slot}"))
        what = [f"replication slot {self.slot}"] if self.slot_exists else []
        if self.offset_table and self.offsets_exist:
            what.append(f"the offsets in {'.'.join(self.offset_table)}")
        if what:
            actions.append(Drop(f"drop {' and '.join(what)}"))
        before = {"slot": self.slot_exists, "offsets": self.offsets_exist}
        return Plan(before, {"slot": False, "offsets": False} if actions else before, tuple(actions))

    def apply(self, action: Action) -> None:
        if isinstance(action, Stop):
            namespace, name = self.deployment
            manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": namespace, "name": name}}
            self.cluster.delete(manifest)
            wait_for(self._gone, f"Deployment {namespace}/{name} to be deleted", READER_TIMEOUT, self.cluster.clock)
        else:
            wait_for(self._unread, f"replication slot {self.slot} to have no reader", READER_TIMEOUT, self.cluster.clock, first=0.2)
            with session(self.options, self.login) as connection, connection.transaction():
                drop_slot(connection, self.slot)
                if self.offset_table and self.offsets_exist:
                    connection.execute(statement("DELETE FROM {}", identifiers([self.offset_table])))

    def _gone(self) -> bool | None:
        return True if self.cluster.read("apps/v1", "Deployment", *self.deployment) is None else None

    def _unread(self) -> bool | None:
        with session(self.options, self.login) as connection:
            slot = read_slot(connection, self.slot)
        return None if slot and slot.active else True

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        return {}


class Stop(Action):
    """Delete the Deployment and wait until its pod is gone."""


class Drop(Action):
    """Drop the slot and the offsets."""
