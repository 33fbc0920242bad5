# SPDX-License-Identifier: GPL-3.0-or-later
"""The record that a pipeline has streamed, so that a later run tells a lost position from a first start.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from .._kubernetes.cluster import Cluster
from .._reconcile.plan import Action, Plan

ANNOTATION = "cdc.gcp/streamed-slot"
"""On the properties Secret: the slot whose stream was ready once."""

MANAGER = "cdc.gcp/stream"
"""Field manager of its own, for the Secret is applied before the stream is ready, and must not lose the annotation then."""


@dataclass(frozen=True)
class Streamed:
    """The annotation.  annotations: of the Secret, as it is now."""

    cluster: Cluster
    namespace: str
    secret: str
    slot: str
    annotations: Mapping[str, str]

    @property
    def title(self) -> str:
        return f"record of slot {self.slot}"

    def read(self) -> str | None:
        return self.annotations.get(ANNOTATION)

    def plan(self, observed: str | None) -> Plan:
        before = None if observed is None else {"slot": observed}
        if observed == self.slot:
            return Plan(before, before)
        action = Action(f"record slot {self.slot} in Secret {self.namespace}/{self.secret}")
        return Plan(before, {"slot": self.slot}, (action,), (_left(observed),) if observed else ())

    def apply(self, action: Action) -> None:
        metadata = {"name": self.secret, "namespace": self.namespace, "annotations": {ANNOTATION: self.slot}}
        self.cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata}, force=True, manager=MANAGER)

    def facts(self, observed: str | None) -> Mapping[str, t.Any]:
        return {}


def _left(slot: str) -> str:
    return (
        f"Replication slot {slot} of the stream before may still exist, and then keeps write-ahead log until the disk is full; drop it with"
        " cdc.gcp.postgresql_replication_slot (state=absent)."
    )
