# SPDX-License-Identifier: GPL-3.0-or-later
"""debezium_server: what is applied, how long it is waited for, and what a person learns when it fails."""

from __future__ import annotations

import copy
import typing as t

import pytest
import yaml
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.digest import digest
from ansible_collections.cdc.gcp.plugins.modules import debezium_server
from kubernetes_answers import APPLY, DRY_RUN, HOST, NO_NAMESPACE, FakeApi, installed, status

ROOT = "/apis/apps/v1/namespaces/cdc"
DEPLOYMENT = f"{ROOT}/deployments/shop"
PODS = "/api/v1/namespaces/cdc/pods"
SELECTOR = {"labelSelector": "app=debezium,parent=shop"}
GIVEN = {
    "host": HOST,
    "name": "shop",
    "namespace": "cdc",
    "properties_secret": "shop-properties",
    "database_secret": "shop-db",
    "checksums": {"shop-properties": "1f", "shop-db": "2e"},
}
GONE = status(404, "NotFound", 'deployments.apps "shop" not found')
SECRET = {"data": {"user": "Y2Rj", "password": "c2VzYW1l"}}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, clock: t.Any) -> t.Iterator[FakeApi]:
    yield from installed(monkeypatch, clock)


@pytest.fixture
def wanted(run_module: t.Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, t.Any]:
    """The body that the module sends for GIVEN."""
    built: list[dict[str, t.Any]] = []
    build = debezium_server.deployment
    with monkeypatch.context() as patch:
        patch.setattr(debezium_server, "deployment", lambda params: built.append(build(params)) or built[0])
        patch.setattr(debezium_server, "run", lambda module, make, libraries: make() and module.exit_json())
        run_module(debezium_server, **GIVEN)
    return built[0]


def live(body: dict[str, t.Any], available: int = 1) -> dict[str, t.Any]:
    found = copy.deepcopy(body)
    found["metadata"].update(uid="d", generation=1)
    counts = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": available}
    return {**found, "status": {"observedGeneration": 1, **counts}}


def pod(waiting: str | None = None, restarted: int = 0) -> dict[str, t.Any]:
    state = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    ended = {"terminated": {"exitCode": 0, "reason": "Completed"}} if restarted else {}
    container = {"name": "server", "ready": not waiting, "restartCount": restarted, "state": state, "lastState": ended}
    metadata = {"name": "shop-1", "uid": "p", "ownerReferences": [{"uid": "r", "controller": True}]}
    return {"metadata": metadata, "status": {"phase": "Running", "containerStatuses": [container]}}


def expect_view(api: FakeApi, found: dict[str, t.Any] | None, *pods: dict[str, t.Any]) -> None:
    """The requests that look at a rollout."""
    metadata = {"name": "shop-r", "uid": "r", "ownerReferences": [{"uid": "d", "controller": True}]}
    sets = [{"metadata": metadata, "spec": {"template": found["spec"]["template"]}}] if found else []
    api.expect("GET", PODS, query=SELECTOR, answer={"items": list(pods)})
    api.expect("GET", f"{ROOT}/replicasets", query=SELECTOR, answer={"items": sets})
    api.expect("GET", DEPLOYMENT, **({"answer": found} if found else {"status": 404, "answer": GONE}))


def expect_read(api: FakeApi, body: dict[str, t.Any], found: dict[str, t.Any] | None, *pods: dict[str, t.Any]) -> None:
    """The requests of one read: the object, the dry run, and the rollout, or just the pod when the object's status proves it."""
    api.expect("GET", DEPLOYMENT, **({"answer": found} if found else {"status": 404, "answer": GONE}))
    api.expect("PATCH", DEPLOYMENT, query=DRY_RUN, body=body, answer=live(body))
    if found and found["status"]["availableReplicas"]:
        api.expect("GET", PODS, query=SELECTOR, answer={"items": list(pods)})
    else:
        expect_view(api, found, *pods)


