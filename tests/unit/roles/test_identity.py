# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles make of `cdc_identity`: who gets the grants, what the pod mounts, and as whom it acts."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROLES = Path(__file__).resolve().parents[3] / "roles"
PIPELINE = {
    "cdc_name": "shop",
    "cdc_project": "shop-prod",
    "iam_service_account": {"member": "serviceAccount:shop-debezium@shop-prod.iam.gserviceaccount.com"},
    "iam_workload_project_result": {"project_number": "123456789012"},
}
EMAIL = "shop-debezium@shop-prod.iam.gserviceaccount.com"


def value(name: str, **given: t.Any) -> t.Any:
    """A variable as the roles work it out, when the inventory has `given`."""
    loader = DataLoader()
    variables: dict[str, t.Any] = {}
    for kind in ("defaults", "vars"):
        for role in ("iam", "debezium_k8s"):
            variables |= loader.load_from_file(str(ROLES / role / kind / "main.yml"), trusted_as_template=True)
    return Templar(loader, variables | PIPELINE | given).template(variables[name])


def tasks(role: str) -> dict[str, dict[str, t.Any]]:
    found = DataLoader().load_from_file(str(ROLES / role / "tasks/main.yml"), trusted_as_template=True)
    return {task["name"]: task for task in found}


def runs(role: str, task: str, **given: t.Any) -> bool:
    """Whether the conditions of a task hold."""
    conditions = tasks(role)[task].get("when", [])
    templar = Templar(DataLoader(), {**PIPELINE, "iam_workload_pool_project_number": "", "iam_project_roles": [], **given})
    return all(templar.evaluate_conditional(each) for each in ([conditions] if isinstance(conditions, str) else conditions))


def principal(pool: str, number: str, namespace: str = "debezium", name: str = "shop-debezium") -> str:
    path = f"iam.googleapis.com/projects/{number}/locations/global/workloadIdentityPools/{pool}"
    return f"principal://{path}/subject/ns/{namespace}/sa/{name}"


@pytest.mark.parametrize("identity", ["key", "workload_identity_impersonation"])
def test_with_a_google_service_account_it_gets_the_grants(identity: str) -> None:
    assert value("iam_principal", iam_identity=identity) == f"serviceAccount:{EMAIL}"


def test_without_one_the_pods_own_service_account_gets_them() -> None:
    assert value("iam_principal", cdc_identity="workload_identity") == principal("shop-prod.svc.id.goog", "123456789012")


def test_a_cluster_in_another_project_has_that_projects_pool_and_number() -> None:
    given = {"cdc_identity": "workload_identity", "iam_workload_pool": "platform.svc.id.goog", "cdc_namespace": "cdc"}
    assert value("iam_workload_project", **given) == "platform"
    expected = principal("platform.svc.id.goog", "42", "cdc", "streamer")
    assert value("iam_principal", **given, debezium_k8s_name="streamer", iam_workload_pool_project_number="42") == expected
    assert value("iam_workload_member", **given) == "serviceAccount:platform.svc.id.goog[cdc/shop-debezium]"


def test_one_option_says_it_to_both_roles() -> None:
    for name in ("iam_identity", "debezium_k8s_identity"):
        assert value(name) == "key"
        assert value(name, cdc_identity="workload_identity") == "workload_identity"


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ("key", {"Service account", "Namespace for the key", "Key in a Secret"}),
        ("workload_identity", {"Project of the workload pool"}),
        ("workload_identity_impersonation", {"Service account", "The pod may act as the service account"}),
    ],
)
def test_what_role_iam_makes_besides_the_grants(identity: str, expected: set[str]) -> None:
    made = {name for name in tasks("iam") if runs("iam", name, iam_identity=identity)}
    assert made - {"Grants on the topic"} == expected


def test_a_number_that_is_given_is_not_asked_for() -> None:
    assert not runs("iam", "Project of the workload pool", iam_identity="workload_identity", iam_workload_pool_project_number="42")


@pytest.mark.parametrize(
    ("identity", "annotations"),
    [("key", {}), ("workload_identity", {}), ("workload_identity_impersonation", {"iam.gke.io/gcp-service-account": EMAIL})],
)
def test_only_impersonation_annotates_the_pods_service_account(identity: str, annotations: dict[str, str]) -> None:
    assert value("debezium_k8s_service_account_annotations", cdc_identity=identity) == annotations


def test_a_domains_project_is_turned_round_in_the_e_mail() -> None:
    found = value("debezium_k8s_google_service_account", cdc_project="example.com:shop")
    assert found == "shop-debezium@shop.example.com.iam.gserviceaccount.com"


def test_a_pod_with_a_key_is_what_it_was_and_one_without_starts_anew_when_its_identity_changes() -> None:
    assert value("debezium_k8s_pod_annotations") == {}
    found = {value("debezium_k8s_pod_annotations", cdc_identity=each)["cdc.gcp/identity"] for each in IDENTITIES_WITHOUT_KEY}
    assert len(found) == 2


IDENTITIES_WITHOUT_KEY = ("workload_identity", "workload_identity_impersonation")


@pytest.mark.parametrize("identity", ["key", *IDENTITIES_WITHOUT_KEY])
def test_the_key_is_mounted_only_with_key(identity: str) -> None:
    secret = tasks("debezium_k8s")["Debezium Server"]["cdc.gcp.debezium_server"]["credentials_secret"]
    given = {"debezium_k8s_identity": identity, "debezium_k8s_key_secret": "shop-key", "omit": "OMITTED"}
    assert Templar(DataLoader(), given).template(secret) == ("shop-key" if identity == "key" else "OMITTED")
