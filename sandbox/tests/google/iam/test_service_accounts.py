"""Service accounts of the stand-in: the bodies and texts that were recorded at Google's."""

from __future__ import annotations

import re

import pytest
from cdc_sandbox.google.types import Json
from standin_client import PROJECT, StandIn, grant, new_account, project_policy

COMPLETE = {"name", "projectId", "uniqueId", "email", "etag", "oauth2ClientId"}


def bindings(policy: Json) -> list[str]:
    """All members of a policy."""
    return [member for binding in policy.get("bindings", []) for member in binding["members"]]


def test_create_answers_only_what_is_set(standin: StandIn) -> None:
    answer = standin.good("POST", standin.account, {"accountId": "debezium", "serviceAccount": {}})
    assert set(answer) == COMPLETE
    assert answer["name"] == "projects/demo-project/serviceAccounts/debezium@demo-project.iam.gserviceaccount.com"
    assert re.fullmatch(r"\d{21}", answer["uniqueId"])
    assert standin.good("GET", f"/v1/{answer['name']}") == answer


def test_create_keeps_the_display_name_and_description(standin: StandIn) -> None:
    email = new_account(standin, displayName="Debezium", description="reads the log")
    answer = standin.good("GET", f"{standin.account}/{email}")
    assert (answer["displayName"], answer["description"]) == ("Debezium", "reads the log")


@pytest.mark.parametrize("account_id", ["short", "a" * 31, "1digits", "Upper-case", "ends-with-"])
def test_a_malformed_account_id_is_refused(standin: StandIn, account_id: str) -> None:
    response = standin.call("POST", standin.account, {"accountId": account_id})
    assert response.status_code == 400
    assert response.json()["error"]["status"] == "INVALID_ARGUMENT"


def test_a_second_account_of_the_same_name_is_refused(standin: StandIn) -> None:
    account_id = new_account(standin).partition("@")[0]
    response = standin.call("POST", standin.account, {"accountId": account_id})
    assert response.status_code == 409
    error = response.json()["error"]
    assert error["status"] == "ALREADY_EXISTS"
    assert error["message"] == f"Service account {account_id} already exists within project projects/demo-project."


def test_an_absent_account_is_unknown_in_the_project_and_forbidden_under_the_wildcard(standin: StandIn) -> None:
    absent = standin.email("nobody")
    response = standin.call("GET", f"{standin.account}/{absent}")
    assert response.status_code == 404
    assert response.json()["error"]["message"] == "Unknown service account"
    response = standin.call("GET", f"/v1/projects/-/serviceAccounts/{absent}")
    assert response.status_code == 403
    expected = "Permission 'iam.serviceAccounts.get' denied on resource (or it may not exist)."
    assert response.json()["error"]["message"] == expected


def test_the_wildcard_and_the_unique_id_find_an_account(standin: StandIn) -> None:
    answer = standin.good("GET", f"{standin.account}/{new_account(standin)}")
    assert standin.good("GET", f"/v1/projects/-/serviceAccounts/{answer['email']}") == answer
    assert standin.good("GET", f"{standin.account}/{answer['uniqueId']}") == answer
    assert standin.good("GET", f"/v1/projects/-/serviceAccounts/{answer['uniqueId']}") == answer


@pytest.mark.parametrize("mask", ["description", "display_name,description", "displayName"])
def test_patch_answers_the_name_and_the_patched_fields_only(standin: StandIn, mask: str) -> None:
    email = new_account(standin, displayName="old", description="old")
    before = standin.good("GET", f"{standin.account}/{email}")
    body = {"serviceAccount": {"displayName": "new", "description": "new"}, "updateMask": mask}
    answer = standin.good("PATCH", f"{standin.account}/{email}", body)
    patched = {"displayName" if part != "description" else part for part in mask.split(",")}
    assert answer == {"name": before["name"], **dict.fromkeys(patched, "new")}
    after = standin.good("GET", f"{standin.account}/{email}")
    assert {field for field in ("displayName", "description") if after[field] == "new"} == patched
    assert after["etag"] != before["etag"]


def test_patch_can_empty_a_field(standin: StandIn) -> None:
    email = new_account(standin, description="old")
    standin.good("PATCH", f"{standin.account}/{email}", {"serviceAccount": {}, "updateMask": "description"})
    assert "description" not in standin.good("GET", f"{standin.account}/{email}")


def test_the_etag_of_an_account_is_not_looked_at(standin: StandIn) -> None:
    email = new_account(standin)
    stale = standin.good("GET", f"{standin.account}/{email}")["etag"]
    body: Json = {"serviceAccount": {"description": "one"}, "updateMask": "description"}
    standin.good("PATCH", f"{standin.account}/{email}", body)
    body["serviceAccount"]["etag"] = stale
    standin.good("PATCH", f"{standin.account}/{email}", body)


def test_put_changes_the_display_name_only(standin: StandIn) -> None:
    path = f"{standin.account}/{new_account(standin, displayName='Old', description='Kept')}"
    before = standin.good("GET", path)
    answer = standin.good("PUT", path, {"displayName": "New", "description": "Lost", "etag": before["etag"]})
    assert (answer["displayName"], answer["description"], answer["email"]) == ("New", "Kept", before["email"])
    assert answer == standin.good("GET", path)
    assert standin.good("PUT", path, {"displayName": "Late", "etag": before["etag"]})["displayName"] == "Late"


