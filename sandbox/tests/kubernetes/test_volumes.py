"""Which volumes the provisioner makes and removes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cdc_sandbox.kubernetes.volumes import PROVISIONER, plan

BASE = Path("/volumes")


def storage_class(mode: str = "Immediate", provisioner: str = PROVISIONER, policy: str = "Retain") -> dict[str, Any]:
    return {"metadata": {"name": "fast"}, "provisioner": provisioner, "volumeBindingMode": mode, "reclaimPolicy": policy}


def claim(annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "data", "namespace": "cdc", "uid": "u1", "annotations": annotations},
        "spec": {"storageClassName": "fast", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec},
    }


def volume(phase: str, policy: str = "Delete", provisioned_by: str = PROVISIONER) -> dict[str, Any]:
    return {
        "metadata": {"name": "pvc-u1", "annotations": {"pv.kubernetes.io/provisioned-by": provisioned_by}},
        "spec": {"persistentVolumeReclaimPolicy": policy},
        "status": {"phase": phase},
    }


def test_a_claim_of_an_immediate_class_gets_a_local_volume_bound_to_it() -> None:
    [made] = plan([claim()], [storage_class()], [], BASE).create

    assert made["metadata"]["name"] == "pvc-u1"
    assert made["spec"]["local"] == {"path": "/volumes/pvc-u1"}
    assert made["spec"]["capacity"] == {"storage": "1Gi"}
    assert made["spec"]["storageClassName"] == "fast"
    assert made["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert made["spec"]["claimRef"]["uid"] == "u1"
    assert made["spec"]["claimRef"]["namespace"] == "cdc"


def test_a_class_that_waits_for_its_first_consumer_waits_for_the_schedulers_choice() -> None:
    waiting = storage_class("WaitForFirstConsumer")

    assert plan([claim()], [waiting], [], BASE).create == []
    chosen = claim({"volume.kubernetes.io/selected-node": "cdc-sandbox"})
    assert len(plan([chosen], [waiting], [], BASE).create) == 1


def test_a_claim_of_another_provisioner_or_of_no_class_is_left_alone() -> None:
    assert plan([claim()], [storage_class(provisioner="pd.csi.storage.gke.io")], [], BASE).create == []
    assert plan([claim(storageClassName=None)], [storage_class()], [], BASE).create == []


def test_a_claim_that_has_its_volume_gets_no_second_one() -> None:
    assert plan([claim()], [storage_class()], [volume("Available")], BASE).create == []
    assert plan([claim(volumeName="pvc-other")], [storage_class()], [], BASE).create == []


def test_a_claim_that_is_being_deleted_gets_none() -> None:
    going = claim()
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert plan([going], [storage_class()], [], BASE).create == []


def test_only_a_released_volume_of_ours_with_the_policy_delete_is_removed() -> None:
    assert plan([], [], [volume("Released")], BASE).delete == ["pvc-u1"]
    assert plan([], [], [volume("Bound")], BASE).delete == []
    assert plan([], [], [volume("Released", policy="Retain")], BASE).delete == []
    assert plan([], [], [volume("Released", provisioned_by="somebody-else")], BASE).delete == []


def test_a_class_without_a_policy_means_delete_as_in_the_api() -> None:
    bare = storage_class()
    del bare["reclaimPolicy"]
    [made] = plan([claim()], [bare], [], BASE).create
    assert made["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
