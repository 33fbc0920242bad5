"""Resource Manager and Service Networking of the stand-in: the project, its policy, its private services access."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from cdc_sandbox.google.types import Json
from standin_client import PROJECT, StandIn, new_account, project_policy

CONDITION = {"title": "until 2030", "expression": 'request.time < timestamp("2030-01-01T00:00:00Z")'}


@pytest.fixture(autouse=True)
def _same_policy(standin: StandIn) -> Iterator[None]:
    """Each test starts with the policies that the projects were made with."""
    with standin.context.state.reading("projects") as data:
        before = copy.deepcopy(data)
    yield
    with standin.context.state.changing("projects") as data:
        data.update(before)


def set_policy(standin: StandIn, policy: Json, **other: Any) -> Json:
    return standin.good("POST", f"{PROJECT}:setIamPolicy", {"policy": policy, **other})


def refusal(standin: StandIn, policy: Json) -> Json:
    response = standin.call("POST", f"{PROJECT}:setIamPolicy", {"policy": policy})
    assert response.status_code >= 400
    error: Json = response.json()["error"]
    return error


def test_the_project_in_both_versions(standin: StandIn) -> None:
    first = standin.good("GET", PROJECT)
    assert (first["projectId"], first["projectNumber"], first["lifecycleState"]) == ("demo-project", "123456789012", "ACTIVE")
    third = standin.good("GET", "/v3/projects/demo-project")
    assert (third["name"], third["projectId"], third["state"]) == ("projects/123456789012", "demo-project", "ACTIVE")
    assert standin.good("GET", "/v3/projects/123456789012") == third


def test_both_versions_have_the_same_policy(standin: StandIn) -> None:
    body = {"options": {"requestedPolicyVersion": 3}}
    assert standin.good("POST", "/v3/projects/demo-project:getIamPolicy", body) == project_policy(standin)


def test_another_project_looks_forbidden(standin: StandIn) -> None:
    for method, path in (("GET", "/v1/projects/other"), ("POST", "/v1/projects/other:getIamPolicy"), ("GET", "/v3/projects/other")):
        response = standin.call(method, path)
        assert response.status_code == 403
        assert response.json()["error"]["message"] == "The caller does not have permission"


def test_each_set_gives_a_new_etag_and_a_stale_one_is_refused(standin: StandIn) -> None:
    policy = project_policy(standin)
    answer = set_policy(standin, policy)
    assert answer["etag"] != policy["etag"]
    error = refusal(standin, policy)
    assert (error["code"], error["status"]) == (409, "ABORTED")
    assert error["message"].startswith("There were concurrent policy changes.")
    assert error["errors"][0]["reason"] == "aborted"


def test_a_set_without_etag_wins(standin: StandIn) -> None:
    policy = project_policy(standin)
    del policy["etag"]
    assert set_policy(standin, policy)["bindings"] == policy["bindings"]


def test_members_are_merged_sorted_and_in_lower_case(standin: StandIn) -> None:
    policy = project_policy(standin)
    pool = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/P/subject/ns/N/sa/S"
    policy["bindings"] += [
        {"role": "roles/browser", "members": ["user:Zoe@Example.com", pool]},
        {"role": "roles/browser", "members": ["user:zoe@example.com", "group:All@example.com"]},
        {"role": "roles/pubsub.viewer", "members": []},
    ]
    answer = set_policy(standin, policy)
    roles = {binding["role"]: binding["members"] for binding in answer["bindings"]}
    assert roles["roles/browser"] == ["group:all@example.com", pool, "user:zoe@example.com"]
    assert "roles/pubsub.viewer" not in roles
    assert answer["version"] == 1


@pytest.mark.parametrize(
    ("binding", "text"),
    [
        ({"role": "roles/browser", "members": ["serviceAccount:nobody@demo-project.iam.gserviceaccount.com"]}, "does not exist."),
        ({"role": "roles/browser", "members": ["nobody@example.com"]}, "unknown type"),
        ({"role": "browser", "members": ["user:a@example.com"]}, "Role"),
        ({"role": "roles/nope", "members": ["user:a@example.com"]}, "Role roles/nope is not supported for this resource."),
        ({"role": "roles/pubsub.pubisher", "members": ["user:a@example.com"]}, "Role roles/pubsub.pubisher is not supported"),
        ({"role": "projects/demo-project/roles/own", "members": ["user:a@example.com"]}, "does not exist in the resource's hierarchy"),
        ({"role": "roles/browser", "members": ["user:a@example.com"], "condition": CONDITION}, "version 3"),
    ],
)
def test_a_wrong_binding_is_refused_and_changes_nothing(standin: StandIn, binding: Json, text: str) -> None:
    policy = project_policy(standin)
    changed = {"bindings": [*policy["bindings"], binding], "etag": policy["etag"]}
    error = refusal(standin, changed)
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert text in error["message"]
    assert project_policy(standin) == policy


@pytest.mark.parametrize("role", ["roles/cloudsql.studioUser", "roles/pubsub.serviceAgent", "roles/logging.logWriter", "roles/writer"])
def test_roles_that_grant_nothing_here_are_taken(standin: StandIn, role: str) -> None:
    policy = project_policy(standin)
    binding = {"role": role, "members": ["user:a@example.com"]}
    assert binding in set_policy(standin, {**policy, "bindings": [*policy["bindings"], binding]})["bindings"]


def test_the_missing_account_is_named(standin: StandIn) -> None:
    email = standin.email("nobody")
    error = refusal(standin, {"bindings": [{"role": "roles/browser", "members": [f"serviceAccount:{email}"]}]})
    assert error["message"] == f"Service account {email} does not exist."


def test_accounts_of_google_and_of_other_projects_are_taken(standin: StandIn) -> None:
    policy = project_policy(standin)
    members = ["serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com", "serviceAccount:demo-project.svc.id.goog[ns/ksa]"]
    policy["bindings"].append({"role": "roles/pubsub.publisher", "members": members})
    assert {"role": "roles/pubsub.publisher", "members": sorted(members)} in set_policy(standin, policy)["bindings"]


def test_conditions_need_version_3_and_are_hidden_below(standin: StandIn) -> None:
    member = f"serviceAccount:{new_account(standin)}"
    policy = project_policy(standin)
    policy["bindings"].append({"role": "roles/browser", "members": [member], "condition": CONDITION})
    answer = set_policy(standin, {**policy, "version": 3})
    assert answer["version"] == 3
    conditional = [binding for binding in answer["bindings"] if "condition" in binding]
    assert conditional == [{"role": "roles/browser", "members": [member], "condition": CONDITION}]

    old = standin.good("POST", f"{PROJECT}:getIamPolicy", {})
    assert old["version"] == 1
    assert not any("condition" in binding for binding in old["bindings"])
    assert any(binding["role"].startswith("roles/browser_withcond_") for binding in old["bindings"])
    assert project_policy(standin) == answer
    assert "must specify etag" in refusal(standin, {"version": 3, "bindings": answer["bindings"]})["message"]


def test_audit_configs_survive_unless_the_mask_names_them(standin: StandIn) -> None:
    audit = [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]
    policy = project_policy(standin)
    set_policy(standin, {**policy, "auditConfigs": audit}, updateMask="bindings,etag,auditConfigs")
    set_policy(standin, {"bindings": policy["bindings"]})
    assert project_policy(standin)["auditConfigs"] == audit
    set_policy(standin, {"bindings": policy["bindings"]}, updateMask="auditConfigs")
    assert "auditConfigs" not in project_policy(standin)


def test_the_second_project_has_a_number_and_a_policy_of_its_own(standin: StandIn) -> None:
    host = standin.good("GET", "/v1/projects/demo-host")
    assert (host["projectId"], host["projectNumber"]) == ("demo-host", "210987654321")
    assert standin.good("GET", "/v3/projects/210987654321")["projectId"] == "demo-host"
    assert standin.call("GET", "/v1/projects/demo-host", session=standin.viewer).status_code == 403
    policy = standin.good("POST", "/v1/projects/demo-host:getIamPolicy")
    policy["bindings"].append({"role": "roles/browser", "members": [f"serviceAccount:{standin.email('viewer')}"]})
    before = project_policy(standin)
    standin.good("POST", "/v1/projects/demo-host:setIamPolicy", {"policy": policy})
    assert project_policy(standin) == before
    assert standin.call("GET", "/v1/projects/demo-host", session=standin.viewer).status_code == 200


def test_an_account_that_is_deleted_is_renamed_in_the_second_projects_policy_too(standin: StandIn) -> None:
    email = new_account(standin)
    policy = standin.good("POST", "/v1/projects/demo-host:getIamPolicy")
    policy["bindings"].append({"role": "roles/browser", "members": [f"serviceAccount:{email}"]})
    standin.good("POST", "/v1/projects/demo-host:setIamPolicy", {"policy": policy})
    standin.good("DELETE", f"{standin.account}/{email}")
    members = [
        member for binding in standin.good("POST", "/v1/projects/demo-host:getIamPolicy")["bindings"] for member in binding["members"]
    ]
    assert any(member.startswith(f"deleted:serviceAccount:{email}?uid=") for member in members)


@pytest.mark.parametrize(
    "path",
    [
        "/sql/v1beta4/projects/demo-host/instances",
        "/v1/projects/demo-host/serviceAccounts",
        "/v1/projects/210987654321/locations/europe-west1/secrets/one",
    ],
)
def test_the_second_project_has_other_services_disabled(standin: StandIn, path: str) -> None:
    response = standin.call("GET", path)
    error = response.json()["error"]
    assert (response.status_code, error["status"], error["details"][0]["reason"]) == (403, "PERMISSION_DENIED", "SERVICE_DISABLED")
    assert "has not been used in project 210987654321 before or it is disabled" in error["message"]


def test_the_shared_network_of_the_second_project_is_peered(standin: StandIn) -> None:
    path = "/v1/services/servicenetworking.googleapis.com/connections?network=projects/210987654321/global/networks/"
    assert standin.good("GET", f"{path}shared")["connections"][0]["network"] == "projects/210987654321/global/networks/shared"
    assert standin.good("GET", f"{path}default") == {}
    assert standin.call("GET", f"{path}shared", session=standin.viewer).status_code == 403


def test_the_default_network_is_peered_and_others_are_not(standin: StandIn) -> None:
    path = "/v1/services/servicenetworking.googleapis.com/connections?network=projects/123456789012/global/networks/"
    connection = standin.good("GET", f"{path}default")["connections"][0]
    assert connection["peering"] == "servicenetworking-googleapis-com"
    assert standin.good("GET", f"{path}other") == {}
    standin.fault("network_not_peered")
    assert standin.good("GET", f"{path}default") == {}


def test_private_services_access_is_asked_for_by_project_number(standin: StandIn) -> None:
    path = "/v1/services/servicenetworking.googleapis.com/connections?network=projects/demo-project/global/networks/default"
    assert standin.call("GET", path).status_code == 400
