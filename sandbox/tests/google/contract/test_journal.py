"""The log of requests: a test can read and clear it, it holds no secret, and it does not grow without end."""

from __future__ import annotations

import json

import pytest
from cdc_sandbox.google.contract import journal
from cdc_sandbox.google.contract.journal import Journal, masked
from cdc_sandbox.google.contract.schema import Violation
from cdc_sandbox.google.types import Json
from standin_client import StandIn, new_account

ENTRY: Json = {"method": "POST", "path": "/", "query": {}, "caller": None, "status": 200, "seconds": 0.1}


def test_each_request_is_there_until_the_log_is_cleared(standin: StandIn) -> None:
    standin.control("DELETE", "requests")
    standin.good("GET", f"{standin.account}?pageSize=1")
    entry = standin.control("GET", "requests")["requests"][-1]
    assert entry["method_id"] == "iam.projects.serviceAccounts.list"
    assert (entry["method"], entry["path"], entry["query"]) == ("GET", standin.account, {"pageSize": ["1"]})
    assert (entry["caller"], entry["status"]) == (standin.email("owner"), 200)
    standin.control("DELETE", "requests")
    assert standin.control("GET", "requests") == {"requests": []}


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE USER u WITH PASSWORD 'it''s secret' LOGIN",
        "ALTER USER v PASSWORD $$secret$$",
        "ALTER USER v PASSWORD $tag$secret$tag$",
        r"ALTER USER v ENCRYPTED PASSWORD E'\'secret'",
        "ALTER USER v PASSWORD U&'secret'",
        "CREATE SUBSCRIPTION s CONNECTION 'host=h' /* */; ALTER USER MAPPING FOR u OPTIONS (SET password 'secret')",
    ],
)
def test_a_password_in_sql_is_masked(statement: str) -> None:
    shown = str(masked({"sqlStatement": statement}))
    assert "secret" not in shown
    assert "********" in shown


def test_secret_fields_are_masked_at_any_depth() -> None:
    shown = json.dumps(masked({"users": [{"name": "u", "password": "secret"}], "payload": {"data": "secret"}, "accessToken": "secret"}))
    assert "secret" not in shown
    assert '"name": "u"' in shown


def test_an_error_that_quotes_a_password_is_masked() -> None:
    log = Journal()
    answer = {"error": {"message": "Invalid value at 'password' (TYPE_STRING), 4711", "details": [{"description": "4711"}]}}
    log.add_request({**ENTRY, "body": {"password": 4711}, "answer": answer})
    log.add_violations("requests", "POST", "/", "", [Violation("password", "Invalid value, 4711")], {"password": 4711})
    failed = {"status": {"code": 3, "message": 'syntax error at or near "hidden"'}}
    log.add_request({**ENTRY, "body": {"sqlStatement": "ALTER USER u PASSWORD 'hidden'"}, "answer": failed})
    shown = json.dumps([log.requests(), log.violations()])
    assert "4711" not in shown
    assert "hidden" not in shown


def test_a_refused_password_is_not_in_the_served_log(standin: StandIn) -> None:
    path = "/sql/v1beta4/projects/demo-project/instances/none/users"
    standin.call("POST", path, {"name": "u", "password": 47110815})
    standin.call("POST", f"{standin.account}/{new_account(standin)}/keys", {})
    shown = json.dumps([standin.control("GET", "requests"), standin.control("GET", "violations")])
    standin.control("DELETE", "violations")
    assert "47110815" not in shown
    assert "PRIVATE KEY" not in shown


def test_the_log_is_bounded_in_number_and_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "KEPT", 3)
    log = Journal()
    for number in range(5):
        log.add_request({**ENTRY, "body": {"number": number}, "answer": {}})
    assert [entry["body"]["number"] for entry in log.requests()] == [2, 3, 4]
    monkeypatch.setattr(journal, "KEPT_BYTES", 1000)
    log.add_request({**ENTRY, "body": {"text": "x" * 800}, "answer": {}})
    assert len(log.requests()) == 1
    log.add_request({**ENTRY, "body": {"text": "x" * 2000}, "answer": {}})
    assert log.requests() == [], "one that is too large alone is not kept"


def test_all_violations_are_counted_and_the_newest_kept() -> None:
    log = Journal()
    log.add_violations("requests", "GET", "/", "", [Violation("", str(number)) for number in range(journal.KEPT + 7)])
    found = log.violations()
    assert found["counts"]["requests"] == journal.KEPT + 7
    assert len(found["requests"]) == journal.KEPT
    assert found["requests"][-1]["message"] == str(journal.KEPT + 6)
    log.clear_violations()
    assert log.violations()["counts"] == {"requests": 0, "answers": 0, "warnings": 0}