def test_creates_and_waits_for_the_pod(api: FakeApi, run_module: t.Any, wanted: dict[str, t.Any], clock: t.Any) -> None:
    expect_read(api, wanted, None)
    api.expect("PATCH", DEPLOYMENT, query=APPLY, body=wanted)
    expect_read(api, wanted, live(wanted, 0))
    expect_view(api, live(wanted, 0), pod("ContainerCreating"))
    expect_view(api, live(wanted), pod())
    expect_read(api, wanted, live(wanted), pod())
    result = run_module(debezium_server, **GIVEN)
    assert result["changed"]
    assert result["actions"] == ["create Deployment cdc/shop"]
    assert (result["pod_name"], result["ready"], result["image"]) == ("shop-1", True, "quay.io/debezium/server:3.6.3.Final")
    assert len(clock.slept) == 1


def test_secrets_whose_checksum_is_not_given_are_read_and_a_changed_one_changes_the_pods_checksum(api: FakeApi, run_module: t.Any) -> None:
    def checksum(key: str) -> str:
        api.expect(
            "GET", "/api/v1/namespaces/cdc/secrets/shop-key", answer={"apiVersion": "v1", "kind": "Secret", "data": {"key.json": key}}
        )
        api.expect("GET", DEPLOYMENT, status=401, answer=status(401, "Unauthorized", "enough seen"))
        run_module(debezium_server, **GIVEN, credentials_secret="shop-key")
        (params,) = built[-1:]
        return str(params["spec"]["template"]["metadata"]["annotations"]["cdc.gcp/checksum"])

    built: list[dict[str, t.Any]] = []
    build = debezium_server.deployment
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(debezium_server, "deployment", lambda params: built.append(build(params)) or built[-1])
        one, again, other = checksum("b25l"), checksum("b25l"), checksum("dHdv")
    assert one == again
    assert one != other


def test_a_second_run_does_nothing_and_waits_for_nothing(api: FakeApi, run_module: t.Any, wanted: dict[str, t.Any], clock: t.Any) -> None:
    expect_read(api, wanted, live(wanted), pod())
    result = run_module(debezium_server, **GIVEN)
    assert (result["changed"], result["ready"], result["pod_name"], result["warnings"]) == (False, True, "shop-1", [])
    assert clock.slept == []


def test_unchanged_but_not_available_is_waited_for(api: FakeApi, run_module: t.Any, wanted: dict[str, t.Any]) -> None:
    expect_read(api, wanted, live(wanted, 0), pod("CrashLoopBackOff", 3))
    expect_view(api, live(wanted, 0), pod("CrashLoopBackOff", 3))
    expect_view(api, live(wanted), pod(restarted=4))
    expect_read(api, wanted, live(wanted), pod(restarted=4))
    result = run_module(debezium_server, **GIVEN)
    assert (result["changed"], result["ready"]) == (False, True)
    (warning,) = result["warnings"]
    assert warning.startswith("Deployment cdc/shop was unchanged but not rolled out: pod shop-1, container server keeps restarting")


def test_a_crash_loop_fails_with_its_log_and_what_it_means(api: FakeApi, run_module: t.Any, wanted: dict[str, t.Any]) -> None:
    expect_read(api, wanted, live(wanted, 0), pod("CrashLoopBackOff", 3))
    expect_view(api, live(wanted, 0), pod("CrashLoopBackOff", 4))
    log = "INFO up\nERROR PERMISSION_DENIED: User not authorized to perform this action. sesame\n"
    api.expect("GET", f"{PODS}/shop-1/log", query={"container": "server", "tailLines": "20", "previous": "true"}, answer=log)
    api.expect("GET", "/api/v1/namespaces/cdc/secrets/shop-db", answer=SECRET)
    result = run_module(debezium_server, **GIVEN)
    assert result["failed"]
    assert "container server keeps restarting (exit code 0, Completed, 4 restarts)" in result["msg"]
    assert "roles/pubsub.publisher" in result["msg"]
    assert result["log"][-1] == "ERROR PERMISSION_DENIED: User not authorized to perform this action. (hidden)"


