# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that go from one system straight into the cluster, never to disk.  PRIVATE to the collection."""

from __future__ import annotations

import base64
import binascii
import typing as t
from collections.abc import Mapping

from .._reconcile.engine import ReadOnly
from .._reconcile.errors import ReconcileError
from .cluster import Cluster
from .manifest import sha256
from .options import KubernetesOptions


class SecretStore:
    """The Secrets of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any]) -> SecretStore:
        """From a module's parameters, with KUBERNETES_OPTIONS among them."""
        return cls(Cluster(KubernetesOptions.from_params(params)))

    def read(self, namespace: str, name: str) -> dict[str, bytes] | None:
        """The decoded data of a Secret, or None when there is no such Secret (or no such namespace)."""
        found = self._cluster.read("v1", "Secret", namespace, name)
        if found is None:
            return None
        try:
            return {key: base64.b64decode(value, validate=True) for key, value in (found.get("data") or {}).items()}
        except binascii.Error as error:
            raise ReconcileError(f"Secret {namespace}/{name} contains data that is not base64.") from error

    def sha256(self, namespace: str, name: str) -> str | None:
        """The checksum of a Secret's data, as kubernetes_object returns it; None when there is no such Secret."""
        found = self._cluster.read("v1", "Secret", namespace, name)
        return None if found is None else sha256(found)

    def write(
        self, namespace: str, name: str, data: Mapping[str, bytes], labels: Mapping[str, str], annotations: Mapping[str, str]
    ) -> None:
        """Create the Secret, or make it hold `data`, `labels` and `annotations`.

        Keys that other managers wrote stay; keys that cdc.gcp wrote earlier and that are not in `data` now go.  A key that
        was changed by another manager in the meantime is taken back: the caller is the owner of what it stores.
        """
        manifest = {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": {"name": name, "namespace": namespace, "labels": dict(labels), "annotations": dict(annotations)},
            "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
        }
        self._cluster.apply(manifest, force=True)


class SecretDigest(ReadOnly[str]):
    """The digest of a Secret that is stored by another system.  Changes nothing."""

    def __init__(self, cluster: Cluster, namespace: str, name: str) -> None:
        self._store = SecretStore(cluster)
        self._namespace = namespace
        self._name = name
        self.title = f"Secret {namespace}/{name}"

    def read(self) -> str | None:
        """The digest; None when there is no such Secret."""
        return self._store.sha256(self._namespace, self._name)

    def facts(self, observed: str | None) -> dict[str, t.Any]:
        return {"sha256": observed}
