"""Operations of Cloud SQL: their steps, that one instance has one at a time, their failures, and that they survive the stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cdc_sandbox.postgresql.cluster import clusters, stop_all
from cdc_sandbox.settings import Settings
from cloudsql_client import INSTANCES, OPERATIONS, body, create, done, query, refused, temporary_settings, wait
from standin_client import StandIn, running


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    with temporary_settings("80") as made:
        yield made


def test_steps_refusals_and_restarts_of_the_stand_in(settings: Settings) -> None:
    with running(settings) as cloud:
        operation = cloud.good("POST", INSTANCES, body("orders"))
        assert operation["status"] == "PENDING"
        assert operation["operationType"] == "CREATE"
        assert operation["user"] == "owner@demo-project.iam.gserviceaccount.com"
        assert "endTime" not in operation
        assert refused(cloud.call("DELETE", f"{INSTANCES}/orders"))[:2] == (409, "operationInProgress")
        assert cloud.good("GET", f"{INSTANCES}/orders")["state"] == "PENDING_CREATE"
        seen = [operation["status"]]
        while operation["status"] != "DONE":
            operation = cloud.good("GET", f"{OPERATIONS}/{operation['name']}")
            seen.append(operation["status"])
        assert list(dict.fromkeys(seen)) == ["PENDING", "RUNNING", "DONE"]
        assert operation["endTime"] >= operation["startTime"] >= operation["insertTime"]
        instance = cloud.good("GET", f"{INSTANCES}/orders")
        server = query(instance, "SELECT pg_postmaster_start_time()")

    with running(settings) as cloud:
        assert cloud.good("GET", f"{INSTANCES}/orders") == instance
        assert query(instance, "SELECT pg_postmaster_start_time()") == server, "the cluster went on while the stand-in was away"
        cluster_after_boot(cloud)

    with running(settings) as cloud:
        assert query(instance, "SELECT 1") == 1, "the stand-in starts a cluster that should run"
        assert [item["name"] for item in cloud.good("GET", f"{OPERATIONS}?instance=orders")["items"]] == [operation["name"]]
        assert "items" not in cloud.good("GET", f"{OPERATIONS}?instance=nobody")


def cluster_after_boot(cloud: StandIn) -> None:
    """Stop the server behind the stand-in's back, as a boot of the machine does."""
    stop_all(cloud.settings)


def test_no_server_outlives_the_sandbox_not_even_one_that_was_being_made(settings: Settings) -> None:
    with running(settings) as cloud:
        create(cloud, "made")
        cloud.good("POST", INSTANCES, body("being-made"))
    stop_all(settings)  # the two steps of `down`: the stand-in ends what it began, then all servers stop
    assert {"made", "being-made"} <= {cluster.name for cluster in clusters(settings)}
    assert [cluster.name for cluster in clusters(settings) if cluster.running()] == []


def test_an_interrupted_change_goes_on(settings: Settings) -> None:
    with running(settings) as cloud:
        instance = create(cloud, "interrupted")
        flags = [{"name": "max_replication_slots", "value": "17"}]
        operation = done(cloud, "PATCH", "/interrupted", {"settings": {"databaseFlags": []}})["name"]
        after = {**instance, "settings": {**instance["settings"], "databaseFlags": flags}}
        for key in ("etag", "selfLink", "ipAddresses", "serverCaCert"):
            after.pop(key)
        with cloud.context.state.changing("cloudsql_operations") as data:  # as kill -9 would leave it
            record = next(record for record in data["operations"] if record["resource"]["name"] == operation)
            record.update(shown="RUNNING", plan={"resource": after})
            record["resource"]["status"] = "RUNNING"
    with running(settings) as cloud:
        assert "error" not in wait(cloud, {"name": operation, "status": "RUNNING"})
        assert query(instance, "SHOW max_replication_slots") == "17"
        assert cloud.good("GET", f"{INSTANCES}/interrupted")["settings"]["databaseFlags"] == flags


def test_an_operation_that_fails(settings: Settings) -> None:
    with running(settings) as cloud:
        cloud.fault(
            "operation_error", method="sql.instances.insert", options={"code": "INTERNAL_ERROR", "message": "Failed to create subnetwork."}
        )
        operation = wait(cloud, cloud.good("POST", INSTANCES, body("unlucky", deletionProtectionEnabled=True)))
        assert operation["error"] == {
            "kind": "sql#operationErrors",
            "errors": [{"kind": "sql#operationError", "code": "INTERNAL_ERROR", "message": "Failed to create subnetwork."}],
        }
        assert cloud.good("GET", f"{INSTANCES}/unlucky")["state"] == "FAILED"
        unprotected = {"settings": {"deletionProtectionEnabled": False}}
        assert refused(cloud.call("PATCH", f"{INSTANCES}/unlucky", unprotected))[:2] == (409, "invalidState")
        assert refused(cloud.call("POST", INSTANCES, body("unlucky")))[:2] == (409, "instanceAlreadyExists")
        done(cloud, "DELETE", "/unlucky")
        assert refused(cloud.call("POST", INSTANCES, body("unlucky")))[:2] == (409, "instanceAlreadyExists")


def test_a_change_that_the_server_refuses_is_taken_back(settings: Settings) -> None:
    with running(settings) as cloud:
        instance = create(cloud, "stubborn")
        flags = [{"name": "max_locks_per_transaction", "value": "2147483647"}]  # more memory than there is
        operation = wait(cloud, cloud.good("PATCH", f"{INSTANCES}/stubborn", {"settings": {"databaseFlags": flags}}))
        assert operation["error"]["errors"][0]["code"] == "INTERNAL_ERROR"
        assert "databaseFlags" not in cloud.good("GET", f"{INSTANCES}/stubborn")["settings"]
        assert query(instance, "SHOW max_locks_per_transaction") == "64"


def test_operation_in_progress_by_a_fault(settings: Settings) -> None:
    with running(settings) as cloud:
        cloud.fault("operation_in_progress", method="sql.instances.insert")
        assert refused(cloud.call("POST", INSTANCES, body("late")))[:2] == (409, "operationInProgress")
        assert cloud.call("GET", f"{INSTANCES}/late").status_code == 404, "no instance and no name was taken"


def test_an_operation_that_is_not_there(settings: Settings) -> None:
    with running(settings) as cloud:
        assert cloud.call("GET", f"{OPERATIONS}/nothing").status_code == 404
