# SPDX-License-Identifier: GPL-3.0-or-later
"""cloudsql_instance: what is not done to an instance that exists: another network, settings of a replica, a flag without the replicas."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.modules import cloudsql_instance
from cloudsql_answers import API, DONE, INSTANCE, PROJECT, connect, expect_patch, instance, unchanged

WANTED = {"project": "demo", "name": "shop", "region": "europe-west1"}
CONNECTIONS = "https://servicenetworking.googleapis.com/v1/services/servicenetworking.googleapis.com/connections"
PROD, STAGE = "projects/demo/global/networks/prod", "projects/demo/global/networks/stage"
DECODING = {"cloudsql.logical_decoding": True}
DECODES = {"databaseFlags": [{"name": "cloudsql.logical_decoding", "value": "on"}]}


@pytest.fixture(autouse=True)
def _server(monkeypatch: pytest.MonkeyPatch, session: t.Any, clock: t.Any) -> None:
    connect(monkeypatch, session, clock)


@pytest.fixture
def run(run_module: t.Any) -> t.Any:
    """The module with WANTED and further options."""
    return lambda check=False, **options: run_module(cloudsql_instance, check=check, **{**WANTED, **options})


def network(name: str | None, public: bool = False) -> dict[str, t.Any]:
    """Settings of an instance in a network, or with a public address alone."""
    return {"ipConfiguration": {"ipv4Enabled": public, "sslMode": "ENCRYPTED_ONLY", **({"privateNetwork": name} if name else {})}}


def expect_peering(session: t.Any, name: str) -> None:
    session.expect("GET", "https://cloudresourcemanager.googleapis.com/v3/projects/demo", answer={"name": "projects/42"})
    query = {"network": f"projects/42/global/networks/{name}"}
    session.expect("GET", CONNECTIONS, query=query, answer={"connections": [{"network": query["network"]}]})


def expect_flag_list(session: t.Any) -> None:
    items = [{"name": "cloudsql.logical_decoding", "requiresRestart": True}]
    session.expect("GET", f"{API}/flags", query={"databaseVersion": "POSTGRES_16"}, answer={"items": items})


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("now", "has"), [(network(PROD), f"the private network {PROD}"), (network(None, public=True), "no private network")]
)
def test_the_network_of_an_instance_is_not_changed_unless_that_is_asked_for(
    run: t.Any, session: t.Any, now: dict[str, t.Any], has: str, check: bool
) -> None:
    session.expect("GET", INSTANCE, answer=instance(now))
    expect_peering(session, "stage")
    result = run(check=check, private_network="stage", restart="allow", labels={"team": "data"})
    assert (result["failed"], result["changed"]) == (True, False)
    assert f"Instance shop has {has}. With private_network={STAGE} it would get another address" in result["msg"]
    assert "allow_network_change=true (cloudsql_allow_network_change: true of a pipeline)" in result["msg"]


def test_a_network_and_a_restart_are_refused_in_one_answer(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance(network(PROD)))
    expect_peering(session, "stage")
    message = run(private_network="stage", tier="db-custom-2-7680")["msg"]
    assert "allow_network_change=true" in message
    assert "would restart instance shop (changes of tier, private_network)" in message


def test_a_network_change_counts_as_a_restart(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance(network(PROD)))
    expect_peering(session, "stage")
    message = run(private_network="stage", allow_network_change=True)["msg"]
    assert "would restart instance shop (changes of private_network)" in message


def test_the_network_goes_alone_and_first_so_that_an_instance_is_never_without_an_address(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance(network(None, public=True)))
    expect_peering(session, "stage")
    expect_patch(session, {"ipConfiguration": {"privateNetwork": STAGE}})
    session.expect("GET", INSTANCE, answer=instance({**network(STAGE, public=True), "settingsVersion": "9"}))
    session.expect("PATCH", INSTANCE, body={"settings": {"ipConfiguration": {"ipv4Enabled": False}, "settingsVersion": "9"}}, answer=DONE)
    session.expect("GET", INSTANCE, answer=instance(network(STAGE)))
    result = run(private_network="stage", public_ip=False, allow_network_change=True, restart="allow")
    assert result["actions"] == ["change private_network of instance shop (restarts the instance)", "change public_ip of instance shop"]
    assert result["warnings"] == [
        "This restarts instance shop (changes of private_network): its sessions end, and it is unavailable for a while."
    ]


def test_a_network_change_of_a_stopped_instance_is_refused_too(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance({**network(PROD), "activationPolicy": "NEVER"}))
    expect_peering(session, "stage")
    assert "allow_network_change=true" in run(private_network="stage")["msg"]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"instanceType": "READ_REPLICA_INSTANCE", "masterInstanceName": "demo:prod"}, "shop is a read replica of prod."),
        ({"instanceType": "READ_POOL_INSTANCE", "masterInstanceName": "prod"}, "shop is a read pool of prod."),
        ({"instanceType": "ON_PREMISES_INSTANCE"}, "shop is the representation of a server outside Cloud SQL."),
        ({"instanceType": "NEW_TYPE"}, "shop is of type NEW_TYPE."),
    ],
)
def test_only_a_primary_instance_is_changed(run: t.Any, session: t.Any, fields: dict[str, t.Any], words: str, check: bool) -> None:
    session.expect("GET", INSTANCE, answer=instance(**fields))
    result = run(check=check, labels={"team": "data"})
    assert (result["failed"], result["changed"]) == (True, False)
    assert words in result["msg"]
    assert "Set name (cdc_instance of a pipeline) to" in result["msg"]


def test_a_regular_instance_is_a_primary(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance(instanceType="CLOUD_SQL_INSTANCE"))
    assert unchanged(run())


@pytest.mark.parametrize("check", [True, False])
def test_logical_decoding_is_not_switched_on_before_the_replicas_have_it(run: t.Any, session: t.Any, check: bool) -> None:
    session.expect("GET", INSTANCE, answer=instance(replicaNames=["one", "two"]))
    expect_flag_list(session)
    session.expect("GET", f"{PROJECT}/instances/one", answer=instance(DECODES, name="one"))
    session.expect("GET", f"{PROJECT}/instances/two", answer=instance(name="two"))
    result = run(check=check, database_flags=DECODING, restart="allow")
    assert (result["failed"], result["changed"]) == (True, False)
    assert "cannot be switched on at instance shop alone: its replicas two do not have it" in result["msg"]


def test_logical_decoding_is_switched_on_once_the_replicas_have_it(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance(replicaNames=["one"]))
    expect_flag_list(session)
    session.expect("GET", f"{PROJECT}/instances/one", answer=instance(DECODES, name="one"))
    expect_patch(session, DECODES)
    session.expect("GET", INSTANCE, answer=instance(DECODES))
    assert run(database_flags=DECODING, restart="allow")["changed"] is True


def test_replicas_are_not_asked_about_where_logical_decoding_is_on(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance(DECODES, replicaNames=["one"]))
    assert unchanged(run(database_flags=DECODING))
