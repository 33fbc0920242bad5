# SPDX-License-Identifier: GPL-3.0-or-later
"""The one gateway to a Kubernetes API server: deadlines, retries, and where an object of any kind lives.  PRIVATE to the collection.

The official client gives configuration, log-in and TLS; requests and answers are plain data, so that every kind works alike.
"""

from __future__ import annotations

import json
import threading
import typing as t
from collections.abc import Mapping
from urllib.parse import urlencode

from .._reconcile.errors import InvalidInput, ReconcileError
from .._reconcile.retry import Transient, retry, retry_after
from .._reconcile.wait import Clock
from .errors import FIELD_MANAGER, ApiError
from .login import LoginError, configuration
from .options import KubernetesOptions

try:
    import kubernetes.client
    import urllib3
    import urllib3.exceptions
except ImportError:
    pass  # login.KUBERNETES tells it

Json = dict[str, t.Any]
Manifest = Mapping[str, t.Any]

RETRIED = frozenset({429, 502, 503, 504})
"""HTTP codes after which the same request is sent again; every request of this collection may arrive twice."""

FIRST_ANSWER_TIMEOUT = 10.0
"""Seconds to try for a server that has never answered: then a wrong address is more likely than a restart."""


KINDS: dict[tuple[str, str], tuple[str, bool]] = {
    ("v1", "ConfigMap"): ("configmaps", True),
    ("v1", "Event"): ("events", True),
    ("v1", "Namespace"): ("namespaces", False),
    ("v1", "PersistentVolumeClaim"): ("persistentvolumeclaims", True),
    ("v1", "Pod"): ("pods", True),
    ("v1", "Secret"): ("secrets", True),
    ("v1", "ServiceAccount"): ("serviceaccounts", True),
    ("apps/v1", "Deployment"): ("deployments", True),
    ("apps/v1", "ReplicaSet"): ("replicasets", True),
    ("storage.k8s.io/v1", "StorageClass"): ("storageclasses", False),
}
"""Plural, and whether it lives in a namespace, of the kinds that the collection uses itself; others are looked up on the server."""


