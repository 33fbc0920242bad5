# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that runs no pod but says that each of its pods does: fifty servers more would make the machine the thing that is measured."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import kubernetes

NAME = "cdc-bench"
HEARTBEAT_SECONDS = 10
KEEP_OUT = [{"key": NAME, "value": "true", "effect": "NoSchedule"}]
"""So that only pods come that tolerate it."""


class Node:
    """The node, while the block runs.  Its pods are made Running and Ready as soon as they are scheduled."""

    def __init__(self, kubeconfig: str) -> None:
        client = kubernetes.config.new_client_from_config(kubeconfig)
        # The client's stubs know none of its dynamic parameters, nor that objects may be plain dicts.
        self._core: Any = kubernetes.client.CoreV1Api(client)
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._beat, self._serve)]

    def __enter__(self) -> Node:
        metadata = {"name": NAME, "labels": {NAME: "true", "kubernetes.io/hostname": NAME, "kubernetes.io/os": "linux"}}
        _unless(409, self._core.create_node, {"metadata": metadata, "spec": {"taints": KEEP_OUT}})
        self._report()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(timeout=10)
        _unless(404, self._core.delete_node, NAME)

    def _report(self) -> None:
        room = {"cpu": "64", "memory": "256Gi", "pods": "500"}
        condition = {"type": "Ready", "status": "True", "reason": "Bench", "message": "This node runs no container."}
        conditions = [{**condition, "lastHeartbeatTime": _now(), "lastTransitionTime": _now()}]
        self._core.patch_node_status(NAME, {"status": {"capacity": room, "allocatable": room, "conditions": conditions}})

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            _patiently(self._report)

    def _serve(self) -> None:
        while not self._ended.is_set():
            _patiently(self._watch)

    def _watch(self) -> None:
        events = kubernetes.watch.Watch().stream(
            self._core.list_pod_for_all_namespaces, field_selector=f"spec.nodeName={NAME}", timeout_seconds=5
        )
        for event in events:
            if event["type"] in ("ADDED", "MODIFIED"):
                self._reconcile(event["object"])

    def _reconcile(self, pod: Any) -> None:
        name, namespace = pod.metadata.name, pod.metadata.namespace
        if pod.metadata.deletion_timestamp:
            _unless(404, self._core.delete_namespaced_pod, name, namespace, grace_period_seconds=0)
        elif not any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or ()):
            _unless(404, self._core.patch_namespaced_pod_status, name, namespace, {"status": _running(pod)})


def _running(pod: Any) -> dict[str, Any]:
    now = _now()
    common = {"ready": True, "started": True, "restartCount": 0, "imageID": "", "state": {"running": {"startedAt": now}}}
    return {
        "phase": "Running",
        "startTime": now,
        "conditions": [{"type": name, "status": "True", "lastTransitionTime": now} for name in ("Initialized", "ContainersReady", "Ready")],
        "containerStatuses": [{"name": each.name, "image": each.image, **common} for each in pod.spec.containers],
    }


def _unless(status: int, call: Any, *arguments: Any, **rest: Any) -> None:
    """Call; an answer with this HTTP status is fine, too."""
    try:
        call(*arguments, **rest)
    except kubernetes.client.ApiException as error:
        if error.status != status:
            raise


def _patiently(work: Any) -> None:
    """Work of a loop: what fails is tried again, a moment later."""
    try:
        work()
    except Exception:
        threading.Event().wait(1)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
