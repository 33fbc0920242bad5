"""Instances of the stand-in: defaults, refusals, changes and deletion as Cloud SQL has them, on real PostgreSQL."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import psycopg
import pytest
from cdc_sandbox.google.types import Json
from cloudsql_client import INSTANCES, NETWORK, PASSWORD, body, create, done, query, refused, temporary_settings, wait
from standin_client import StandIn, running


@pytest.fixture(scope="module")
def cloud() -> Iterator[StandIn]:
    with temporary_settings("79") as settings, running(settings) as standin:
        yield standin


@pytest.fixture(scope="module")
def orders(cloud: StandIn) -> Json:
    """An instance of which only the necessary was said."""
    return create(cloud, "orders")


def settings_of(cloud: StandIn, name: str = "orders") -> Json:
    found: Json = cloud.good("GET", f"{INSTANCES}/{name}")["settings"]
    return found


def test_defaults_are_the_recorded_ones(orders: Json) -> None:
    zone = orders["settings"]["locationPreference"]["zone"]
    assert zone.startswith("europe-west1-")
    assert orders["settings"] == {
        "kind": "sql#settings",
        "settingsVersion": "1",
        "tier": "db-custom-1-3840",
        "edition": "ENTERPRISE",
        "activationPolicy": "ALWAYS",
        "availabilityType": "ZONAL",
        "pricingPlan": "PER_USE",
        "replicationType": "SYNCHRONOUS",
        "dataDiskSizeGb": "10",
        "dataDiskType": "PD_SSD",
        "storageAutoResize": False,
        "storageAutoResizeLimit": "0",
        "deletionProtectionEnabled": False,
        "connectorEnforcement": "NOT_REQUIRED",
        "authorizedGaeApplications": [],
        "replicationLagMaxSeconds": 31536000,
        "backupConfiguration": {
            "kind": "sql#backupConfiguration",
            "enabled": False,
            "startTime": "12:00",
            "transactionLogRetentionDays": 7,
            "backupRetentionSettings": {"retainedBackups": 7, "retentionUnit": "COUNT"},
            "transactionalLogStorageState": "TRANSACTIONAL_LOG_STORAGE_STATE_UNSPECIFIED",
            "backupTier": "STANDARD",
        },
        "ipConfiguration": {
            "ipv4Enabled": True,
            "authorizedNetworks": [],
            "requireSsl": False,
            "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
        },
        "locationPreference": {"kind": "sql#locationPreference", "zone": zone},
    }
    expected = {
        "kind": "sql#instance",
        "state": "RUNNABLE",
        "instanceType": "CLOUD_SQL_INSTANCE",
        "backendType": "SECOND_GEN",
        "connectionName": "demo-project:europe-west1:orders",
        "databaseInstalledVersion": "POSTGRES_16_14",
    }
    assert {key: orders[key] for key in expected} == expected
    assert orders["gceZone"] != zone, "the zone that locationPreference shows is not always the one where the instance is"
    assert [address["type"] for address in orders["ipAddresses"]] == ["PRIMARY", "OUTGOING"]
    assert orders["selfLink"].endswith("/sql/v1beta4/projects/demo-project/instances/orders")
    assert base64.b64decode(orders["etag"])
    assert "rootPassword" not in orders


def test_root_password_is_that_of_postgres(orders: Json) -> None:
    assert query(orders, "SELECT current_user") == "postgres"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        query(orders, "SELECT 1", password="wrong")


def test_password_is_in_no_file_and_no_journal(cloud: StandIn, orders: Json) -> None:
    folder = cloud.settings.state
    files = [path for path in [*folder.glob("google/**/*"), *folder.glob("logs/*")] if path.is_file()]
    assert len(files) >= 3
    assert [path for path in files if PASSWORD.encode() in path.read_bytes()] == []


def test_connect_settings_lead_to_the_server(cloud: StandIn, orders: Json, tmp_path_factory: pytest.TempPathFactory) -> None:
    answer = cloud.good("GET", f"{INSTANCES}/orders/connectSettings")
    assert answer["serverCaCert"]["cert"] == orders["serverCaCert"]["cert"]
    assert answer["databaseVersion"] == "POSTGRES_16"
    ca = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.write_text(answer["serverCaCert"]["cert"])
    host = answer["ipAddresses"][0]["ipAddress"]
    psycopg.connect(host=host, user="postgres", password=PASSWORD, dbname="postgres", sslmode="verify-ca", sslrootcert=str(ca)).close()


def test_both_versions_of_the_api_answer(cloud: StandIn, orders: Json) -> None:
    answer = cloud.good("GET", "/v1/projects/demo-project/instances/orders")
    assert answer["selfLink"] == f"{cloud.url}/v1/projects/demo-project/instances/orders"
    assert [item["name"] for item in cloud.good("GET", INSTANCES)["items"]] == ["orders"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"settings": {"tier": "db-custom-1-3840"}},
            "Invalid request: Invalid Tier (db-custom-1-3840) for (ENTERPRISE_PLUS) Edition. "
            "Use a predefined Tier like db-perf-optimized-N-* instead.",
        ),
        ({"settings": {"edition": "ENTERPRISE", "tier": "db-perf-optimized-N-2"}}, "for (ENTERPRISE) Edition"),
        ({"settings": {"edition": "ENTERPRISE", "tier": "db-custom-3-3840"}}, "Invalid Tier (db-custom-3-3840)"),
        ({"region": "europe-west99"}, "Invalid value for region: europe-west99."),
        ({"name": "Orders"}, "Invalid instance name (Orders)."),
        ({"databaseVersion": "MYSQL_8_0"}, "Invalid databaseVersion (MYSQL_8_0)."),
        (
            {"settings": {"edition": "ENTERPRISE", "tier": "db-f1-micro", "backupConfiguration": {"transactionLogRetentionDays": 8}}},
            "must be between 1 and 7",
        ),
        (
            {
                "settings": {
                    "edition": "ENTERPRISE",
                    "tier": "db-f1-micro",
                    "ipConfiguration": {"privateNetwork": "projects/demo-project/global/networks/lonely"},
                }
            },
            "Invalid request: Incorrect Service Networking config for instance: demo-project:refused:NETWORK_NOT_PEERED.",
        ),
        ({"settings": {"edition": "ENTERPRISE", "tier": "db-f1-micro", "ipConfiguration": {"ipv4Enabled": False}}}, "At least one of"),
    ],
)
def test_what_is_wrong_in_an_insert_is_refused(cloud: StandIn, change: Json, expected: str) -> None:
    status, reason, message = refused(cloud.call("POST", INSTANCES, {**body("refused"), **change}))
    assert (status, reason) == (400, "invalid")
    assert expected in message
    assert cloud.call("GET", f"{INSTANCES}/refused").status_code == 404


def test_flags_are_checked(cloud: StandIn) -> None:
    for flag, reason in (
        ({"name": "wal_level", "value": "logical"}, "invalidFlagName"),
        ({"name": "max_wal_senders", "value": "many"}, "invalidFlagValue"),
    ):
        assert refused(cloud.call("POST", INSTANCES, body("refused", databaseFlags=[flag])))[:2] == (400, reason)


def test_an_instance_that_is_not_there(cloud: StandIn) -> None:
    expected = (404, "instanceDoesNotExist", "The Cloud SQL instance does not exist.")
    for method, tail in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/restart"), ("GET", "/databases"), ("GET", "/users")):
        content: Json | None = {"settings": {}} if method == "PATCH" else None
        assert refused(cloud.call(method, f"{INSTANCES}/nobody{tail}", content)) == expected


def test_a_name_in_use_is_refused(cloud: StandIn, orders: Json) -> None:
    assert refused(cloud.call("POST", INSTANCES, body("orders")))[:2] == (409, "instanceAlreadyExists")


def test_logical_decoding_really_changes_the_server(cloud: StandIn, orders: Json) -> None:
    assert query(orders, "SHOW wal_level") == "replica"
    done(cloud, "PATCH", "/orders", {"settings": {"databaseFlags": [{"name": "cloudsql.logical_decoding", "value": "on"}]}})
    assert query(orders, "SHOW wal_level") == "logical"
    flags = [{"name": "max_replication_slots", "value": "12"}]
    done(cloud, "PATCH", "/orders", {"settings": {"databaseFlags": flags}})
    assert settings_of(cloud)["databaseFlags"] == flags, "a list that is given replaces the whole list"
    assert (query(orders, "SHOW wal_level"), query(orders, "SHOW max_replication_slots")) == ("replica", "12")
    done(cloud, "PATCH", "/orders", {"settings": {"databaseFlags": []}})
    assert "databaseFlags" not in settings_of(cloud)


def test_patch_merges_and_null_removes(cloud: StandIn, orders: Json) -> None:
    before = settings_of(cloud)
    done(
        cloud, "PATCH", "/orders", {"settings": {"userLabels": {"team": "data", "env": "test"}, "maintenanceWindow": {"day": 7, "hour": 0}}}
    )
    done(
        cloud,
        "PATCH",
        "/orders",
        {"settings": {"userLabels": {"env": None}, "backupConfiguration": {"enabled": True}, "dataDiskSizeGb": 20}},
    )
    after = settings_of(cloud)
    assert after["userLabels"] == {"team": "data"}
    assert after["backupConfiguration"] == {**before["backupConfiguration"], "enabled": True}
    assert after["maintenanceWindow"] == {"kind": "sql#maintenanceWindow", "day": 7, "hour": 0}
    assert after["dataDiskSizeGb"] == "20"
    assert int(after["settingsVersion"]) > int(before["settingsVersion"]) + 2, "two changes, and it grows by more than one for each"
    assert refused(cloud.call("PATCH", f"{INSTANCES}/orders", {"settings": {"dataDiskSizeGb": "10"}}))[:2] == (400, "invalid")


def test_an_empty_patch_is_an_operation_that_changes_nothing(cloud: StandIn, orders: Json) -> None:
    before = settings_of(cloud)
    assert done(cloud, "PATCH", "/orders", {})["operationType"] == "UPDATE"
    assert settings_of(cloud) == before


def test_settings_version_guards_changes(cloud: StandIn, orders: Json) -> None:
    stale = (412, "staleData", "Condition does not match.")
    assert refused(cloud.call("PATCH", f"{INSTANCES}/orders", {"settings": {"settingsVersion": "999"}})) == stale
    error = cloud.call("PATCH", f"{INSTANCES}/orders", {"settings": {"settingsVersion": "999"}}).json()["error"]["errors"][0]
    assert (error["location"], error["locationType"]) == ("If-Match", "header")
    settings = settings_of(cloud)
    without = {key: value for key, value in settings.items() if key != "settingsVersion"}
    assert refused(cloud.call("PUT", f"{INSTANCES}/orders", {"settings": without}))[:2] == (400, "invalid")
    assert refused(cloud.call("PUT", f"{INSTANCES}/orders", {"settings": {**settings, "settingsVersion": "999"}})) == stale
    done(
        cloud,
        "PUT",
        "/orders",
        {
            "settings": {
                "tier": "db-custom-2-7680",
                "edition": "ENTERPRISE",
                "settingsVersion": settings["settingsVersion"],
                "dataDiskSizeGb": "20",
            }
        },
    )
    after = settings_of(cloud)
    assert after["tier"] == "db-custom-2-7680"
    assert "userLabels" not in after, "a PUT that does not name a setting takes it back to its default"


def test_a_stopped_instance_refuses_sql(cloud: StandIn, orders: Json) -> None:
    done(cloud, "PATCH", "/orders", {"settings": {"activationPolicy": "NEVER"}})
    expected = (400, "invalid", "Invalid request since instance is not running.")
    assert refused(cloud.call("GET", f"{INSTANCES}/orders/users")) == expected
    assert refused(cloud.call("POST", f"{INSTANCES}/orders/databases", {"name": "app"})) == expected
    assert refused(cloud.call("POST", f"{INSTANCES}/orders/restart"))[:2] == (409, "invalidState")
    done(cloud, "PATCH", "/orders", {"settings": {"activationPolicy": "ALWAYS"}})
    assert query(orders, "SELECT 1") == 1


def test_restart_gives_a_new_server(cloud: StandIn, orders: Json) -> None:
    before = query(orders, "SELECT pg_postmaster_start_time()")
    assert done(cloud, "POST", "/orders/restart")["operationType"] == "RESTART"
    assert query(orders, "SELECT pg_postmaster_start_time()") != before


def test_private_instance_with_protection_and_deletion(cloud: StandIn) -> None:
    network = {"ipv4Enabled": False, "privateNetwork": f"https://compute.googleapis.com/compute/v1/{NETWORK}", "sslMode": "ENCRYPTED_ONLY"}
    instance = create(cloud, "private", ipConfiguration=network, deletionProtectionEnabled=True)
    assert instance["settings"]["ipConfiguration"]["privateNetwork"] == NETWORK
    assert [address["type"] for address in instance["ipAddresses"]] == ["PRIVATE"]
    assert query(instance, "SELECT 1") == 1
    status, _, message = refused(cloud.call("DELETE", f"{INSTANCES}/private"))
    assert status == 400
    assert "deletion protection" in message
    done(cloud, "PATCH", "/private", {"settings": {"deletionProtectionEnabled": False}})
    wait(cloud, cloud.good("DELETE", f"{INSTANCES}/private"))
    assert cloud.call("GET", f"{INSTANCES}/private").status_code == 404
    assert refused(cloud.call("POST", INSTANCES, body("private")))[:2] == (409, "instanceAlreadyExists")
    with pytest.raises(psycopg.OperationalError, match="refused"):
        query(instance, "SELECT 1")


def test_a_network_of_another_project(cloud: StandIn) -> None:
    shared = {"ipv4Enabled": False, "privateNetwork": "projects/demo-host/global/networks/shared"}
    instance = create(cloud, "guest", ipConfiguration=shared)
    assert instance["settings"]["ipConfiguration"]["privateNetwork"] == shared["privateNetwork"]
    assert query(instance, "SELECT 1") == 1
    lonely = {"ipv4Enabled": False, "privateNetwork": "projects/demo-host/global/networks/default"}
    assert "NETWORK_NOT_PEERED" in refused(cloud.call("POST", INSTANCES, body("refused", ipConfiguration=lonely)))[2]


def test_flags_list(cloud: StandIn) -> None:
    flags = {flag["name"]: flag for flag in cloud.good("GET", "/sql/v1beta4/flags?databaseVersion=POSTGRES_16")["items"]}
    assert flags["cloudsql.logical_decoding"]["requiresRestart"] is True
    assert flags["log_min_duration_statement"]["requiresRestart"] is False
    assert flags["max_wal_senders"]["type"] == "INTEGER"
    assert "POSTGRES_16" in flags["max_wal_senders"]["appliesTo"]
    assert "wal_level" not in flags
    assert "items" not in cloud.good("GET", "/sql/v1beta4/flags?databaseVersion=MYSQL_8_0")
