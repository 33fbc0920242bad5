"""Faults of Cloud SQL: slow operations, instances that look absent, network trouble, restarts that wait; and its lists."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cdc_sandbox.google.types import Json
from cloudsql_client import INSTANCES, NETWORK, OPERATIONS, body, create, done, query, refused, temporary_settings, wait
from standin_client import StandIn, running

USERS = f"{INSTANCES}/orders/users"


@pytest.fixture(scope="module")
def cloud() -> Iterator[StandIn]:
    with temporary_settings("83") as settings, running(settings) as standin:
        yield standin


@pytest.fixture(autouse=True)
def _no_faults(cloud: StandIn) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    cloud.context.faults.clear()


@pytest.fixture(scope="module")
def orders(cloud: StandIn) -> Json:
    return create(cloud, "orders", userLabels={"team": "data"})


def test_a_slow_operation_is_done_after_so_many_polls(cloud: StandIn, orders: Json) -> None:
    cloud.fault("operation_slow", options={"polls": 3})
    operation = cloud.good("POST", USERS, {"name": "slow", "password": "x"})
    assert operation["status"] == "PENDING", "even a user's operation, which is usually done at once"
    seen = [cloud.good("GET", f"{OPERATIONS}/{operation['name']}")["status"] for _ in range(6)]
    assert seen == ["RUNNING", "RUNNING", "RUNNING", "RUNNING", "DONE", "DONE"]
    assert cloud.good("POST", USERS, {"name": "quick", "password": "x"})["status"] == "DONE"


def test_an_operation_may_not_be_found_yet(cloud: StandIn, orders: Json) -> None:
    cloud.fault("operation_unknown", options={"reads": 2})
    name = cloud.good("PATCH", f"{INSTANCES}/orders", {})["name"]
    codes = [cloud.call("GET", f"{OPERATIONS}/{name}").status_code for _ in range(3)]
    assert codes == [404, 404, 200]
    wait(cloud, {"name": name, "status": "RUNNING"})


def test_an_operation_that_is_only_listed_goes_on(cloud: StandIn, orders: Json) -> None:
    cloud.fault("operation_slow", options={"polls": 0})
    name = cloud.good("PATCH", f"{INSTANCES}/orders", {})["name"]
    seen = []
    while "DONE" not in seen:
        assert len(seen) < 200
        (first, *_) = cloud.good("GET", f"{OPERATIONS}?instance=orders&maxResults=1")["items"]
        assert first["name"] == name
        seen.append(first["status"])


def test_an_operation_that_fails_slowly(cloud: StandIn, orders: Json) -> None:
    cloud.fault("operation_slow", options={"polls": 1})
    cloud.fault("operation_error", options={"code": "INTERNAL_ERROR", "message": "it broke"})
    operation = cloud.good("POST", USERS, {"name": "never", "password": "x"})
    assert "error" not in operation
    assert wait(cloud, operation)["error"]["errors"][0]["message"] == "it broke"
    assert "never" not in [item["name"] for item in cloud.good("GET", USERS)["items"]]


def test_a_missing_instance_may_look_forbidden(cloud: StandIn, orders: Json) -> None:
    cloud.fault("missing_instance_forbidden", count=-1)
    absent = refused(cloud.call("GET", f"{INSTANCES}/absent"))
    assert absent == (403, "notAuthorized", "The client is not authorized to make this request.")
    assert cloud.good("GET", f"{INSTANCES}/orders")["name"] == "orders"
    assert [item["name"] for item in cloud.good("GET", INSTANCES)["items"]] == ["orders"], "the list tells who is really absent"


@pytest.mark.parametrize("reason", ["NETWORK_NOT_PEERED", "SERVICE_NETWORKING_NOT_ENABLED", "NETWORK_PEERING_DELETED"])
def test_a_network_without_private_services_access(cloud: StandIn, reason: str) -> None:
    cloud.fault("network_not_peered", options={"reason": reason})
    settings = {"ipConfiguration": {"ipv4Enabled": False, "privateNetwork": NETWORK}}
    code, _, text = refused(cloud.call("POST", INSTANCES, body("private", **settings)))
    assert code == 400
    assert text == f"Invalid request: Incorrect Service Networking config for instance: demo-project:private:{reason}."


def test_flags_may_wait_for_a_restart(cloud: StandIn, orders: Json) -> None:
    cloud.fault("flags_wait_for_restart")
    flags = [{"name": "cloudsql.logical_decoding", "value": "on"}]
    done(cloud, "PATCH", "/orders", {"settings": {"databaseFlags": flags}})
    assert cloud.good("GET", f"{INSTANCES}/orders")["settings"]["databaseFlags"] == flags
    assert query(orders, "SHOW wal_level") == "replica"
    done(cloud, "POST", "/orders/restart")
    assert query(orders, "SHOW wal_level") == "logical"


def test_tiers_are_listed(cloud: StandIn) -> None:
    items = cloud.good("GET", "/sql/v1beta4/projects/demo-project/tiers")["items"]
    one = next(item for item in items if item["tier"] == "db-custom-1-3840")
    assert one["RAM"] == str(3840 * 2**20)
    assert "europe-west1" in one["region"]


def test_instances_are_listed_by_a_filter(cloud: StandIn, orders: Json) -> None:
    for text, found in (
        ("state:RUNNABLE instanceType:CLOUD_SQL_INSTANCE", True),
        ("settings.userLabels.team:data AND state:RUNNABLE", True),
        ("settings.userLabels.team:sales", False),
        ("name:other OR name:orders", True),
        ('settings.deletionProtectionEnabled:false region="europe-west1"', True),
    ):
        answer = cloud.session.get(cloud.url + INSTANCES, params={"filter": text}).json()
        assert ("items" in answer) is found, text
