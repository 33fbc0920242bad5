# SPDX-License-Identifier: GPL-3.0-or-later
"""When a rollout is done, goes on, or has failed: predicates over objects as a real cluster (1.36) had them."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.rollout import State, View, judge, restarts

TEMPLATE = {"metadata": {"labels": {"app": "debezium"}}, "spec": {"containers": [{"name": "server", "image": "server:2"}]}}
FORMER = {"metadata": {"labels": {"app": "debezium"}}, "spec": {"containers": [{"name": "server", "image": "server:1"}]}}
RUNNING = {"name": "server", "ready": True, "restartCount": 0, "state": {"running": {}}, "lastState": {}}


def deployment(wanted: int = 1, observed: int = 2, conditions: t.Sequence[t.Any] = (), **counts: int) -> dict[str, t.Any]:
    return {
        "metadata": {"name": "shop", "uid": "d", "generation": 2},
        "spec": {"replicas": wanted, "template": TEMPLATE},
        "status": {"observedGeneration": observed, "conditions": list(conditions), **counts},
    }


def replica_set(uid: str, template: dict[str, t.Any]) -> dict[str, t.Any]:
    labels = {**template["metadata"]["labels"], "pod-template-hash": uid}
    return {
        "metadata": {"name": f"shop-{uid}", "uid": uid, "ownerReferences": [{"uid": "d", "controller": True}]},
        "spec": {"template": {**template, "metadata": {"labels": labels}}},
    }


def pod(owner: str, container: dict[str, t.Any] | None = None, phase: str = "Running", **status: t.Any) -> dict[str, t.Any]:
    return {
        "metadata": {"name": f"shop-{owner}-1", "uid": f"{owner}-1", "ownerReferences": [{"uid": owner, "controller": True}]},
        "status": {"phase": phase, "containerStatuses": [container] if container else [], **status},
    }


NEW, OLD = replica_set("new", TEMPLATE), replica_set("old", FORMER)
AVAILABLE = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}


def container(waiting: str | None = None, restarted: int = 0, message: str = "", ended: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
    state: dict[str, t.Any] = {"waiting": {"reason": waiting, "message": message}} if waiting else {"running": {}}
    return {
        "name": "server",
        "ready": False,
        "restartCount": restarted,
        "state": state,
        "lastState": {"terminated": ended} if ended else {},
    }


def test_done_when_the_present_templates_pod_is_available_and_alone() -> None:
    verdict = judge(View(deployment(**AVAILABLE), (OLD, NEW), (pod("new", RUNNING),)))
    assert (verdict.state, verdict.pod) == (State.DONE, "shop-new-1")


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (View(deployment(observed=1, **AVAILABLE), (NEW,), (pod("new", RUNNING),)), "has not seen the change"),
        # What kubernetes.core calls ready: available, but not updated (Recreate, before the new pod exists).
        (
            View(deployment(availableReplicas=1, updatedReplicas=0), (OLD,), (pod("old", RUNNING),)),
            "pod shop-old-1 of the previous template is still running",
        ),
        (View(deployment(**AVAILABLE), (OLD, NEW), (pod("old", RUNNING), pod("new", RUNNING))), "of the previous template"),
        (View(deployment(), (NEW,), ()), "no pod yet"),
        (View(deployment(), (NEW,), (pod("new", container("ContainerCreating"), "Pending"),)), "ContainerCreating"),
        (
            View(
                deployment(), (NEW,), (pod("new", container(), conditions=[{"type": "Ready", "status": "False", "message": "not ready"}]),)
            ),
            "shop-new-1: not ready",
        ),
        (View(deployment(**AVAILABLE), (NEW,), (pod("new", RUNNING, "Failed"),)), "no pod yet"),
    ],
    ids=["generation", "available but old", "old beside new", "no pod", "creating", "not ready", "evicted pods do not count"],
)
def test_goes_on(view: View, reason: str) -> None:
    verdict = judge(view)
    assert verdict.state is State.GOING_ON
    assert reason in verdict.reason


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "ErrImagePull", "InvalidImageName", "CreateContainerConfigError"])
def test_a_container_that_cannot_be_made_fails_at_once(reason: str) -> None:
    verdict = judge(View(deployment(), (NEW,), (pod("new", container(reason, message='secret "x" not found'), "Pending"),)))
    assert verdict.state is State.FAILED
    assert f'{reason}: secret "x" not found' in verdict.reason


def test_a_crash_loop_fails_and_points_at_the_former_log() -> None:
    crashed = container("CrashLoopBackOff", 1, ended={"exitCode": 1, "reason": "Error"})
    verdict = judge(View(deployment(), (NEW,), (pod("new", crashed),)))
    assert verdict.state is State.FAILED
    assert "keeps restarting (exit code 1, Error, 1 restarts)" in verdict.reason
    assert (verdict.pod, verdict.container, verdict.previous) == ("shop-new-1", "server", True)


def test_ending_with_exit_code_0_twice_is_a_crash_loop_too() -> None:
    ended = {"exitCode": 0, "reason": "Completed"}
    once, twice = container(restarted=1, ended=ended), container(restarted=2, ended=ended)
    assert judge(View(deployment(), (NEW,), (pod("new", once),))).state is State.GOING_ON
    verdict = judge(View(deployment(), (NEW,), (pod("new", twice),)))
    assert verdict.state is State.FAILED
    assert "exit code 0, Completed" in verdict.reason


def test_restarts_before_the_wait_do_not_count_until_the_next_one() -> None:
    ended = {"exitCode": 0, "reason": "Completed"}
    seen = View(deployment(), (NEW,), (pod("new", container("CrashLoopBackOff", 7, ended=ended)),))
    waiting = dataclasses.replace(seen, restarts=restarts(seen.pods))
    assert judge(waiting).state is State.GOING_ON
    again = dataclasses.replace(waiting, pods=(pod("new", container("CrashLoopBackOff", 8, ended=ended)),))
    assert judge(again).state is State.FAILED


def test_a_ready_pod_may_have_been_restarted_often() -> None:
    old_hand = {**RUNNING, "restartCount": 12, "lastState": {"terminated": {"exitCode": 1}}}
    assert judge(View(deployment(**AVAILABLE), (NEW,), (pod("new", old_hand),))).state is State.DONE


def test_failures_of_former_pods_are_no_failures_of_this_rollout() -> None:
    broken = pod("old", container("ImagePullBackOff"))
    stale = {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": 'ReplicaSet "shop-old" has timed out progressing.'}
    verdict = judge(View(deployment(conditions=[stale]), (OLD,), (broken,)))
    assert verdict.state is State.GOING_ON
    assert "previous template" in verdict.reason


def test_what_the_deployment_still_says_of_a_former_template_does_not_count() -> None:
    stale = {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": 'ReplicaSet "shop-old" has timed out progressing.'}
    assert judge(View(deployment(conditions=[stale]), (OLD, NEW), (pod("new", container()),))).state is State.GOING_ON


def test_an_init_container_that_fails_is_named() -> None:
    checked = {**container("CrashLoopBackOff", 1, ended={"exitCode": 1, "reason": "Error"}), "name": "check-offsets-writable"}
    verdict = judge(View(deployment(), (NEW,), (pod("new", None, "Pending", initContainerStatuses=[checked]),)))
    assert (verdict.state, verdict.container) == (State.FAILED, "check-offsets-writable")


def test_unschedulable_fails_only_after_its_grace() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available"}
    view = View(deployment(), (NEW,), (pod("new", None, "Pending", conditions=[condition]),), scheduling_timeout=60)
    early = judge(dataclasses.replace(view, waited=59))
    assert (early.state, early.reason) == (State.GOING_ON, "pod shop-new-1: 0/1 nodes are available")
    late = judge(dataclasses.replace(view, waited=60))
    assert (late.state, late.reason) == (State.FAILED, "pod shop-new-1 is unschedulable: 0/1 nodes are available")


def test_a_missing_secret_that_is_mounted_fails() -> None:
    event = {"reason": "FailedMount", "message": 'secret "shop-key" not found', "involvedObject": {"uid": "new-1"}}
    view = View(deployment(), (NEW,), (pod("new", container("ContainerCreating"), "Pending"),), (event,))
    assert judge(view).reason == 'pod shop-new-1 cannot start: secret "shop-key" not found'
    other = {**event, "involvedObject": {"uid": "another"}}
    assert judge(dataclasses.replace(view, events=(other,))).state is State.GOING_ON


@pytest.mark.parametrize(
    "condition",
    [
        {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": 'pods "shop-new-x" is forbidden: exceeded quota'},
        {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": 'ReplicaSet "shop-new" has timed out progressing.'},
    ],
    ids=["quota", "deadline"],
)
def test_what_the_deployment_says_of_its_present_template(condition: dict[str, str]) -> None:
    verdict = judge(View(deployment(conditions=[condition]), (NEW,), ()))
    assert verdict.state is State.FAILED
    assert condition["message"] in verdict.reason


def test_stopped_means_that_no_pod_is_left() -> None:
    assert judge(View(deployment(wanted=0, replicas=0, updatedReplicas=0), (NEW,), (pod("new", RUNNING),))).state is State.GOING_ON
    assert judge(View(deployment(wanted=0, replicas=0, updatedReplicas=0), (NEW,), ())).state is State.DONE
