# SPDX-License-Identifier: GPL-3.0-or-later
"""A Deployment and its rollout: how few requests an unchanged one costs."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.cluster import Cluster
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.workload import Workload
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import reconcile
from kubernetes_answers import OPTIONS, FakeApi

ROOT = "/apis/apps/v1/namespaces/cdc"
DEPLOYMENT = f"{ROOT}/deployments/shop"
PODS = "/api/v1/namespaces/cdc/pods"
SELECTOR = {"labelSelector": "app=debezium"}
MANIFEST: dict[str, t.Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "shop", "namespace": "cdc"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "debezium"}},
        "template": {
            "metadata": {"labels": {"app": "debezium"}},
            "spec": {"containers": [{"name": "server", "image": "debezium:3.6.3"}]},
        },
    },
}
OWNED = {
    "f:spec": {
        "f:replicas": {},
        "f:selector": {},
        "f:template": {
            "f:metadata": {"f:labels": {"f:app": {}}},
            "f:spec": {"f:containers": {'k:{"name":"server"}': {".": {}, "f:name": {}, "f:image": {}}}},
        },
    }
}
ROLLED_OUT = {"observedGeneration": 3, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}


def live(manifest: dict[str, t.Any] = MANIFEST, /, **status: t.Any) -> dict[str, t.Any]:
    found = copy.deepcopy(manifest)
    entry = {"manager": "cdc.gcp", "operation": "Apply", "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": OWNED}
    found["metadata"].update(uid="d", generation=3, managedFields=[entry])
    return {**found, "status": {**ROLLED_OUT, **status}}


def pod(name: str, **metadata: t.Any) -> dict[str, t.Any]:
    return {"metadata": {"name": name, **metadata}, "status": {"phase": "Running"}}


def test_an_unchanged_deployment_that_is_rolled_out_costs_one_request(api: FakeApi) -> None:
    api.expect("GET", DEPLOYMENT, answer=live())
    outcome = reconcile(Workload(Cluster(OPTIONS), MANIFEST, want_pod=False), check_mode=False)
    assert not outcome.changed
    assert (outcome.facts["ready"], outcome.facts["pod_name"]) == (True, None)


def test_the_pods_name_costs_one_more(api: FakeApi) -> None:
    api.expect("GET", DEPLOYMENT, answer=live())
    api.expect("GET", PODS, query=SELECTOR, answer={"items": [pod("shop-0", deletionTimestamp="t"), pod("shop-1")]})
    outcome = reconcile(Workload(Cluster(OPTIONS), MANIFEST), check_mode=False)
    assert (outcome.facts["ready"], outcome.facts["pod_name"]) == (True, "shop-1")


@pytest.mark.parametrize(
    "status",
    [
        {"observedGeneration": 2},
        {"updatedReplicas": 0},
        {"availableReplicas": 0},
        {"replicas": 2},
        {"unavailableReplicas": 1},
    ],
)
def test_a_status_that_does_not_prove_the_rollout_is_looked_into(api: FakeApi, status: dict[str, int]) -> None:
    api.expect("GET", DEPLOYMENT, answer=live(**status))
    api.expect("GET", PODS, query=SELECTOR, answer={"items": []})
    api.expect("GET", f"{ROOT}/replicasets", query=SELECTOR, answer={"items": []})
    api.expect("GET", DEPLOYMENT, answer=live(**status))
    outcome = reconcile(Workload(Cluster(OPTIONS), MANIFEST, want_pod=False), check_mode=True)
    assert not outcome.facts["ready"]


@pytest.mark.parametrize("counted", [{}, {"terminatingReplicas": 1}])
def test_a_stopped_deployment_is_proven_only_when_no_pod_is_terminating(api: FakeApi, counted: dict[str, int]) -> None:
    manifest = {**MANIFEST, "spec": {**MANIFEST["spec"], "replicas": 0}}
    stopped = live(manifest, replicas=0, updatedReplicas=0, availableReplicas=0, **counted)
    api.expect("GET", DEPLOYMENT, answer=stopped)
    api.expect("GET", PODS, query=SELECTOR, answer={"items": []})
    api.expect("GET", f"{ROOT}/replicasets", query=SELECTOR, answer={"items": []})
    api.expect("GET", DEPLOYMENT, answer=stopped)
    reconcile(Workload(Cluster(OPTIONS), manifest, want_pod=False), check_mode=True)
    api.expect("GET", DEPLOYMENT, answer={**stopped, "status": {**stopped["status"], "terminatingReplicas": 0}})
    assert not reconcile(Workload(Cluster(OPTIONS), manifest, want_pod=False), check_mode=True).facts["ready"]


def test_a_pod_that_waits_to_be_started_again_is_replaced_at_once(api: FakeApi) -> None:
    """The kubelet waits up to five minutes, also when what ended the pod is repaired."""
    template = MANIFEST["spec"]["template"]
    replica_set = {
        "metadata": {"name": "shop-r", "uid": "r", "ownerReferences": [{"uid": "d", "controller": True}]},
        "spec": {"template": template},
    }
    waiting = pod("shop-1", uid="p", ownerReferences=[{"uid": "r", "controller": True}])
    waiting["status"]["containerStatuses"] = [
        {"name": "server", "ready": False, "restartCount": 7, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    ]
    broken = live(availableReplicas=0)
    api.expect("GET", DEPLOYMENT, answer=broken)
    api.expect("GET", PODS, query=SELECTOR, answer={"items": [waiting]})
    api.expect("GET", f"{ROOT}/replicasets", query=SELECTOR, answer={"items": [replica_set]})
    api.expect("GET", DEPLOYMENT, answer=broken)
    api.expect("DELETE", f"{PODS}/shop-1", body={"propagationPolicy": "Foreground"})
    api.expect("GET", DEPLOYMENT, answer=live())
    outcome = reconcile(Workload(Cluster(OPTIONS), MANIFEST, want_pod=False, restart_waiting=True), check_mode=False)
    assert [action.summary for action in outcome.plan.actions] == ["restart pod shop-1, which waits after 7 restarts"]
