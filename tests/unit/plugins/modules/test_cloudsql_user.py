# SPDX-License-Identifier: GPL-3.0-or-later
"""cloudsql_user: each request of a run, in order, for every situation."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.modules import cloudsql_user
from cloudsql_answers import DONE, INSTANCE, INSTANCE_MISSING, NOT_AUTHORIZED, connect, instance, unchanged

PASSWORD = "s3cret-word"
WANTED = {"project": "demo", "instance": "shop", "name": "admin", "password": PASSWORD}
USERS = f"{INSTANCE}/users"
BODY = {"name": "admin", "password": PASSWORD}
THERE = {"items": [{"name": "postgres", "host": ""}, {"name": "admin", "host": ""}]}
"""A built-in user has no type in the API's list."""


@pytest.fixture(autouse=True)
def _server(monkeypatch: pytest.MonkeyPatch, session: t.Any, clock: t.Any) -> None:
    connect(monkeypatch, session, clock)


@pytest.fixture
def run(run_module: t.Any) -> t.Any:
    """The module with WANTED and further options."""
    return lambda check=False, **options: run_module(cloudsql_user, check=check, **{**WANTED, **options})


def expect_no_instance(session: t.Any) -> None:
    session.expect("GET", USERS, status=404, answer=INSTANCE_MISSING).expect("GET", INSTANCE, status=404, answer=INSTANCE_MISSING)


def test_a_missing_user_is_created_and_the_password_never_shows(run: t.Any, session: t.Any) -> None:
    session.expect("GET", USERS, answer={"kind": "sql#usersList"})
    session.expect("POST", USERS, body=BODY, answer=DONE)
    session.expect("GET", USERS, answer=THERE)
    result = run()
    assert result["actions"] == ["create user admin of instance shop"]
    assert result["type"] == "BUILT_IN"
    assert result["diff"]["after"]["password"] == "(hidden)"
    assert PASSWORD not in str(result)


def test_an_existing_user_keeps_its_password(run: t.Any, session: t.Any) -> None:
    session.expect("GET", USERS, answer=THERE)
    assert unchanged(run())


def test_the_password_is_set_each_time_when_that_is_asked_for(run: t.Any, session: t.Any) -> None:
    session.expect("GET", USERS, answer=THERE)
    session.expect("PUT", USERS, query={"name": "admin"}, body=BODY, answer=DONE)
    session.expect("GET", USERS, answer=THERE)
    result = run(update_password="always")
    assert result["actions"] == ["set the password of user admin of instance shop"]
    assert PASSWORD not in str(result)


def test_check_mode_without_the_instance_says_create(run: t.Any, session: t.Any) -> None:
    expect_no_instance(session)
    result = run(check=True)
    assert result["actions"] == ["create user admin of instance shop"]
    assert result["warnings"] == ["Instance shop does not exist yet."]


def test_creating_without_the_instance_says_what_to_do(run: t.Any, session: t.Any) -> None:
    expect_no_instance(session)
    session.expect("POST", USERS, body=BODY, status=404, answer=INSTANCE_MISSING)
    expect_no_instance(session)
    assert "Create it first, with cdc.gcp.cloudsql_instance" in run()["msg"]


def test_one_that_somebody_else_created_meanwhile_gets_our_password(run: t.Any, session: t.Any) -> None:
    session.expect("GET", USERS, answer={})
    session.expect("POST", USERS, body=BODY, status=409, answer={"error": {"code": 409, "message": "already exists"}})
    session.expect("GET", USERS, answer=THERE)
    session.expect("PUT", USERS, query={"name": "admin"}, body=BODY, answer=DONE)
    session.expect("GET", USERS, answer=THERE)
    assert run()["changed"] is True


def test_a_refused_creation_is_an_error(run: t.Any, session: t.Any) -> None:
    session.expect("GET", USERS, answer={})
    session.expect("POST", USERS, body=BODY, status=400, answer={"error": {"code": 400, "message": "Invalid password."}})
    session.expect("GET", USERS, answer={})
    assert "Invalid password." in run()["msg"]


def test_403_names_the_permission(run: t.Any, session: t.Any) -> None:
    session.expect("GET", USERS, status=403, answer=NOT_AUTHORIZED)
    session.expect("GET", INSTANCE, answer=instance())
    assert "cloudsql.users.list" in run()["msg"]


def test_a_service_account_is_named_as_postgresql_has_it(run: t.Any, session: t.Any) -> None:
    name = "loader@demo.iam"
    there = {"items": [{"name": name, "type": "CLOUD_IAM_SERVICE_ACCOUNT"}]}
    session.expect("GET", USERS, answer={})
    session.expect("POST", USERS, body={"name": name, "type": "CLOUD_IAM_SERVICE_ACCOUNT"}, answer=DONE)
    session.expect("GET", USERS, answer=there)
    result = run(name="Loader@demo.iam.gserviceaccount.com", type="CLOUD_IAM_SERVICE_ACCOUNT", password=None)
    assert (result["name"], result["type"]) == (name, "CLOUD_IAM_SERVICE_ACCOUNT")
    session.expect("GET", USERS, answer=there)
    again = run(name="Loader@demo.iam.gserviceaccount.com", type="CLOUD_IAM_SERVICE_ACCOUNT", password=None)
    assert unchanged(again)


def test_another_type_is_an_error(run: t.Any, session: t.Any) -> None:
    session.expect("GET", USERS, answer={"items": [{"name": "admin", "type": "CLOUD_IAM_USER"}]})
    assert "cannot become BUILT_IN" in run()["msg"]


def test_a_new_user_needs_a_password(run: t.Any, session: t.Any) -> None:
    session.expect("GET", USERS, answer={})
    assert "password is required" in run(check=True, password=None)["msg"]


def test_an_existing_user_needs_none(run: t.Any, session: t.Any) -> None:
    session.expect("GET", USERS, answer=THERE)
    assert unchanged(run(password=None))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"update_password": "always", "password": None}, "update_password=always needs password"),
        ({"type": "CLOUD_IAM_USER"}, "has no password"),
        ({"timeout": 0}, "timeout is in seconds"),
        ({"name": "é" * 32}, "name must be 1 to 63 bytes long, not 64: PostgreSQL would create the user under a shorter name"),
        ({"name": ""}, "name must be 1 to 63 bytes long, not 0"),
    ],
)
def test_bad_input_makes_no_request(run: t.Any, options: t.Any, words: str) -> None:
    assert words in run(**options)["msg"]


def test_deleting(run: t.Any, session: t.Any) -> None:
    session.expect("GET", USERS, answer=THERE)
    session.expect("DELETE", USERS, query={"name": "admin"}, answer=DONE)
    session.expect("GET", USERS, answer={})
    result = run(state="absent")
    assert result["actions"] == ["delete user admin of instance shop"]
    assert result["type"] is None


def test_one_that_owns_things_is_an_error_that_says_what_to_do(run: t.Any, session: t.Any) -> None:
    words = 'failed to delete user admin: . role "admin" cannot be dropped because some objects depend on it Details: 1 object.'
    session.expect("GET", USERS, answer=THERE)
    session.expect("DELETE", USERS, query={"name": "admin"}, status=400, answer={"error": {"code": 400, "message": words}})
    assert "REASSIGN OWNED" in run(state="absent")["msg"]


def test_absent_without_the_instance_changes_nothing(run: t.Any, session: t.Any) -> None:
    expect_no_instance(session)
    assert unchanged(run(state="absent"))
