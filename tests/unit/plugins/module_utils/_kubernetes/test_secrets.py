# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets as a store: bytes in, bytes out, by apply."""

from __future__ import annotations

import base64

from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.cluster import Cluster
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.secrets import SecretStore
from kubernetes_answers import APPLY, MISSING, OPTIONS, FakeApi

SECRET = "/api/v1/namespaces/cdc/secrets/shop-db"
NAMED = {"name": "shop-db", "namespace": "cdc"}


def test_a_secret_is_read_as_bytes(api: FakeApi) -> None:
    api.expect("GET", SECRET, answer={"data": {"key.json": base64.b64encode(b"\x00\xff").decode()}})
    assert SecretStore(Cluster(OPTIONS)).read("cdc", "shop-db") == {"key.json": b"\x00\xff"}


def test_a_missing_secret_is_none_and_an_empty_one_is_not(api: FakeApi) -> None:
    api.expect("GET", SECRET, status=404, answer=MISSING).expect("GET", SECRET, answer={"kind": "Secret"})
    store = SecretStore(Cluster(OPTIONS))
    assert store.read("cdc", "shop-db") is None
    assert store.read("cdc", "shop-db") == {}


def test_a_secret_is_written_by_apply(api: FakeApi) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {**NAMED, "labels": {"app": "debezium"}, "annotations": {}},
        "data": {"key.json": "AP8="},
    }
    api.expect("PATCH", SECRET, query={**APPLY, "force": "true"}, body=body)
    SecretStore(Cluster(OPTIONS)).write("cdc", "shop-db", {"key.json": b"\x00\xff"}, {"app": "debezium"}, {})
