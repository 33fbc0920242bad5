# SPDX-License-Identifier: GPL-3.0-or-later
"""service_account: each request of a run, for every situation."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.modules import iam_service_account

EMAIL = "debezium-shop@demo.iam.gserviceaccount.com"
ALL = "https://iam.googleapis.com/v1/projects/demo/serviceAccounts"
URL = f"{ALL}/{EMAIL}"
ACCOUNT = {"name": f"projects/demo/serviceAccounts/{EMAIL}", "uniqueId": "1" * 21, "email": EMAIL, "etag": "MDE="}
FULL = {**ACCOUNT, "displayName": "Shop", "description": "publishes"}
ABSENT = {"status": 404, "answer": {"error": {"code": 404, "message": "Unknown service account", "status": "NOT_FOUND"}}}
FORBIDDEN = {"status": 403, "answer": {"error": {"code": 403, "message": "Permission denied (or it may not exist).", "status": "P"}}}


@pytest.fixture
def account(rest: t.Any, run_module: t.Any) -> t.Callable[..., dict[str, t.Any]]:
    """Run the module for account debezium-shop of project demo."""

    def run(**options: t.Any) -> dict[str, t.Any]:
        return run_module(iam_service_account, **{"project": "demo", "account_id": "debezium-shop", **options})

    return run


def reads(session: t.Any, *answers: dict[str, t.Any]) -> None:
    for answer in answers:
        session.expect("GET", URL, **answer)


def test_a_new_account_flaps_until_it_was_read_three_times_in_a_row(rest: t.Any, account: t.Any, clock: t.Any) -> None:
    found = {"answer": {**ACCOUNT, "displayName": "Shop"}}
    reads(rest, ABSENT)
    rest.expect("POST", ALL, body={"accountId": "debezium-shop", "serviceAccount": {"displayName": "Shop"}}, answer=ACCOUNT)
    reads(rest, found, ABSENT, found, found, FORBIDDEN, found, found, found)
    reads(rest, found)
    result = account(display_name="Shop")
    assert result["actions"] == [f"create service account {EMAIL}"]
    assert (result["email"], result["member"], result["unique_id"]) == (EMAIL, f"serviceAccount:{EMAIL}", "1" * 21)
    assert result["diff"]["before"] == {}
    assert len(clock.slept) == 7


def test_an_account_that_never_settles_ends_with_a_sentence(rest: t.Any, account: t.Any) -> None:
    reads(rest, ABSENT)
    rest.expect("POST", ALL, body={"accountId": "debezium-shop", "serviceAccount": {}}, answer=ACCOUNT)
    for _ in range(40):
        reads(rest, ABSENT)
    result = account(retry_timeout=30)
    assert f"Waited 30 s for service account {EMAIL} to be readable" in result["msg"]
    assert result["failed_action"] == f"create service account {EMAIL}"
    rest.expected.clear()


def test_somebody_else_created_it_first(rest: t.Any, account: t.Any) -> None:
    reads(rest, ABSENT)
    body = {"accountId": "debezium-shop", "serviceAccount": {"displayName": "Shop"}}
    rest.expect("POST", ALL, body=body, status=409, answer={"error": {"code": 409, "message": "exists", "status": "ALREADY_EXISTS"}})
    reads(rest, *[{"answer": ACCOUNT}] * 4)
    rest.expect("PATCH", URL, body={"serviceAccount": {"displayName": "Shop"}, "updateMask": "displayName"})
    reads(rest, *[{"answer": {**ACCOUNT, "displayName": "Shop"}}] * 4)
    assert account(display_name="Shop")["display_name"] == "Shop"


def test_a_second_run_changes_nothing(rest: t.Any, account: t.Any) -> None:
    reads(rest, {"answer": FULL})
    assert account(display_name="Shop", description="publishes", disabled=False)["changed"] is False


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ({"display_name": "New"}, {"displayName": "New"}),
        ({"description": ""}, {"description": ""}),
        ({"display_name": "New", "description": "other"}, {"displayName": "New", "description": "other"}),
    ],
)
def test_a_change_is_read_again_because_the_answer_is_partial(
    rest: t.Any, account: t.Any, options: dict[str, str], changed: dict[str, str]
) -> None:
    reads(rest, {"answer": FULL})
    rest.expect("PATCH", URL, body={"serviceAccount": changed, "updateMask": ",".join(changed)}, answer={"name": "x", **changed})
    reads(rest, {"answer": FULL}, *[{"answer": {**FULL, **changed}}] * 4)
    result = account(**options)
    assert {name: result[name] for name in options} == options
    assert result["unique_id"] == "1" * 21


@pytest.mark.parametrize(("disabled", "verb"), [(True, "disable"), (False, "enable")])
def test_disabling_and_enabling(rest: t.Any, account: t.Any, disabled: bool, verb: str) -> None:
    before, after = ({**FULL, "disabled": value} for value in (not disabled, disabled))
    reads(rest, {"answer": before})
    rest.expect("POST", f"{URL}:{verb}")
    reads(rest, *[{"answer": after}] * 4)
    result = account(disabled=disabled)
    assert (result["actions"], result["disabled"]) == ([f"{verb} service account {EMAIL}"], disabled)


def test_check_mode_on_an_empty_project_tells_the_email(rest: t.Any, account: t.Any) -> None:
    reads(rest, ABSENT)
    result = account(check=True, disabled=True)
    assert (result["changed"], result["email"], result["unique_id"]) == (True, EMAIL, None)
    assert result["actions"] == [f"create service account {EMAIL}", f"disable service account {EMAIL}"]


def test_deleting_needs_a_word(rest: t.Any, account: t.Any) -> None:
    reads(rest, {"answer": FULL})
    assert "allow_delete: true" in account(state="absent")["msg"]
    reads(rest, {"answer": FULL})
    rest.expect("DELETE", URL)
    reads(rest, {"answer": FULL}, *[ABSENT] * 4)
    result = account(state="absent", allow_delete=True)
    assert (result["changed"], result["diff"]["after"], result["unique_id"]) == (True, {}, None)


def test_an_absent_account_stays_absent(rest: t.Any, account: t.Any) -> None:
    reads(rest, ABSENT)
    assert account(state="absent")["changed"] is False


def test_a_missing_permission_is_named(rest: t.Any, account: t.Any) -> None:
    reads(rest, FORBIDDEN)
    assert account()["msg"].endswith("the permission iam.serviceAccounts.get in project demo; check the project's name too.")


@pytest.mark.parametrize("account_id", ["short", "x" * 31, "1debezium", "debezium-", "Debezium", "a@b.example.com"])
def test_ids_follow_the_rule(account: t.Any, account_id: str) -> None:
    assert "account_id" in account(account_id=account_id)["msg"]


def test_a_project_with_a_domain_has_it_last_in_the_email(rest: t.Any, account: t.Any) -> None:
    email = "debezium-shop@demo.example.com.iam.gserviceaccount.com"
    rest.expect("GET", f"https://iam.googleapis.com/v1/projects/example.com:demo/serviceAccounts/{email}", **ABSENT)
    assert account(check=True, project="example.com:demo")["email"] == email