def test_a_failed_rollout_tells_what_was_changed(api: FakeApi, run_module: t.Any, wanted: dict[str, t.Any]) -> None:
    expect_read(api, wanted, None)
    api.expect("PATCH", DEPLOYMENT, query=APPLY, body=wanted)
    expect_read(api, wanted, live(wanted, 0))
    expect_view(api, live(wanted, 0), pod("ImagePullBackOff"))
    result = run_module(debezium_server, **GIVEN)
    assert "ImagePullBackOff" in result["msg"]
    assert (result["changed"], result["done_actions"], result["log"]) == (True, ["create Deployment cdc/shop"], [])


def test_the_deadline_says_what_was_waited_for(api: FakeApi, run_module: t.Any, wanted: dict[str, t.Any]) -> None:
    expect_read(api, wanted, live(wanted, 0), pod("ContainerCreating"))
    expect_view(api, live(wanted, 0), pod("ContainerCreating"))
    result = run_module(debezium_server, wait_timeout=0, **GIVEN)
    assert result["msg"] == (
        "Deployment cdc/shop was not rolled out within wait_timeout=0 s: pod shop-1, container server: ContainerCreating."
    )


def test_without_wait_nothing_is_waited_for(api: FakeApi, run_module: t.Any, wanted: dict[str, t.Any]) -> None:
    expect_read(api, wanted, live(wanted, 0), pod("CrashLoopBackOff", 3))
    result = run_module(debezium_server, wait=False, **GIVEN)
    assert (result["changed"], result["ready"]) == (False, False)


def test_check_mode_neither_applies_nor_waits(api: FakeApi, run_module: t.Any, wanted: dict[str, t.Any]) -> None:
    api.expect("GET", DEPLOYMENT, status=404, answer=GONE)
    api.expect("PATCH", DEPLOYMENT, query=DRY_RUN, body=wanted, status=404, answer=NO_NAMESPACE)
    expect_view(api, None)
    result = run_module(debezium_server, check=True, **GIVEN)
    assert (result["changed"], result["ready"], result["pod_name"]) == (True, False, None)
    assert len(result["checksum"]) == 64


def test_absent_deletes_and_waits(api: FakeApi, run_module: t.Any, wanted: dict[str, t.Any]) -> None:
    api.expect("GET", DEPLOYMENT, answer=live(wanted))
    expect_view(api, live(wanted), pod())
    api.expect("DELETE", DEPLOYMENT, body={"propagationPolicy": "Foreground"})
    api.expect("GET", DEPLOYMENT, status=404, answer=GONE).expect("GET", DEPLOYMENT, status=404, answer=GONE)
    result = run_module(debezium_server, state="absent", **GIVEN)
    assert result["actions"] == ["delete Deployment cdc/shop"]
    assert (result["ready"], result["pod_name"]) == (False, None)


def test_the_documented_example_works_as_printed(api: FakeApi, run_module: t.Any) -> None:
    """Its checksums are used, so that no Secret is read."""
    (task,) = yaml.safe_load(debezium_server.EXAMPLES)
    example = {**task["cdc.gcp.debezium_server"], "kubeconfig": None, "host": HOST}
    sums = {name: f"sum of {name}" for name in ("shop-properties", "shop-db", "shop-key")}
    assert example["checksums"].keys() == sums.keys()
    api.expect("GET", f"{ROOT}/deployments/shop-debezium", status=401, answer=status(401, "Unauthorized", "enough seen"))
    built: list[dict[str, t.Any]] = []
    build = debezium_server.deployment
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(debezium_server, "deployment", lambda params: built.append(build(params)) or built[-1])
        run_module(debezium_server, **{**example, "checksums": sums})
    assert built[0]["spec"]["template"]["metadata"]["annotations"] == {"cdc.gcp/checksum": digest(sums)}


def test_a_checksum_of_what_the_pod_does_not_read_is_refused(api: FakeApi, run_module: t.Any) -> None:
    result = run_module(debezium_server, **{**GIVEN, "checksums": {"properties": "1f", "shop-db": "2e"}})
    assert result["msg"] == "checksums names properties, but the Secrets that the pod reads are shop-properties, shop-db."


def test_an_image_without_a_version_is_refused_before_any_request(api: FakeApi, run_module: t.Any) -> None:
    assert "has no exact version" in run_module(debezium_server, image="quay.io/debezium/server", **GIVEN)["msg"]
