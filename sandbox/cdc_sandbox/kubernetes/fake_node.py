"""A node without containers: it reports each pod as running, so that all of Kubernetes but the pod itself can be used without root.

It acts on the API server as a kubelet does, with a kubelet's user: it registers the node, renews its lease, reports each pod of the node
as Running and Ready, and deletes it when it is terminating.  Run as `python -m cdc_sandbox.kubernetes.fake_node KUBECONFIG`.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import kubernetes
import urllib3

from ..process import Daemon
from ..settings import Settings
from . import pki
from .archive import machine_architecture

LEASE_SECONDS = 40
"""As the kubelet's `nodeLeaseDurationSeconds`: a node without a renewal for this long counts as dead."""
RENEW_SECONDS = 10
"""As the kubelet's: a quarter of the lease's duration."""
RUNTIME = "fake://1"
"""What the node names as its container runtime; `kubectl get nodes -o wide` shows it."""
MESSAGE = "The sandbox runs without root: this node is a fake one and runs no container."

Object = Mapping[str, Any]
"""A Kubernetes object as JSON has it."""


def daemon(settings: Settings) -> Daemon:
    """The program; it logs in with the kubelet's token."""
    command = [sys.executable, "-m", "cdc_sandbox.kubernetes.fake_node", str(pki.kubeconfig(settings, "kubelet"))]
    return Daemon(settings, "fake-node", command)


def node(architecture: str) -> dict[str, Any]:
    """The Node object.  architecture: by Kubernetes' name, such as `amd64`."""
    labels = {"kubernetes.io/hostname": pki.NODE_NAME, "kubernetes.io/os": "linux", "kubernetes.io/arch": architecture}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": pki.NODE_NAME, "labels": labels, "annotations": {"cdc-sandbox.example.com/fake": MESSAGE}},
    }


def node_status(architecture: str, version: str, now: str) -> dict[str, Any]:
    """The node's status: Ready, with room for many pods.

    version: of Kubernetes, such as `v1.36.3`.
    now: RFC 3339.
    """
    room = {"cpu": str(os.cpu_count() or 1), "memory": "16Gi", "pods": "110"}
    ready = {"type": "Ready", "status": "True", "reason": "FakeNode", "message": MESSAGE}
    return {
        "capacity": room,
        "allocatable": room,
        "conditions": [{**ready, "lastHeartbeatTime": now, "lastTransitionTime": now}],
        "addresses": [{"type": "Hostname", "address": pki.NODE_NAME}],
        "nodeInfo": {
            "architecture": architecture,
            "operatingSystem": "linux",
            "kubeletVersion": version,
            "containerRuntimeVersion": RUNTIME,
            "machineID": "",
            "systemUUID": "",
            "bootID": "",
            "kernelVersion": "",
            "osImage": "",
            "kubeProxyVersion": "",
        },
    }


