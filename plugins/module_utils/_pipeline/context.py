# SPDX-License-Identifier: GPL-3.0-or-later
"""What the builders of nodes share.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .._reconcile.graph import Known
from .connections import Connections
from .pipeline import Pipeline

INSTANCE = "Cloud SQL instance"
DATABASE = "database"
FLAGS = "running flags"
APPLICATION_USER = "application user"
REPLICATION_USER = "replication user"
DEBEZIUM_TABLES = "Debezium tables"
POSITION = "position of the stream"
RESET = "reset of the stream"
PUBLICATION = "publication"
CAPTURED = "captured tables"
SERVICE_ACCOUNT = "service account"
WORKLOAD_PROJECT = "workload identity project"
NAMESPACE = "namespace"
KEY = "service account key"
PROPERTIES = "properties Secret"
DATABASE_SECRET = "database Secret"
TRUST_SECRET = "trust store Secret"
STORAGE_CLASS = "StorageClass"
CLAIM = "volume claim"
KUBERNETES_ACCOUNT = "Kubernetes service account"
DEPLOYMENT = "Deployment"
JOINING = "joining tables"
STREAM = "stream"
STREAMED = "record of the stream"
"""Names of nodes, as messages call them too."""


@dataclass(frozen=True)
class Context:
    """One run: the pipeline, the parts of it that are wanted, and how to reach everything."""

    pipeline: Pipeline
    parts: Collection[str]
    connections: Connections
    check_mode: bool

    def wanted(self, part: str) -> bool:
        """Whether the part is reconciled; of others only what is needed is read."""
        return part in self.parts


def address(known: Known) -> str | None:
    """Address of the instance for this controller and for the pod: the private one where there is one; None when not known yet."""
    facts = known.facts(INSTANCE)
    return facts.get("private_ip_address") or facts.get("public_ip_address") or None


def named(title: str, name: str) -> str:
    """Name of a node of which there are several: "topic shop.changes"."""
    return f"{title} {name}"


def with_defaults(spec: Mapping[str, Mapping[str, t.Any]], given: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Parameters of a module as Ansible would hand them over: every option of `spec`, with `given` where it is given."""
    return {**{name: option.get("default") for name, option in spec.items()}, **given}
