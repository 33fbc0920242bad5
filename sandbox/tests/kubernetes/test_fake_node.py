"""What the fake node says of a pod; the end-to-end tests run it against a real API server."""

from __future__ import annotations

from typing import Any

import pytest
from cdc_sandbox.kubernetes import fake_node

NOW = "2026-11-23T07:00:00Z"


def pod(status: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    containers = [{"name": "server", "image": "example.com/server:1"}]
    return {
        "metadata": {"name": "pod", "namespace": "debezium", "uid": "1"},
        "spec": {"containers": containers, **spec},
        "status": status or {"phase": "Pending"},
    }


def conditions(status: dict[str, Any]) -> dict[str, str]:
    return {each["type"]: each["status"] for each in status["conditions"]}


def test_a_scheduled_pod_is_said_to_run_and_to_be_ready() -> None:
    status = fake_node.pod_status(pod(), NOW)
    assert status is not None
    assert status["phase"] == "Running"
    assert conditions(status)["Ready"] == conditions(status)["ContainersReady"] == "True"
    (container,) = status["containerStatuses"]
    assert (container["name"], container["ready"], container["state"]) == ("server", True, {"running": {"startedAt": NOW}})
    assert "podIP" not in status, "nothing answers for it"
    assert status["message"] == fake_node.MESSAGE


def test_init_containers_have_ended_well_and_sidecars_run() -> None:
    both = [{"name": "first", "image": "a"}, {"name": "sidecar", "image": "b", "restartPolicy": "Always"}]
    status = fake_node.pod_status(pod(initContainers=both), NOW)
    assert status is not None
    ended, runs = status["initContainerStatuses"]
    assert ended["state"]["terminated"]["exitCode"] == 0
    assert runs["state"] == {"running": {"startedAt": NOW}}


@pytest.mark.parametrize(
    "status",
    [
        {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        {"phase": "Succeeded"},
        {"phase": "Failed"},
    ],
)
def test_a_pod_that_runs_or_has_ended_is_left_alone(status: dict[str, Any]) -> None:
    assert fake_node.pod_status(pod(status), NOW) is None


def test_a_pod_that_the_node_controller_called_unready_is_ready_again() -> None:
    status = fake_node.pod_status(pod({"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}), NOW)
    assert status is not None
    assert conditions(status)["Ready"] == "True"
