"""Faults that a test switches on: each is something that Google's services were seen to do."""

from __future__ import annotations

import re
import time

import pytest
import requests
from cdc_sandbox.google.faults import KNOWN, Fault, Faults
from standin_client import PROJECT, StandIn, create_key, login, new_account, project_policy


def test_a_fresh_account_flaps(standin: StandIn) -> None:
    standin.fault("account_flaps", options={"reads": 4})
    path = f"{standin.account}/{new_account(standin)}"
    codes = [standin.call("GET", path).status_code for _ in range(6)]
    assert codes == [404, 200, 404, 200, 200, 200]


def test_a_flapping_account_is_there_for_who_creates_it_again(standin: StandIn) -> None:
    standin.fault("account_flaps")
    email = new_account(standin)
    response = standin.call("GET", f"{standin.account}/{email}")
    expected = f"Service account projects/demo-project/serviceAccounts/{email} does not exist."
    assert (response.status_code, response.json()["error"]["message"]) == (404, expected)
    assert standin.call("POST", standin.account, {"accountId": email.partition("@")[0]}).status_code == 409


@pytest.mark.parametrize("resource", ["project", "account"])
def test_set_policy_loses_the_race_as_often_as_asked(standin: StandIn, resource: str) -> None:
    path = PROJECT if resource == "project" else f"{standin.account}/{new_account(standin)}"
    standin.fault("policy_aborted", count=2)
    policy = standin.good("POST", f"{path}:getIamPolicy")
    for _ in range(2):
        response = standin.call("POST", f"{path}:setIamPolicy", {"policy": policy})
        assert (response.status_code, response.json()["error"]["status"]) == (409, "ABORTED")
    # Somebody else wrote in between, so the old etag stays stale.
    assert standin.call("POST", f"{path}:setIamPolicy", {"policy": policy}).status_code == 409
    fresh = standin.good("POST", f"{path}:getIamPolicy")
    assert fresh.get("bindings") == policy.get("bindings")
    standin.good("POST", f"{path}:setIamPolicy", {"policy": fresh})


def test_set_policy_may_not_know_a_fresh_account_yet(standin: StandIn) -> None:
    email = new_account(standin)
    standin.fault("policy_account_unknown")
    policy = project_policy(standin)
    policy["bindings"].append({"role": "roles/browser", "members": [f"serviceAccount:{email}"]})
    response = standin.call("POST", f"{PROJECT}:setIamPolicy", {"policy": policy})
    assert response.status_code == 400
    assert response.json()["error"]["message"] == f"Service account {email} does not exist."
    standin.good("POST", f"{PROJECT}:setIamPolicy", {"policy": policy})


def test_a_method_is_unavailable_and_says_when_to_come_back(standin: StandIn) -> None:
    standin.fault("unavailable", method="cloudresourcemanager.projects.get", count=2, options={"retry_after": 3})
    responses = [standin.call("GET", PROJECT) for _ in range(3)]
    assert [response.status_code for response in responses] == [503, 503, 200]
    assert responses[0].headers["Retry-After"] == "3"
    assert responses[0].json()["error"]["status"] == "UNAVAILABLE"
    standin.good("GET", standin.account)


def test_an_answer_is_lost_after_the_server_acted(standin: StandIn) -> None:
    standin.fault("connection_reset", method="iam.projects.serviceAccounts.create")
    with pytest.raises(requests.exceptions.ConnectionError):
        standin.call("POST", standin.account, {"accountId": "lost-answer"})
    assert standin.good("GET", f"{standin.account}/{standin.email('lost-answer')}")["uniqueId"]


def test_a_fault_that_nobody_knows_is_refused(standin: StandIn) -> None:
    unknown_option = {"name": "unavailable", "options": {"retry-after": 3}}
    unknown_value = {"name": "key_limit", "options": {"shape": "Old"}}
    for body in ({"name": "nonsense"}, {"name": "unavailable", "colour": "red"}, unknown_option, unknown_value):
        assert requests.post(f"{standin.url}/_sandbox/faults", json=body, timeout=10).status_code == 400
    assert standin.control("GET", "faults")["known"] == dict(KNOWN)


@pytest.mark.parametrize(("code", "status"), [(429, "RESOURCE_EXHAUSTED"), (500, "INTERNAL"), (502, "UNAVAILABLE")])
def test_other_errors_that_pass(standin: StandIn, code: int, status: str) -> None:
    standin.fault("unavailable", options={"code": code})
    response = standin.call("GET", PROJECT)
    assert (response.status_code, response.json()["error"]["status"]) == (code, status)
    assert "Retry-After" not in response.headers


def test_a_quota_of_requests_a_minute_is_used_up(standin: StandIn) -> None:
    standin.fault("quota_exceeded", method="iam.projects.serviceAccounts.list")
    response = standin.call("GET", standin.account)
    assert response.status_code == 403
    assert re.search(r"Quota exceeded for quota metric '.*' and limit '.* per minute'", response.json()["error"]["message"])
    standin.good("GET", standin.account)


@pytest.mark.parametrize("resource", ["project", "account"])
def test_a_policy_may_take_effect_later(standin: StandIn, resource: str) -> None:
    email = new_account(standin)
    session, target = login(create_key(standin, email)), f"{standin.account}/{new_account(standin)}"
    path = PROJECT if resource == "project" else target
    policy = project_policy(standin) if resource == "project" else {"bindings": []}
    policy["bindings"].append({"role": "roles/iam.serviceAccountUser", "members": [f"serviceAccount:{email}"]})
    assert standin.call("GET", target, session=session).status_code == 403
    standin.fault("policy_lags", options={"seconds": 0.4})
    started = time.monotonic()
    answer = standin.good("POST", f"{path}:setIamPolicy", {"policy": policy})
    assert answer == standin.good("POST", f"{path}:getIamPolicy"), "who reads the policy sees the new one"
    assert standin.call("GET", target, session=session).status_code == 403
    while standin.call("GET", target, session=session).status_code == 403:
        assert time.monotonic() < started + 10
    assert time.monotonic() > started + 0.4


def test_what_is_on_can_be_seen(standin: StandIn) -> None:
    standin.fault("key_limit", count=2, options={"shape": "old"})
    on = {"name": "key_limit", "method": "", "count": 2, "options": {"shape": "old"}}
    assert standin.control("GET", "faults")["on"] == [on]


def test_delete_switches_all_faults_off(standin: StandIn) -> None:
    standin.fault("unavailable", count=-1)
    assert [standin.call("GET", PROJECT).status_code for _ in range(3)] == [503] * 3
    standin.control("DELETE", "faults")
    assert standin.call("GET", PROJECT).status_code == 200


def test_a_fault_for_one_method_leaves_others_alone() -> None:
    faults = Faults()
    faults.add(Fault("unavailable", method="a", count=1))
    assert faults.take("unavailable", "b") is None
    assert faults.take("connection_reset", "a") is None
    assert faults.take("unavailable", "a") is not None
    assert faults.take("unavailable", "a") is None
