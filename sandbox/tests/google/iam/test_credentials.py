"""Acting as a service account: google-auth trades one account's token for another's, where a policy allows it."""

from __future__ import annotations

import datetime

import pytest
import requests
from cdc_sandbox.google.types import Json
from google.auth import impersonated_credentials
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account
from standin_client import PROJECT, SCOPE, StandIn, create_key, grant, login, new_account

CREATOR = "roles/iam.serviceAccountTokenCreator"


def act_as(standin: StandIn, key: Json, email: str, delegates: list[str] | None = None) -> AuthorizedSession:
    """A session that acts as `email`, with the key of somebody who may."""
    source = service_account.Credentials.from_service_account_info(key, scopes=[SCOPE])
    endpoint = f"{standin.url}/v1/projects/-/serviceAccounts/{email}:generateAccessToken"
    return AuthorizedSession(
        impersonated_credentials.Credentials(source, email, [SCOPE], delegates=delegates, iam_endpoint_override=endpoint)
    )


def allow(standin: StandIn, target: str, member: str, role: str = CREATOR) -> None:
    """Give somebody a role on an account."""
    policy = {"bindings": [{"role": role, "members": [f"serviceAccount:{member}"]}]}
    standin.good("POST", f"{standin.account}/{target}:setIamPolicy", {"policy": policy})


@pytest.fixture
def pair(standin: StandIn) -> tuple[Json, str, str]:
    """Key and e-mail of an account that may do nothing, and an account that may look at the project."""
    caller, target = new_account(standin), new_account(standin)
    grant(standin, "roles/viewer", f"serviceAccount:{target}")
    return create_key(standin, caller), caller, target


def test_a_token_creator_acts_as_the_account(standin: StandIn, pair: tuple[Json, str, str]) -> None:
    key, caller, target = pair
    with pytest.raises(RefreshError, match=r"iam\.serviceAccounts\.getAccessToken"):
        act_as(standin, key, target).get(standin.url + PROJECT)
    allow(standin, target, caller)
    session = act_as(standin, key, target)
    assert session.get(standin.url + PROJECT).status_code == 200
    assert standin.call("GET", PROJECT, session=login(key)).status_code == 403, "as itself the caller may still nothing"
    last = standin.control("GET", "requests")["requests"]
    assert [entry["caller"] for entry in last if entry["path"] == PROJECT][-2:] == [target, caller]


@pytest.mark.parametrize("role", ["roles/iam.serviceAccountUser", "roles/iam.serviceAccountAdmin"])
def test_another_role_on_the_account_is_not_enough(standin: StandIn, pair: tuple[Json, str, str], role: str) -> None:
    key, caller, target = pair
    allow(standin, target, caller, role)
    with pytest.raises(RefreshError):
        act_as(standin, key, target).get(standin.url + PROJECT)


def test_the_projects_owner_may_not_act_as_an_account(standin: StandIn, pair: tuple[Json, str, str]) -> None:
    path = f"/v1/projects/-/serviceAccounts/{pair[2]}:generateAccessToken"
    assert standin.call("POST", path, {"scope": [SCOPE]}).status_code == 403


def test_a_chain_of_delegates(standin: StandIn, pair: tuple[Json, str, str]) -> None:
    key, caller, target = pair
    between = new_account(standin)
    allow(standin, target, between)
    names = [f"projects/-/serviceAccounts/{between}"]
    with pytest.raises(RefreshError, match="implicitDelegation"):
        act_as(standin, key, target, names).get(standin.url + PROJECT)
    allow(standin, between, caller)
    assert act_as(standin, key, target, names).get(standin.url + PROJECT).status_code == 200
    with pytest.raises(RefreshError):
        act_as(standin, key, target).get(standin.url + PROJECT)


def test_a_token_lives_as_long_as_asked_and_ends_with_its_account(standin: StandIn, pair: tuple[Json, str, str]) -> None:
    target = pair[2]
    allow(standin, target, standin.email("owner"))
    path = f"/v1/projects/-/serviceAccounts/{target}:generateAccessToken"
    answer = standin.good("POST", path, {"scope": [SCOPE], "lifetime": "600s"})
    left = datetime.datetime.fromisoformat(answer["expireTime"]) - datetime.datetime.now(datetime.UTC)
    assert 590 < left.total_seconds() <= 600
    headers = {"Authorization": f"Bearer {answer['accessToken']}"}
    assert requests.get(standin.url + PROJECT, headers=headers, timeout=10).status_code == 200
    standin.good("POST", f"{standin.account}/{target}:disable")
    assert requests.get(standin.url + PROJECT, headers=headers, timeout=10).status_code == 401
    assert standin.call("POST", path, {"scope": [SCOPE]}).status_code == 400


@pytest.mark.parametrize(
    ("project", "body", "code"),
    [
        ("-", {"scope": []}, 400),
        ("-", {"scope": [SCOPE], "lifetime": "3601s"}, 400),
        ("-", {"scope": [SCOPE], "lifetime": "0s"}, 400),
        ("demo-project", {"scope": [SCOPE]}, 400),
        ("-", {"scope": [SCOPE], "delegates": ["projects/demo-project/serviceAccounts/a@b.c"]}, 400),
    ],
)
def test_requests_that_are_refused(standin: StandIn, pair: tuple[Json, str, str], project: str, body: Json, code: int) -> None:
    allow(standin, pair[2], standin.email("owner"))
    path = f"/v1/projects/{project}/serviceAccounts/{pair[2]}:generateAccessToken"
    assert standin.call("POST", path, body).status_code == code


def test_an_account_that_is_not_there(standin: StandIn) -> None:
    path = f"/v1/projects/-/serviceAccounts/{standin.email('nobody')}:generateAccessToken"
    answer = standin.call("POST", path, {"scope": [SCOPE]})
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


def test_no_token_is_in_the_log(standin: StandIn, pair: tuple[Json, str, str]) -> None:
    allow(standin, pair[2], standin.email("owner"))
    answer = standin.good("POST", f"/v1/projects/-/serviceAccounts/{pair[2]}:generateAccessToken", {"scope": [SCOPE]})
    assert answer["accessToken"] not in str(standin.control("GET", "requests"))
