# SPDX-License-Identifier: GPL-3.0-or-later
"""cloudsql_database: each request of a run, in order, for every situation."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.modules import cloudsql_database
from cloudsql_answers import (
    BUSY,
    DONE,
    INSTANCE,
    INSTANCE_MISSING,
    NOT_AUTHORIZED,
    NOT_FOUND,
    PENDING,
    PROJECT,
    connect,
    instance,
    unchanged,
)

WANTED = {"project": "demo", "instance": "shop", "name": "orders"}
DATABASES = f"{INSTANCE}/databases"
DATABASE = f"{DATABASES}/orders"
NEW = {"name": "orders", "charset": "UTF8", "collation": "en_US.UTF8"}
THERE = {"kind": "sql#database", **NEW}


@pytest.fixture(autouse=True)
def _server(monkeypatch: pytest.MonkeyPatch, session: t.Any, clock: t.Any) -> None:
    connect(monkeypatch, session, clock)


@pytest.fixture
def run(run_module: t.Any) -> t.Any:
    """The module with WANTED and further options."""
    return lambda check=False, **options: run_module(cloudsql_database, check=check, **{**WANTED, **options})


def expect_missing(session: t.Any) -> None:
    session.expect("GET", DATABASE, status=404, answer=NOT_FOUND).expect("GET", INSTANCE, answer=instance())


def expect_no_instance(session: t.Any) -> None:
    session.expect("GET", DATABASE, status=404, answer=INSTANCE_MISSING).expect("GET", INSTANCE, status=404, answer=INSTANCE_MISSING)


def test_a_missing_database_is_created_and_waited_for(run: t.Any, session: t.Any) -> None:
    expect_missing(session)
    session.expect("POST", DATABASES, body=NEW, answer=PENDING)
    session.expect("GET", f"{PROJECT}/operations/op", answer=DONE)
    session.expect("GET", DATABASE, answer=THERE)
    result = run()
    assert result["actions"] == ["create database orders of instance shop"]
    assert (result["charset"], result["collation"]) == ("UTF8", "en_US.UTF8")
    assert result["diff"]["before"] == {}
    assert result["diff"]["after"]["collation"] == "en_US.UTF8"


@pytest.mark.parametrize("options", [{}, {"charset": "utf8", "collation": "en_US.UTF8"}])
def test_what_is_there_already_changes_nothing(run: t.Any, session: t.Any, options: t.Any) -> None:
    session.expect("GET", DATABASE, answer=THERE)
    assert unchanged(run(**options))


def test_a_collation_that_was_not_named_is_not_compared(run: t.Any, session: t.Any) -> None:
    session.expect("GET", DATABASE, answer={**THERE, "collation": "C"})
    assert unchanged(run())


@pytest.mark.parametrize(("option", "value"), [("charset", "LATIN1"), ("collation", "C")])
def test_what_is_set_once_is_not_changed(run: t.Any, session: t.Any, option: str, value: str) -> None:
    session.expect("GET", DATABASE, answer=THERE)
    assert f"cannot become {value}" in run(**{option: value})["msg"]


def test_check_mode_without_the_instance_says_create(run: t.Any, session: t.Any) -> None:
    expect_no_instance(session)
    result = run(check=True)
    assert result["actions"] == ["create database orders of instance shop"]
    assert result["charset"] is None
    assert result["warnings"] == ["Instance shop does not exist yet."]


def test_creating_without_the_instance_says_what_to_do(run: t.Any, session: t.Any) -> None:
    expect_no_instance(session)
    session.expect("POST", DATABASES, body=NEW, status=404, answer=INSTANCE_MISSING)
    expect_no_instance(session)
    assert "Create it first, with cdc.gcp.cloudsql_instance" in run()["msg"]


def test_403_for_a_missing_instance_is_absent(run: t.Any, session: t.Any) -> None:
    session.expect("GET", DATABASE, status=403, answer=NOT_AUTHORIZED)
    session.expect("GET", INSTANCE, status=403, answer=NOT_AUTHORIZED)
    session.expect("GET", f"{PROJECT}/instances", answer={})
    assert run(check=True)["changed"] is True


def test_403_on_an_instance_that_is_there_names_the_permission(run: t.Any, session: t.Any) -> None:
    session.expect("GET", DATABASE, status=403, answer=NOT_AUTHORIZED)
    session.expect("GET", INSTANCE, answer=instance())
    assert "cloudsql.databases.get" in run()["msg"]


def test_a_stopped_instance_is_an_error_that_says_how_to_start_it(run: t.Any, session: t.Any) -> None:
    answer = {"error": {"code": 400, "message": "Invalid request since instance is not running."}}
    session.expect("GET", DATABASE, status=400, answer=answer)
    assert "activation_policy=ALWAYS" in run()["msg"]


def test_one_that_somebody_else_created_meanwhile_is_good(run: t.Any, session: t.Any) -> None:
    expect_missing(session)
    session.expect("POST", DATABASES, body=NEW, status=400, answer={"error": {"code": 400, "message": "already exists"}})
    session.expect("GET", DATABASE, answer=THERE)
    session.expect("GET", DATABASE, answer=THERE)
    assert run()["charset"] == "UTF8"


def test_one_that_somebody_else_created_otherwise_is_an_error(run: t.Any, session: t.Any) -> None:
    expect_missing(session)
    body = {**NEW, "collation": "C"}
    session.expect("POST", DATABASES, body=body, status=400, answer={"error": {"code": 400, "message": "already exists"}})
    session.expect("GET", DATABASE, answer=THERE)
    assert "cannot become C" in run(collation="C")["msg"]


def test_another_operation_is_waited_for(run: t.Any, session: t.Any, clock: t.Any) -> None:
    expect_missing(session)
    session.expect("POST", DATABASES, body=NEW, status=409, answer=BUSY)
    session.expect("POST", DATABASES, body=NEW, answer=DONE)
    session.expect("GET", DATABASE, answer=THERE)
    assert run()["changed"] is True
    assert len(clock.slept) == 1


def test_a_name_is_quoted_in_the_path(run: t.Any, session: t.Any) -> None:
    session.expect("GET", f"{DATABASES}/a%2Fb%20c", answer={**THERE, "name": "a/b c"})
    assert unchanged(run(name="a/b c"))


def test_deleting_needs_its_option(run: t.Any, session: t.Any) -> None:
    session.expect("GET", DATABASE, answer=THERE)
    assert "allow_delete=true" in run(state="absent")["msg"]


def test_deleting(run: t.Any, session: t.Any) -> None:
    session.expect("GET", DATABASE, answer=THERE)
    session.expect("DELETE", DATABASE, answer=DONE)
    expect_missing(session)
    result = run(state="absent", allow_delete=True)
    assert result["actions"] == ["delete database orders of instance shop"]
    assert result["diff"]["after"] == {}


def test_open_sessions_are_named(run: t.Any, session: t.Any) -> None:
    words = 'failed to delete database "orders". Detail: pq: database "orders" is being accessed by other users.'
    session.expect("GET", DATABASE, answer=THERE)
    session.expect("DELETE", DATABASE, answer={**DONE, "error": {"errors": [{"code": "INTERNAL_ERROR", "message": words}]}})
    assert "Close all sessions" in run(state="absent", allow_delete=True)["msg"]


@pytest.mark.parametrize("expect", [expect_missing, expect_no_instance])
def test_absent_and_not_there_changes_nothing(run: t.Any, session: t.Any, expect: t.Any) -> None:
    expect(session)
    assert unchanged(run(state="absent"))


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(("name", "length"), [("d" * 64, 64), ("é" * 32, 64), ("", 0)])
def test_a_name_that_postgresql_would_cut_makes_no_request(run: t.Any, name: str, length: int, check: bool) -> None:
    assert f"name must be 1 to 63 bytes long, not {length}" in run(check=check, name=name)["msg"]
