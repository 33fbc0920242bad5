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
    slots: names of the pipeline's slot, and of the one that its record names where that is another.
    slot_exists, offsets_exist: as they were read.
    """

    options: ServerOptions
    login: Login
    cluster: Cluster
    wanted: bool
    slots: tuple[str, ...]
    slot_exists: bool
    offset_table: tuple[str, str] | None
    offsets_exist: bool
    deployment: tuple[str, str]
    parent: str

    @property
    def title(self) -> str:
        return f"position of slot {self.slots[0]}"

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
            actions.append(Stop(f"delete Deployment {name}, so that nothing reads replication slot {self.slots[0]}"))
        dropped = self.slots if self.slot_exists else self.slots[1:]
        what = [f"replication slot {slot}" for slot in dropped]
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
            wait_for(self._unread, f"replication slot {self.slots[0]} to have no reader", READER_TIMEOUT, self.cluster.clock, first=0.2)
            with session(self.options, self.login) as connection:
                for slot in self.slots:
                    drop_slot(connection, slot)
                if self.offset_table and self.offsets_exist:
                    connection.execute(statement("DELETE FROM {}", identifiers([self.offset_table])))

    def _gone(self) -> bool | None:
        return True if self.cluster.read("apps/v1", "Deployment", *self.deployment) is None else None

    def _unread(self) -> bool | None:
        with session(self.options, self.login) as connection:
            slots = [read_slot(connection, name) for name in self.slots]
        return None if any(slot and slot.active for slot in slots) else True

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        return {}


class Stop(Action):
    """Delete the Deployment and wait until its pod is gone."""


class Drop(Action):
    """Drop the slot and the offsets."""
