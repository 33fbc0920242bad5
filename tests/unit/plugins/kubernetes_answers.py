# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kubernetes API server that is a list of expectations, and objects as a real one (1.36) answered."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes import cluster
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.options import KubernetesOptions

HOST = "https://cluster.example.com"
KINDS = {
    "/api/v1": {
        "resources": [
            {"name": "namespaces", "kind": "Namespace", "namespaced": False},
            {"name": "secrets", "kind": "Secret", "namespaced": True},
            {"name": "configmaps", "kind": "ConfigMap", "namespaced": True},
            {"name": "persistentvolumeclaims", "kind": "PersistentVolumeClaim", "namespaced": True},
            {"name": "pods", "kind": "Pod", "namespaced": True},
            {"name": "pods/log", "kind": "Pod", "namespaced": True},
            {"name": "events", "kind": "Event", "namespaced": True},
        ]
    },
    "/apis/apps/v1": {
        "resources": [
            {"name": "deployments", "kind": "Deployment", "namespaced": True},
            {"name": "deployments/scale", "kind": "Scale", "namespaced": True},
            {"name": "replicasets", "kind": "ReplicaSet", "namespaced": True},
        ]
    },
}
APPLY = {"fieldManager": "cdc.gcp", "fieldValidation": "Strict", "force": "false"}
DRY_RUN = {**APPLY, "dryRun": "All"}
OPTIONS = KubernetesOptions(None, None, HOST, None, None, True, None, 30, 90)


def status(code: int, reason: str, message: str, causes: t.Sequence[dict[str, str]] = ()) -> dict[str, t.Any]:
    """The Status object of a refusal."""
    return {"kind": "Status", "code": code, "reason": reason, "message": message, "details": {"causes": list(causes)}}


NO_NAMESPACE = status(404, "NotFound", 'namespaces "cdc" not found')
MISSING = status(404, "NotFound", 'secrets "shop-db" not found')
FORBIDDEN = status(
    403,
    "Forbidden",
    'secrets "shop-db" is forbidden: User "bob" cannot get resource "secrets" in API group "" in the namespace "cdc"',
)
CONFLICT = status(
    409,
    "Conflict",
    'Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.a',
    [{"reason": "FieldManagerConflict", "message": 'conflict with "kubectl" using v1', "field": ".data.a"}],
)


@dataclass
class Expected:
    """One request that must come next, and its answer."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: t.Any = None
    status: int = 200
    answer: t.Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    error: Exception | None = None


class FakeApi:
    """Stands where urllib3's PoolManager stands.  Questions for the server's kinds are answered without being expected."""

    def __init__(self) -> None:
        self.expected: list[Expected] = []
        self.sent_headers: list[dict[str, str]] = []

    def expect(self, method: str, path: str, **rest: t.Any) -> FakeApi:
        """The next request: method, path, and optionally query, body; then status, answer, headers, or error to raise."""
        self.expected.append(Expected(method, path, **rest))
        return self

    def request(self, method: str, url: str, body: t.Any, headers: dict[str, str], timeout: t.Any, retries: t.Any) -> t.Any:
        assert timeout.total, "every request has a deadline"
        assert retries is False, "urllib3 does not repeat anything behind our back"
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == HOST
        if parts.path in KINDS:
            return _response(Expected(method, parts.path, answer=KINDS[parts.path]))
        assert self.expected, f"unexpected request: {method} {url} {body}"
        expected = self.expected.pop(0)
        assert (method, parts.path, dict(parse_qsl(parts.query))) == (expected.method, expected.path, expected.query)
        assert (json.loads(body) if body else None) == expected.body
        if method == "PATCH":
            assert headers["Content-Type"] == "application/apply-patch+yaml"
        self.sent_headers.append(headers)
        if expected.error is not None:
            raise expected.error
        return _response(expected)

    def assert_done(self) -> None:
        assert not self.expected, f"requests that never came: {self.expected}"


def _response(expected: Expected) -> t.Any:
    data = expected.answer.encode() if isinstance(expected.answer, str) else json.dumps(expected.answer).encode()
    return SimpleNamespace(status=expected.status, data=data, headers=expected.headers, reason="")


def installed(monkeypatch: pytest.MonkeyPatch, clock: t.Any) -> t.Iterator[FakeApi]:
    """The fake server, used by every Cluster; at the end every expected request must have come."""
    fake = FakeApi()
    monkeypatch.setattr(cluster.Cluster, "_open", lambda self: fake)
    monkeypatch.setattr(cluster, "Clock", lambda: clock)
    for name in ("K8S_AUTH_KUBECONFIG", "K8S_AUTH_CONTEXT", "K8S_AUTH_HOST", "K8S_AUTH_API_KEY", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    yield fake
    fake.assert_done()