def lease(now: str) -> dict[str, Any]:
    """The node's heartbeat.  now: RFC 3339 with microseconds."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": pki.NODE_NAME, "namespace": "kube-node-lease"},
        "spec": {"holderIdentity": pki.NODE_NAME, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": now},
    }


def pod_status(pod: Object, now: str) -> dict[str, Any] | None:
    """The status that makes a pod Running and Ready, or None if it already is, or has ended.

    A running pod may become unready: the node controller marks every pod when the node's lease was not renewed for a while.
    The pod gets no address, because nothing would answer there.
    """
    before = pod.get("status", {})
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in before.get("conditions") or [])
    if before.get("phase") in ("Succeeded", "Failed") or (before.get("phase") == "Running" and ready):
        return None
    names = ("PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready")
    return {
        "phase": "Running",
        "startTime": now,
        "message": MESSAGE,
        "conditions": [{"type": name, "status": "True", "lastTransitionTime": now} for name in names],
        "initContainerStatuses": [_initialised(each, now) for each in pod["spec"].get("initContainers") or []],
        "containerStatuses": [_running(each, now) for each in pod["spec"]["containers"]],
    }


def _running(container: Object, now: str) -> dict[str, Any]:
    return {**_started(container), "started": True, "state": {"running": {"startedAt": now}}}


def _initialised(container: Object, now: str) -> dict[str, Any]:
    if container.get("restartPolicy") == "Always":  # a sidecar goes on running
        return _running(container, now)
    ended = {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}
    return {**_started(container), "started": False, "state": {"terminated": ended}}


def _started(container: Object) -> dict[str, Any]:
    return {"name": container["name"], "image": container["image"], "imageID": "", "ready": True, "restartCount": 0}


class FakeNode:
    """Registers the node and maintains the statuses of its pods."""

    def __init__(self, client: kubernetes.client.ApiClient) -> None:
        # The client's stubs declare neither its dynamic parameters nor that objects may be plain dicts.
        self._core: Any = kubernetes.client.CoreV1Api(client)
        self._leases: Any = kubernetes.client.CoordinationV1Api(client)
        self._version: Any = kubernetes.client.VersionApi(client)
        self._json: Callable[[Any], Any] = client.sanitize_for_serialization

    def run(self) -> None:
        """Work until the process is stopped."""
        while not _patiently(self.register):
            pass
        threading.Thread(target=self._renew_for_ever, daemon=True).start()
        while True:
            _patiently(self._watch)

    def register(self) -> None:
        """Create or renew lease and node, and report the node as Ready."""
        self.renew()
        architecture = machine_architecture()
        _unless({409}, self._core.create_node, node(architecture))
        status = node_status(architecture, self._version.get_code().git_version, _now())
        self._core.patch_node_status(pki.NODE_NAME, {"status": status})

    def renew(self) -> None:
        """Renew the lease, or create it."""
        body = lease(datetime.now(UTC).isoformat(timespec="microseconds"))
        try:
            self._leases.patch_namespaced_lease(pki.NODE_NAME, "kube-node-lease", body)
        except kubernetes.client.ApiException as error:
            if error.status != 404:
                raise
            self._leases.create_namespaced_lease("kube-node-lease", body)

    def reconcile(self, pod: Object) -> None:
        """Report a pod of the node as running, or end it.  If it changed meanwhile, another event follows."""
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        if pod["metadata"].get("deletionTimestamp"):
            options = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}}
            _unless({404, 409}, self._core.delete_namespaced_pod, name, namespace, body=options)
        elif status := pod_status(pod, _now()):
            body = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status}
            _unless({404, 409}, self._core.patch_namespaced_pod_status, name, namespace, body)
            _say(f"{namespace}/{name} is said to run")

    def _watch(self) -> None:
        """Reconcile each existing pod, then each that is added or modified, until the server ends the watch."""
        events = kubernetes.watch.Watch().stream(
            self._core.list_pod_for_all_namespaces, field_selector=f"spec.nodeName={pki.NODE_NAME}", timeout_seconds=300
        )
        for event in events:
            if event["type"] in ("ADDED", "MODIFIED"):
                self.reconcile(self._json(event["object"]))

    def _renew_for_ever(self) -> None:
        while True:
            threading.Event().wait(RENEW_SECONDS)
            _patiently(self.renew)


def _unless(statuses: set[int], call: Callable[..., Any], *arguments: Any, **rest: Any) -> None:
    """Call, and ignore an error with one of these HTTP statuses."""
    try:
        call(*arguments, **rest)
    except kubernetes.client.ApiException as error:
        if error.status not in statuses:
            raise


def _patiently(work: Callable[[], None]) -> bool:
    """Whether the work of a loop succeeded; if the API server is unavailable or refuses, log that and wait a second."""
    try:
        work()
    except (urllib3.exceptions.HTTPError, kubernetes.client.ApiException) as error:
        _say(f"again: {error}")
        threading.Event().wait(1)
        return False
    return True


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    (kubeconfig,) = sys.argv[1:]
    FakeNode(kubernetes.config.new_client_from_config(str(Path(kubeconfig)))).run()


if __name__ == "__main__":
    main()