class Cluster:
    """Requests to one API server.  Usable from several threads at once.

    pool: what sends (urllib3.PoolManager.request), or None to make one of `options` at the first request.
    """

    def __init__(self, options: KubernetesOptions, pool: t.Any = None, clock: Clock | None = None) -> None:
        self.options = options
        self.clock = clock or Clock()
        self._pool = pool
        self._configuration: t.Any = None
        self._answered = False
        self._kinds = dict(KINDS)
        self._lock = threading.RLock()

    def read(self, api_version: str, kind: str, namespace: str | None, name: str) -> Json | None:
        """One object, or None when it (or its namespace, or its kind) does not exist."""
        path = self.path(api_version, kind, namespace, name)
        try:
            return self.request(f"Reading {_title(kind, namespace, name)}", "GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def apply(self, manifest: Manifest, force: bool = False, dry_run: bool = False, manager: str = FIELD_MANAGER) -> Json:
        """Server-side apply of `manifest` as `manager`; gives back the object as it is, or with `dry_run` would be.

        force: take over fields that other managers own.
        """
        kind, namespace, name = identity(manifest)
        query = {"fieldManager": manager, "fieldValidation": "Strict", "force": "true" if force else "false"}
        if dry_run:
            query["dryRun"] = "All"
        attempt = f"{'Trying' if dry_run else 'Applying'} {_title(kind, namespace, name)}"
        path = self.path(str(manifest["apiVersion"]), kind, namespace, name)
        return self.request(attempt, "PATCH", path, query, manifest, "application/apply-patch+yaml")

    def delete(self, manifest: Manifest) -> None:
        """Start the deletion of an object, its dependents first; a missing object is not an error."""
        kind, namespace, name = identity(manifest)
        path = self.path(str(manifest["apiVersion"]), kind, namespace, name)
        try:
            self.request(f"Deleting {_title(kind, namespace, name)}", "DELETE", path, body={"propagationPolicy": "Foreground"})
        except ApiError as error:
            if error.status != 404:
                raise

    def find(self, api_version: str, kind: str, namespace: str, **query: str) -> list[Json]:
        """The objects of a kind in a namespace.  query: labelSelector, fieldSelector."""
        path = self.path(api_version, kind, namespace, None)
        return [
            dict(item) for item in self.request(f"Listing {kind} objects in namespace {namespace}", "GET", path, query).get("items", ())
        ]

    def path(self, api_version: str, kind: str, namespace: str | None, name: str | None) -> str:
        """Where an object, or without `name` its collection, lives.  Asks the server for the kinds of a group that has some unknown one."""
        plural, namespaced = self._kind(api_version, kind)
        root = f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
        if namespaced and not namespace:
            raise InvalidInput(f"A {kind} is namespaced: set metadata.namespace.")
        within = f"/namespaces/{namespace}" if namespaced else ""
        return f"{root}{within}/{plural}{f'/{name}' if name else ''}"

    def _kind(self, api_version: str, kind: str) -> tuple[str, bool]:
        if (api_version, kind) not in self._kinds:
            path = f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
            try:
                answer = self.request(f"Reading the kinds of {api_version}", "GET", path)
            except ApiError as error:
                if error.status != 404:
                    raise
                answer = {}
            for resource in answer.get("resources", ()):
                if "/" not in resource["name"]:
                    self._kinds[api_version, resource["kind"]] = resource["name"], resource["namespaced"]
        try:
            return self._kinds[api_version, kind]
        except KeyError:
            raise InvalidInput(f"This cluster has no kind {kind} in {api_version}: check apiVersion and kind.") from None

    def request(
        self,
        attempt: str,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Manifest | None = None,
        content_type: str = "application/json",
    ) -> Json:
        """Send one request and give back the answer's JSON.

        attempt: what is being tried, for messages: "Reading Secret shop/demo-db".
        Raises ApiError, LoginError, or ReconcileError when no answer came in time.
        """
        return dict(json.loads(self._send(attempt, method, path, query, body, content_type)))

    def text(self, attempt: str, path: str, query: Mapping[str, str]) -> str:
        """Like a GET `request`, for what is not JSON: a pod's log."""
        return self._send(attempt, "GET", path, query, None, "application/json").decode(errors="replace")

    def _send(
        self, attempt: str, method: str, path: str, query: Mapping[str, str] | None, body: Manifest | None, content_type: str
    ) -> bytes:
        def send(left: float) -> bytes:
            try:
                response = self._open().request(
                    method,
                    self._url(path, query),
                    body=None if body is None else json.dumps(body),
                    headers=self._headers(content_type),
                    timeout=urllib3.Timeout(total=self.options.request_timeout),
                    retries=False,
                )
            except urllib3.exceptions.HTTPError as failure:
                if isinstance(failure, urllib3.exceptions.SSLError):
                    raise LoginError(f"{attempt}: no trusted connection to {self._host()} ({_cause(failure)}). Check ca_cert.") from failure
                said = f"{attempt}: no answer from {self._host()} ({_cause(failure)}). Check the address and the network."
                raise Transient(ReconcileError(said)) from failure
            self._answered = True
            if response.status < 400:
                return bytes(response.data)
            error = ApiError(attempt, response.status, _status(response))
            if response.status in RETRIED:
                raise Transient(error, retry_after(response.headers.get("Retry-After")))
            raise error

        def budget() -> float:
            return self.options.retry_timeout if self._answered else min(self.options.retry_timeout, FIRST_ANSWER_TIMEOUT)

        return retry(send, budget, self.clock)

    def _open(self) -> t.Any:
        with self._lock:
            if self._pool is None:
                self._configuration = configuration(self.options)
                self._pool = kubernetes.client.ApiClient(self._configuration).rest_client.pool_manager
            return self._pool

    def _host(self) -> str:
        return str(self._configuration.host if self._configuration else self.options.host)

    def _url(self, path: str, query: Mapping[str, str] | None) -> str:
        return self._host() + path + (f"?{urlencode(query)}" if query else "")

    def _headers(self, content_type: str) -> dict[str, str]:
        headers = {"Accept": "application/json", "Content-Type": content_type, "User-Agent": FIELD_MANAGER}
        if self.options.impersonate_user:
            headers["Impersonate-User"] = self.options.impersonate_user
        with self._lock:  # It may run the kubeconfig's log-in program.
            settings = self._configuration.auth_settings() if self._configuration else {}
        for setting in settings.values():
            headers[setting["key"]] = setting["value"]
        return headers


def identity(manifest: Manifest) -> tuple[str, str | None, str]:
    """Kind, namespace (None for what lives in none) and name of a manifest."""
    metadata = manifest["metadata"]
    return str(manifest["kind"]), metadata.get("namespace"), str(metadata["name"])


def title(manifest: Manifest) -> str:
    """How messages and diffs name an object: "Secret shop/demo-db"."""
    return _title(*identity(manifest))


def _title(kind: str, namespace: str | None, name: str) -> str:
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def _status(response: t.Any) -> Json:
    try:
        found = json.loads(response.data)
    except ValueError:
        return {"message": bytes(response.data)[:200].decode(errors="replace") or str(response.reason)}
    return found if isinstance(found, dict) else {"message": str(found)}


def _cause(failure: Exception) -> str:
    if isinstance(failure, urllib3.exceptions.TimeoutError) and not isinstance(failure, urllib3.exceptions.NewConnectionError):
        return "timeout"
    return str(failure).partition(" (_ssl.c")[0].rsplit("] ", 1)[-1].rsplit(": ", 1)[-1] or type(failure).__name__
