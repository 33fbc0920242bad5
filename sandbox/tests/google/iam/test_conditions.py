"""Conditions of bindings: those about the time of the request count, all others grant nothing."""

from __future__ import annotations

import datetime

import pytest
from cdc_sandbox.google.iam.conditions import holds
from google.auth.transport.requests import AuthorizedSession
from standin_client import PROJECT, StandIn, create_key, login, new_account, project_policy

NOW = datetime.datetime(2026, 11, 23, 8, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("true", True),
        ("false", False),
        ("!false && true", True),
        ("false || (true && !false)", True),
        ("false && true || true", True),
        ('request.time < timestamp("2026-11-23T08:00:01Z")', True),
        ('request.time < timestamp("2026-11-23T08:00:00Z")', False),
        ('request.time <= timestamp("2026-11-23T09:00:00+01:00")', True),
        ('request.time > timestamp("2026-01-01T00:00:00Z") && request.time < timestamp("2026-06-01T00:00:00Z")', False),
        ("timestamp('2026-01-01T00:00:00Z') < request.time", True),
    ],
)
def test_what_is_understood(expression: str, expected: bool) -> None:
    assert holds(expression, NOW) is expected


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "true true",
        "(true",
        "true ||",
        'true || resource.name == "x"',
        '!resource.name.startsWith("x")',
        'request.time.getHours("Europe/Berlin") < 24',
        'request.time < timestamp("tomorrow")',
        'request.time < timestamp("2030-01-01T00:00:00")',
        "request.time < 5",
    ],
)
def test_what_is_not_understood_grants_nothing(expression: str) -> None:
    assert holds(expression, NOW) is False


@pytest.fixture
def member(standin: StandIn) -> tuple[str, AuthorizedSession]:
    """A fresh account without any role, logged in."""
    email = new_account(standin)
    return email, login(create_key(standin, email))


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ('request.time < timestamp("2100-01-01T00:00:00Z")', 200),
        ('request.time < timestamp("2020-01-01T00:00:00Z")', 403),
        ('resource.service == "cloudresourcemanager.googleapis.com"', 403),
    ],
)
def test_a_conditional_role_counts_while_its_condition_holds(
    standin: StandIn, member: tuple[str, AuthorizedSession], expression: str, code: int
) -> None:
    email, session = member
    policy = project_policy(standin)
    condition = {"title": "sometimes", "expression": expression}
    policy["bindings"].append({"role": "roles/owner", "members": [f"serviceAccount:{email}"], "condition": condition})
    standin.good("POST", f"{PROJECT}:setIamPolicy", {"policy": {**policy, "version": 3}})
    assert standin.call("GET", PROJECT, session=session).status_code == code


def conditional(standin: StandIn) -> tuple[str, dict[str, object]]:
    """Path of an account whose policy has one conditional and one plain binding, and that policy."""
    path = f"{standin.account}/{new_account(standin)}"
    owner = f"serviceAccount:{standin.email('owner')}"
    policy = {
        "version": 3,
        "etag": standin.good("POST", f"{path}:getIamPolicy")["etag"],
        "bindings": [
            {"role": "roles/iam.serviceAccountUser", "members": [owner], "condition": {"title": "always", "expression": "true"}},
            {"role": "roles/iam.serviceAccountKeyAdmin", "members": [owner]},
        ],
    }
    return path, standin.good("POST", f"{path}:setIamPolicy", {"policy": policy})


def test_a_caller_who_does_not_know_of_conditions_cannot_remove_them_by_accident(standin: StandIn) -> None:
    path, policy = conditional(standin)
    old = standin.good("POST", f"{path}:getIamPolicy")
    assert old["version"] == 1
    answer = standin.call("POST", f"{path}:setIamPolicy", {"policy": old})
    assert (answer.status_code, "version 3" in answer.text) == (400, True)
    assert standin.good("POST", f"{path}:getIamPolicy?options.requestedPolicyVersion=3") == policy


def test_a_set_without_etag_overwrites_conditions_too(standin: StandIn) -> None:
    path, _ = conditional(standin)
    old = standin.good("POST", f"{path}:getIamPolicy")
    old.pop("etag")
    standin.good("POST", f"{path}:setIamPolicy", {"policy": old})
    lost = standin.good("POST", f"{path}:getIamPolicy?options.requestedPolicyVersion=3")
    assert not any("condition" in binding for binding in lost["bindings"])


def test_a_binding_is_removed_with_version_3(standin: StandIn) -> None:
    path, policy = conditional(standin)
    bindings = policy["bindings"]
    assert isinstance(bindings, list)
    changed = {**policy, "bindings": [binding for binding in bindings if "condition" in binding]}
    assert standin.call("POST", f"{path}:setIamPolicy", {"policy": {**changed, "version": 1}}).status_code == 400
    assert len(standin.good("POST", f"{path}:setIamPolicy", {"policy": changed})["bindings"]) == 1


def test_a_policy_has_a_limit_of_principals(standin: StandIn) -> None:
    path = f"{standin.account}/{new_account(standin)}"
    for members, code in (
        ([f"user:u{number}@example.com" for number in range(1500)], 200),
        ([f"user:u{number}@example.com" for number in range(1501)], 400),
        ([f"group:g{number}@example.com" for number in range(251)], 400),
    ):
        policy = {"bindings": [{"role": "roles/viewer", "members": members}]}
        assert standin.call("POST", f"{path}:setIamPolicy", {"policy": policy}).status_code == code
