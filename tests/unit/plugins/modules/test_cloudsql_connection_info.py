# SPDX-License-Identifier: GPL-3.0-or-later
"""cloudsql_connection_info: which address it gives, and that an absent instance is no error."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.modules import cloudsql_connection_info
from cloudsql_answers import INSTANCE, INSTANCE_MISSING, NOT_AUTHORIZED, PROJECT, connect, unchanged

SETTINGS = f"{INSTANCE}/connectSettings"
PRIVATE = {"type": "PRIVATE", "ipAddress": "10.20.0.3"}
PUBLIC = {"type": "PRIMARY", "ipAddress": "203.0.113.9"}
ANSWER = {
    "kind": "sql#connectSettings",
    "databaseVersion": "POSTGRES_16",
    "region": "europe-west1",
    "ipAddresses": [PUBLIC, PRIVATE, {"type": "OUTGOING"}],
    "serverCaCert": {"cert": "PEM"},
}


@pytest.fixture(autouse=True)
def _server(monkeypatch: pytest.MonkeyPatch, session: t.Any, clock: t.Any) -> None:
    connect(monkeypatch, session, clock)


@pytest.fixture
def run(run_module: t.Any) -> t.Any:
    """The module for instance shop, with further options."""
    return lambda check=False, **options: run_module(cloudsql_connection_info, check=check, project="demo", instance="shop", **options)


@pytest.mark.parametrize(("ip_type", "host"), [("auto", "10.20.0.3"), ("private", "10.20.0.3"), ("public", "203.0.113.9")])
@pytest.mark.parametrize("check", [True, False])
def test_the_address_that_was_asked_for(run: t.Any, session: t.Any, check: bool, ip_type: str, host: str) -> None:
    session.expect("GET", SETTINGS, answer=ANSWER)
    result = run(check=check, ip_type=ip_type)
    assert unchanged(result)
    assert (result["exists"], result["host"], result["port"]) == (True, host, 5432)
    assert (result["private_ip_address"], result["public_ip_address"]) == ("10.20.0.3", "203.0.113.9")
    assert result["connection_name"] == "demo:europe-west1:shop"
    assert result["server_ca_certificate"] == "PEM"
    assert result["database_version"] == "POSTGRES_16"


def test_auto_takes_the_public_address_when_there_is_no_other(run: t.Any, session: t.Any) -> None:
    session.expect("GET", SETTINGS, answer={**ANSWER, "ipAddresses": [PUBLIC]})
    assert run()["host"] == "203.0.113.9"


def test_an_address_that_is_going_to_be_retired_is_taken_only_where_there_is_no_other(run: t.Any, session: t.Any) -> None:
    retiring = {**PRIVATE, "ipAddress": "10.9.0.3", "timeToRetire": "2027-01-01T00:00:00Z"}
    for addresses in ([PRIVATE, retiring], [retiring, PRIVATE]):
        session.expect("GET", SETTINGS, answer={**ANSWER, "ipAddresses": addresses})
        assert run()["host"] == "10.20.0.3"
    session.expect("GET", SETTINGS, answer={**ANSWER, "ipAddresses": [retiring]})
    assert run()["host"] == "10.9.0.3"


def test_an_address_that_is_not_there_is_an_error_that_says_what_is(run: t.Any, session: t.Any) -> None:
    session.expect("GET", SETTINGS, answer={**ANSWER, "ipAddresses": [PUBLIC]})
    assert "no address for ip_type=private; it has PRIMARY." in run(ip_type="private")["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_an_absent_instance_is_no_error(run: t.Any, session: t.Any, check: bool) -> None:
    session.expect("GET", SETTINGS, status=404, answer=INSTANCE_MISSING).expect("GET", INSTANCE, status=404, answer=INSTANCE_MISSING)
    result = run(check=check)
    assert result["exists"] is False
    keys = {"host", "port", "private_ip_address", "public_ip_address", "dns_name", "server_ca_certificate"}
    assert {result[key] for key in keys | {"connection_name", "database_version", "region"}} == {None}


def test_403_for_everything_is_an_error_and_not_an_absent_instance(run: t.Any, session: t.Any) -> None:
    for url in (SETTINGS, INSTANCE, f"{PROJECT}/instances"):
        session.expect("GET", url, status=403, answer=NOT_AUTHORIZED)
    assert "needs the permission" in run()["msg"]
