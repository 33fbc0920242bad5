# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a Deployment's rollout is done, in progress, or cannot succeed.  PRIVATE to the collection.  Pure functions.

Done means more than "Available": the controller has seen the template, each replica of it is available, and no pod of an older
template is left (with strategy Recreate, availability alone can still be the old pod's).
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

Json = Mapping[str, t.Any]

HOPELESS = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
    }
)
"""Reasons of a waiting container that do not pass by themselves."""

RESTARTS = 2
"""Restarts during the wait after which a container counts as crash-looping, whatever its exit code: Debezium Server ends with 0
when Pub/Sub refuses it."""


@dataclass(frozen=True)
class View:
    """What the cluster has of one Deployment.

    restarts: restarts of each container when the wait began, by (pod uid, container name); only later ones count.
    waited: seconds since the wait began.  scheduling_timeout: seconds that a pod may be unschedulable (a node may be on its way).
    """

    deployment: Json
    replica_sets: tuple[Json, ...] = ()
    pods: tuple[Json, ...] = ()
    events: tuple[Json, ...] = ()
    restarts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    waited: float = 0.0
    scheduling_timeout: float = 180.0


class State(Enum):
    """How far a rollout is."""

    DONE = "done"
    GOING_ON = "going on"
    FAILED = "failed"


@dataclass(frozen=True)
class Verdict:
    """How far a rollout is, why, and whose log tells more.

    pod, container: where to look, None when there is no such place.  previous: look at the log of the container's previous run.
    """

    state: State
    reason: str
    pod: str | None = None
    container: str | None = None
    previous: bool = False


