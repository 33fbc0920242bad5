# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the pod, its Deployment and its node."""

from __future__ import annotations

import os
import signal

from tests.e2e.world import until

from ..background import Background
from ..pipeline import Pipeline, Recovery
from ..pod import alive, gone

ROWS_IN_FLIGHT = 40_000
"""So many that a rollout, which begins seconds later, still comes in their middle."""


def java_killed(pipeline: Pipeline) -> Recovery:
    """The kernel kills Debezium Server, as when the node or the container is out of memory."""
    pid = pipeline.pod.java()
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    return Recovery("kubelet: the container starts again")


def java_hangs(pipeline: Pipeline) -> Recovery:
    """Debezium Server stands still and answers no probe, as after a deadlock or in an endless garbage collection."""
    pid = pipeline.pod.java()
    with pipeline.stopped(pid):
        pipeline.say("until the liveness probe has ended it")
        until(lambda: not alive(pid), 240, "the hanging process is ended")
    return Recovery("kubelet: the liveness probe")


def pod_deleted(pipeline: Pipeline) -> Recovery:
    """Somebody deletes the pod; it has its grace period."""
    uid = pipeline.pod.uid
    pipeline.pod.kubectl("delete", "pod", pipeline.pod.name, "--wait=false")
    pipeline.pod.replaced(uid)
    return Recovery("Deployment: a new pod")


def pod_deleted_by_force(pipeline: Pipeline) -> Recovery:
    """The pod is deleted from the API without waiting for its end; the old process may run on beside the new one."""
    uid, pid = pipeline.pod.uid, pipeline.pod.java()
    _delete_by_force(pipeline)
    pipeline.pod.replaced(uid)
    gone(pid)
    return Recovery("Deployment: a new pod")


def pod_evicted(pipeline: Pipeline) -> Recovery:
    """The node is drained for maintenance and comes back."""
    uid = pipeline.pod.uid
    node = pipeline.pod.current()["spec"]["nodeName"]
    pipeline.world.kubectl("drain", node, f"--pod-{pipeline.pod.selector[2:]}", "--delete-emptydir-data", "--timeout=120s")
    try:
        pipeline.pod.replaced(uid)
    finally:
        pipeline.world.kubectl("uncordon", node)
    return Recovery("Deployment: a new pod")


def replica_set_deleted(pipeline: Pipeline) -> Recovery:
    """The ReplicaSet and its pod are deleted."""
    uid = pipeline.pod.uid
    pipeline.pod.kubectl("delete", "replicasets", pipeline.pod.selector, "--wait=false")
    pipeline.pod.replaced(uid)
    return Recovery("Deployment: a new ReplicaSet")


def deployment_deleted(pipeline: Pipeline) -> Recovery:
    """The Deployment is deleted, as by a clean-up of somebody who does not know it."""
    pipeline.pod.delete_deployment()
    pipeline.site()
    return Recovery("site.yml")


def secrets_deleted(pipeline: Pipeline) -> Recovery:
    """All Secrets of the pipeline are deleted: properties, log-in of the database, key of the service account."""
    uid = pipeline.pod.uid
    pipeline.pod.kubectl("delete", "secrets", pipeline.pod.selector)
    pipeline.pod.kubectl("delete", "secret", pipeline.names["cdc_key_secret"], "--ignore-not-found")
    assert not pipeline.pod.kubectl("get", "secrets", pipeline.pod.selector, "--output", "json")["items"]
    pipeline.site()
    pipeline.pod.replaced(uid)
    return Recovery("site.yml: new Secrets, new key, new pod")


def rollout(pipeline: Pipeline) -> Recovery:
    """A changed property rolls out a new pod."""
    uid = pipeline.pod.uid
    pipeline.change_property()
    pipeline.site()
    pipeline.pod.replaced(uid)
    return Recovery("site.yml: a new pod")


def rollout_in_copy(pipeline: Pipeline) -> Recovery:
    """A rollout while the rows of one COPY are sent: rows of a COPY share an LSN (debezium/dbz#1554)."""
    pid = pipeline.pod.java()
    pipeline.change_property()
    flight = pipeline.in_flight(pipeline.bulk.copy, ROWS_IN_FLIGHT)
    site = Background(pipeline.site)
    gone(pid)
    interrupted = flight.interrupted()
    site.wait(600)
    return Recovery(f"site.yml: a new pod after {interrupted} events")


def deletion_in_copy(pipeline: Pipeline) -> Recovery:
    """A forced delete of the pod while the rows of one COPY are sent (debezium/dbz#1554)."""
    pid = pipeline.pod.java()
    flight = pipeline.in_flight(pipeline.bulk.copy, ROWS_IN_FLIGHT)
    _delete_by_force(pipeline)
    gone(pid)
    return Recovery(f"Deployment: a new pod after {flight.interrupted()} events")


def deletion_in_transaction(pipeline: Pipeline) -> Recovery:
    """A forced delete of the pod while the changes of one large transaction are sent."""
    pid = pipeline.pod.java()
    flight = pipeline.in_flight(pipeline.bulk.transaction, ROWS_IN_FLIGHT)
    _delete_by_force(pipeline)
    gone(pid)
    return Recovery(f"Deployment: a new pod after {flight.interrupted()} events")


def kill_in_copy(pipeline: Pipeline) -> Recovery:
    """The kernel kills Debezium Server while the rows of one COPY are sent (debezium/dbz#1554)."""
    pid = pipeline.pod.java()
    flight = pipeline.in_flight(pipeline.bulk.copy, ROWS_IN_FLIGHT)
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    return Recovery(f"kubelet: the container starts again after {flight.interrupted()} events")


def kubelet_killed(pipeline: Pipeline) -> Recovery:
    """The kubelet dies and is started again; the pod does not care."""
    pid = pipeline.pod.java()
    pipeline.kill("kubelet")
    pipeline.sandbox_up()
    assert alive(pid), "the pod survives its kubelet"
    return Recovery("itself: the pod runs on")


def containerd_killed(pipeline: Pipeline) -> Recovery:
    """containerd dies and is started again; the container does not care."""
    pid = pipeline.pod.java()
    pipeline.kill("containerd")
    pipeline.sandbox_up()
    assert alive(pid), "the container survives containerd"
    return Recovery("itself: the pod runs on")


def control_plane_killed(pipeline: Pipeline) -> Recovery:
    """The API server and etcd die and are started again; the pod does not care."""
    pid = pipeline.pod.java()
    pipeline.kill("kube-apiserver", "etcd")
    pipeline.sandbox_up()
    assert alive(pid), "the pod survives the control plane"
    return Recovery("itself: the pod runs on")


def _delete_by_force(pipeline: Pipeline) -> None:
    pipeline.pod.kubectl("delete", "pod", pipeline.pod.name, "--force", "--grace-period=0")