def test_long_texts_are_refused(standin: StandIn) -> None:
    path = f"{standin.account}/{new_account(standin, displayName='x' * 100, description='x' * 256)}"
    for field, text in (("displayName", "ü" * 51), ("description", "x" * 257)):
        body = {"accountId": "with-long-texts", "serviceAccount": {field: text}}
        assert standin.call("POST", standin.account, body).status_code == 400
        assert standin.call("PATCH", path, {"serviceAccount": {field: text}, "updateMask": field}).status_code == 400


def test_disable_and_enable(standin: StandIn) -> None:
    path = f"{standin.account}/{new_account(standin)}"
    assert standin.good("POST", f"{path}:disable", {}) == {}
    assert standin.good("GET", path)["disabled"] is True
    assert standin.good("POST", f"{path}:enable", {}) == {}
    assert "disabled" not in standin.good("GET", path)


def test_list_has_pages(standin: StandIn) -> None:
    expected = {new_account(standin) for _ in range(3)}
    found: list[str] = []
    token = ""
    while True:
        answer = standin.good("GET", f"{standin.account}?pageSize=2&pageToken={token}" if token else f"{standin.account}?pageSize=2")
        found += [account["email"] for account in answer["accounts"]]
        token = answer.get("nextPageToken", "")
        if not token:
            break
    assert expected <= set(found)
    assert len(found) == len(set(found))


def test_a_deleted_account_stays_in_policies_under_another_name_and_comes_back(standin: StandIn) -> None:
    email = new_account(standin)
    other = new_account(standin)
    unique_id = standin.good("GET", f"{standin.account}/{email}")["uniqueId"]
    member, gone = f"serviceAccount:{email}", f"deleted:serviceAccount:{email}?uid={unique_id}"
    grant(standin, "roles/pubsub.publisher", member)
    policy = {"bindings": [{"role": "roles/iam.serviceAccountUser", "members": [member]}]}
    standin.good("POST", f"{standin.account}/{other}:setIamPolicy", {"policy": policy})

    assert standin.good("DELETE", f"{standin.account}/{email}") == {}
    assert standin.call("GET", f"{standin.account}/{email}").status_code == 404
    assert gone in bindings(project_policy(standin))
    assert bindings(standin.good("POST", f"{standin.account}/{other}:getIamPolicy")) == [gone]

    restored = standin.good("POST", f"/v1/projects/-/serviceAccounts/{unique_id}:undelete", {})["restoredAccount"]
    assert (restored["email"], restored["uniqueId"]) == (email, unique_id)
    assert member in bindings(project_policy(standin))
    assert bindings(standin.good("POST", f"{standin.account}/{other}:getIamPolicy")) == [member]


def test_a_recreated_account_has_a_new_id_and_not_the_old_grants(standin: StandIn) -> None:
    email = new_account(standin)
    unique_id = standin.good("GET", f"{standin.account}/{email}")["uniqueId"]
    grant(standin, "roles/pubsub.publisher", f"serviceAccount:{email}")
    standin.good("DELETE", f"{standin.account}/{email}")
    again = standin.good("POST", standin.account, {"accountId": email.partition("@")[0]})
    assert again["uniqueId"] != unique_id
    assert f"serviceAccount:{email}" not in bindings(project_policy(standin))
    response = standin.call("POST", f"/v1/projects/-/serviceAccounts/{unique_id}:undelete", {})
    assert response.json()["error"]["status"] == "FAILED_PRECONDITION"


def test_an_account_has_its_own_policy(standin: StandIn) -> None:
    path = f"{standin.account}/{new_account(standin)}"
    empty = standin.good("POST", f"{path}:getIamPolicy?options.requestedPolicyVersion=3")
    assert set(empty) == {"etag"}
    member = "serviceAccount:demo-project.svc.id.goog[cdc/debezium]"
    policy = {"bindings": [{"role": "roles/iam.workloadIdentityUser", "members": [member]}], "etag": empty["etag"]}
    answer = standin.good("POST", f"{path}:setIamPolicy", {"policy": policy})
    assert answer["version"] == 1
    assert answer["etag"] != empty["etag"]
    assert standin.good("POST", f"{path}:getIamPolicy") == answer
    assert standin.call("POST", f"{path}:setIamPolicy", {"policy": policy}).json()["error"]["status"] == "ABORTED"


def test_an_etag_is_bytes_and_may_come_back_in_base64s_other_alphabet(standin: StandIn) -> None:
    path = f"{standin.account}/{new_account(standin)}"
    etag = standin.good("POST", f"{path}:getIamPolicy")["etag"]
    while not {"+", "/"} & set(etag):
        etag = standin.good("POST", f"{path}:setIamPolicy", {"policy": {"etag": etag}})["etag"]
    url_safe = etag.replace("+", "-").replace("/", "_")
    assert standin.good("POST", f"{path}:setIamPolicy", {"policy": {"etag": url_safe}})["etag"] != etag
    assert standin.call("POST", f"{path}:setIamPolicy", {"policy": {"etag": url_safe}}).status_code == 409


def test_the_project_is_not_touched_by_an_account_policy(standin: StandIn) -> None:
    before = project_policy(standin)
    standin.good("POST", f"{standin.account}/{new_account(standin)}:setIamPolicy", {"policy": {}})
    assert project_policy(standin) == before
    assert standin.good("POST", f"{PROJECT}:getIamPolicy", {}) == before