def judge(view: View) -> Verdict:
    """The verdict over one view."""
    metadata, status = view.deployment["metadata"], view.deployment.get("status", {})
    wanted = view.deployment["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < metadata.get("generation", 0):
        return Verdict(State.GOING_ON, "the Deployment controller has not seen the change yet")
    new, old = pods_by_age(view)
    if wanted:
        failures = [*(found for pod in new for found in _pod_failures(pod, view)), *_deployment_failures(view)]
        if failures:
            return failures[0]
    if old:
        return Verdict(State.GOING_ON, f"pod {_name(old[0])} of the previous template is still running")
    counts = [status.get(key, 0) for key in ("updatedReplicas", "availableReplicas", "replicas")]
    if counts == [wanted] * 3 and len(new) == wanted:
        return Verdict(State.DONE, "rolled out", pod=_name(new[0]) if new else None)
    return _going_on(new, view)


def rolled_out(deployment: Json) -> bool:
    """Whether the Deployment's own status proves that its present template is rolled out, so that no pod need be looked at.

    The counts leave out pods that are being terminated.  That matters where none is wanted: then only a server that counts them
    (status.terminatingReplicas) proves it.
    """
    status, wanted = deployment.get("status", {}), deployment["spec"].get("replicas", 1)
    if not wanted and status.get("terminatingReplicas") != 0:
        return False
    if status.get("observedGeneration") != deployment["metadata"].get("generation") or status.get("unavailableReplicas"):
        return False
    return all(status.get(key, 0) == wanted for key in ("replicas", "updatedReplicas", "availableReplicas"))


def backing_off(view: View) -> list[tuple[str, int]]:
    """Pods of the Deployment's present template that the kubelet lets wait before it starts them again, with their restarts so far."""
    found = {}
    for pod in pods_by_age(view)[0]:
        for status, _ in _containers(pod):
            if (status.get("state", {}).get("waiting") or {}).get("reason") == "CrashLoopBackOff":
                found[_name(pod)] = status.get("restartCount", 0)
    return list(found.items())


def running(view: View) -> Verdict:
    """Where the log of the Deployment's present pod is."""
    new, _ = pods_by_age(view)
    pod = new[0] if new else None
    return Verdict(State.GOING_ON, "running", _name(pod) if pod else None, _main_container(pod) if pod else None)


def living_pod(pods: Iterable[Json]) -> str | None:
    """The name of a pod that is neither over nor being deleted."""
    alive = (pod for pod in pods if "deletionTimestamp" not in pod["metadata"])
    return next((_name(pod) for pod in alive if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")), None)


def new_replica_set(view: View) -> Json | None:
    """The ReplicaSet of the Deployment's present template, found as the controller finds it: by comparing templates.

    The highest revision would be wrong: with strategy Recreate the new one is made only when the former pods are gone.
    """
    wanted = view.deployment["spec"]["template"]
    return next((item for item in _owned(view) if _template(item) == wanted), None)


def pods_by_age(view: View) -> tuple[list[Json], list[Json]]:
    """The living pods of the Deployment's present template, and those of former ones."""
    newest = new_replica_set(view)
    uids = {item["metadata"]["uid"] for item in _owned(view)}
    alive = [pod for pod in view.pods if _owner(pod) in uids and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")]
    new = [pod for pod in alive if newest is not None and _owner(pod) == newest["metadata"]["uid"]]
    return new, [pod for pod in alive if pod not in new]


def restarts(pods: Iterable[Json]) -> dict[tuple[str, str], int]:
    """How often each container was restarted so far, by (pod uid, container name)."""
    return {(pod["metadata"]["uid"], status["name"]): status.get("restartCount", 0) for pod in pods for status, _ in _containers(pod)}


def _pod_failures(pod: Json, view: View) -> Iterator[Verdict]:
    for status, initial in _containers(pod):
        name = status["name"]
        waiting = status.get("state", {}).get("waiting") or {}
        reason = waiting.get("reason", "")
        if reason in HOPELESS:
            yield Verdict(State.FAILED, f"pod {_name(pod)}, container {name}: {reason}{_tail(waiting)}")
        if status.get("ready") and not initial:
            continue
        before = view.restarts.get((pod["metadata"]["uid"], name), 0)
        again = status.get("restartCount", 0) - before
        if again >= RESTARTS or (again > 0 and reason == "CrashLoopBackOff"):
            ended = status.get("lastState", {}).get("terminated") or status.get("state", {}).get("terminated") or {}
            how = f"exit code {ended.get('exitCode', 'unknown')}, {ended.get('reason', 'no reason')}"
            text = f"pod {_name(pod)}, container {name} keeps restarting ({how}, {status['restartCount']} restarts)"
            yield Verdict(State.FAILED, text, _name(pod), name, previous="terminated" in status.get("lastState", {}))
    for condition in pod.get("status", {}).get("conditions", ()):
        if condition.get("reason") == "Unschedulable" and condition.get("status") == "False" and view.waited >= view.scheduling_timeout:
            yield Verdict(State.FAILED, f"pod {_name(pod)} is unschedulable: {condition.get('message', 'no reason given')}")
    if pod.get("status", {}).get("phase") == "Pending":
        for event in view.events:
            message = event.get("message", "")
            if _about(event, pod) and event.get("reason") == "FailedMount" and ("not found" in message or "non-existent" in message):
                yield Verdict(State.FAILED, f"pod {_name(pod)} cannot start: {message}")


def _deployment_failures(view: View) -> Iterator[Verdict]:
    """What the Deployment says of its present template; what it said of a former one stays there for a while."""
    replica_set = new_replica_set(view)
    if replica_set is None:
        return
    for condition in view.deployment.get("status", {}).get("conditions", ()):
        message = condition.get("message", "")
        if _name(replica_set) not in message:
            continue
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
            yield Verdict(State.FAILED, f"no pod can be made: {message}")
        if condition.get("type") == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded":
            yield Verdict(State.FAILED, f"no progress (ProgressDeadlineExceeded): {message}")


def _going_on(new: list[Json], view: View) -> Verdict:
    if not new:
        return Verdict(
            State.GOING_ON, "there is no pod yet" if view.deployment["spec"].get("replicas", 1) else "its pods are still terminating"
        )
    pod = new[0]
    for status, _ in _containers(pod):
        waiting = status.get("state", {}).get("waiting")
        if waiting:
            return Verdict(State.GOING_ON, f"pod {_name(pod)}, container {status['name']}: {waiting.get('reason')}", _name(pod))
    for condition in pod.get("status", {}).get("conditions", ()):
        if condition.get("type") in ("PodScheduled", "Ready") and condition.get("status") == "False":
            reason = condition.get("message") or condition.get("reason") or "not ready"
            return Verdict(State.GOING_ON, f"pod {_name(pod)}: {reason}", _name(pod), _main_container(pod))
    return Verdict(State.GOING_ON, f"pod {_name(pod)} is not available yet", _name(pod), _main_container(pod))


def _containers(pod: Json) -> Iterator[tuple[Json, bool]]:
    """Status of each container, and whether it is an init container."""
    status = pod.get("status", {})
    yield from ((item, True) for item in status.get("initContainerStatuses") or ())
    yield from ((item, False) for item in status.get("containerStatuses") or ())


def _main_container(pod: Json) -> str | None:
    running = [status["name"] for status, initial in _containers(pod) if not initial and "running" in status.get("state", {})]
    return running[0] if running else None


def _about(event: Json, pod: Json) -> bool:
    return bool(event.get("involvedObject", {}).get("uid") == pod["metadata"]["uid"])


def _owner(item: Json) -> str | None:
    return next((owner["uid"] for owner in item["metadata"].get("ownerReferences") or () if owner.get("controller")), None)


def _owned(view: View) -> list[Json]:
    return [item for item in view.replica_sets if _owner(item) == view.deployment["metadata"].get("uid")]


def _template(replica_set: Json) -> Json:
    template = replica_set["spec"]["template"]
    labels = {key: value for key, value in template["metadata"].get("labels", {}).items() if key != "pod-template-hash"}
    return {**template, "metadata": {**template["metadata"], "labels": labels}}


def _name(item: Json) -> str:
    return str(item["metadata"]["name"])


def _tail(waiting: Json) -> str:
    return f": {waiting['message']}" if waiting.get("message") else ""
