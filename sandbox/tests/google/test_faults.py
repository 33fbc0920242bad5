"""Faults that a test switches on: each is something that Google's services were seen to do."""

from __future__ import annotations

import json
import re
import time

import pytest
import requests
from cdc_sandbox.google.faults import KNOWN, Fault, Faults
from google.auth import crypt, jwt
from standin_client import PROJECT, SCOPE, StandIn, create_key, login, new_account, project_policy


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
    fired = {"name": "unavailable", "fired": 1}
    for body in ({"name": "nonsense"}, {"name": "unavailable", "colour": "red"}, unknown_option, unknown_value, fired):
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
    on = {"name": "key_limit", "method": "", "count": 2, "options": {"shape": "old"}, "fired": 0}
    assert standin.control("GET", "faults")["on"] == [on]
    assert standin.call("POST", f"{standin.account}/{new_account(standin)}/keys", {}).status_code == 429
    assert standin.control("GET", "faults")["on"] == [{**on, "count": 1, "fired": 1}]


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("unavailable", "sql.instance.insert"),
        ("unavailable", "CreateTopic"),
        ("unavailable", "sql.backupRuns.insert"),  # which the stand-in does not serve
        ("key_limit", "sql.instances.insert"),
        ("operation_slow", "sql.instances.get"),
        ("missing_instance_forbidden", "sql.instances.get"),
        ("quota_exceeded", "token"),
    ],
)
def test_a_fault_that_could_never_happen_is_refused(standin: StandIn, name: str, method: str) -> None:
    answer = requests.post(f"{standin.url}/_sandbox/faults", json={"name": name, "method": method}, timeout=10)
    assert answer.status_code == 400
    assert method in answer.json()["error"]
    assert standin.control("GET", "faults")["on"] == []


def test_a_method_answers_late(standin: StandIn) -> None:
    standin.good("GET", PROJECT)
    standin.fault("delayed", method="cloudresourcemanager.projects.get", options={"seconds": 0.3})
    started = time.monotonic()
    standin.good("GET", PROJECT)
    assert time.monotonic() > started + 0.3


def exchange(standin: StandIn) -> requests.Response:
    """Ask the token endpoint once, as google-auth does, but without its retries."""
    key = json.loads(standin.settings.owner_key.read_bytes())
    claims = {"iss": key["client_email"], "aud": key["token_uri"], "scope": SCOPE, "iat": int(time.time()), "exp": int(time.time()) + 600}
    assertion = jwt.encode(crypt.RSASigner.from_service_account_info(key), claims).decode()
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
    return requests.post(f"{standin.url}/token", data=form, timeout=10)


@pytest.mark.parametrize(("code", "error"), [(429, "rate_limit_exceeded"), (500, "internal_failure"), (503, "temporarily_unavailable")])
def test_the_token_endpoint_is_unavailable(standin: StandIn, code: int, error: str) -> None:
    standin.fault("unavailable", method="token", options={"code": code, "retry_after": 3})
    response = exchange(standin)
    assert (response.status_code, response.json()["error"], response.headers["Retry-After"]) == (code, error, "3")
    assert exchange(standin).status_code == 200
    assert [entry["status"] for entry in standin.control("GET", "requests")["requests"][-2:]] == [code, 200]


def test_the_token_endpoint_answers_late_or_its_answer_is_lost(standin: StandIn) -> None:
    standin.fault("delayed", method="token", options={"seconds": 0.3})
    started = time.monotonic()
    assert exchange(standin).status_code == 200
    assert time.monotonic() > started + 0.3
    standin.fault("connection_reset", method="token")
    with pytest.raises(requests.exceptions.ConnectionError):
        exchange(standin)
    assert exchange(standin).status_code == 200


def test_a_fault_of_any_method_leaves_the_token_endpoint_alone(standin: StandIn) -> None:
    standin.fault("unavailable")
    assert exchange(standin).status_code == 200
    assert standin.call("GET", PROJECT).status_code == 503


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
