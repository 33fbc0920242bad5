# SPDX-License-Identifier: GPL-3.0-or-later
"""cloudsql_instance: creating, reading, deleting, and what cannot be; each request of a run, in order."""

from __future__ import annotations

import typing as t

import pytest
import requests
from ansible_collections.cdc.gcp.plugins.modules import cloudsql_instance
from cloudsql_answers import (
    BUSY,
    DONE,
    INSTANCE,
    INSTANCE_MISSING,
    NOT_AUTHORIZED,
    PENDING,
    PROJECT,
    connect,
    expect_patch,
    instance,
    unchanged,
)

WANTED = {"project": "demo", "name": "shop", "region": "europe-west1"}
CONNECTIONS = "https://servicenetworking.googleapis.com/v1/services/servicenetworking.googleapis.com/connections"
NETWORK_QUERY = {"network": "projects/42/global/networks/default"}
OPERATION = f"{PROJECT}/operations/op"
NEW: dict[str, t.Any] = {
    "name": "shop",
    "databaseVersion": "POSTGRES_16",
    "region": "europe-west1",
    "settings": {
        "edition": "ENTERPRISE",
        "tier": "db-custom-1-3840",
        "activationPolicy": "ALWAYS",
        "availabilityType": "ZONAL",
        "dataDiskType": "PD_SSD",
        "storageAutoResize": True,
        "backupConfiguration": {"enabled": True},
        "ipConfiguration": {"ipv4Enabled": True, "sslMode": "ENCRYPTED_ONLY"},
        "deletionProtectionEnabled": True,
    },
}
EXISTS = {
    "error": {"code": 409, "message": "The Cloud SQL instance already exists.", "errors": [{"reason": "instanceAlreadyExists"}]},
}


@pytest.fixture(autouse=True)
def _server(monkeypatch: pytest.MonkeyPatch, session: t.Any, clock: t.Any) -> None:
    connect(monkeypatch, session, clock)


@pytest.fixture
def run(run_module: t.Any) -> t.Any:
    """The module with WANTED and further options."""
    return lambda check=False, **options: run_module(cloudsql_instance, check=check, **{**WANTED, **options})


def expect_absent(session: t.Any) -> None:
    session.expect("GET", INSTANCE, status=404, answer=INSTANCE_MISSING)


def expect_peering(session: t.Any, answer: t.Any) -> None:
    session.expect("GET", "https://cloudresourcemanager.googleapis.com/v3/projects/demo", answer={"name": "projects/42"})
    session.expect("GET", CONNECTIONS, query=NETWORK_QUERY, answer=answer)


# Creating


def test_creation_sends_every_default_and_waits_for_the_operation(run: t.Any, session: t.Any) -> None:
    expect_absent(session)
    session.expect("POST", f"{PROJECT}/instances", body={**NEW, "rootPassword": "s3cret-word"}, answer=PENDING)
    session.expect("GET", OPERATION, answer={**PENDING, "status": "RUNNING"})
    session.expect("GET", OPERATION, answer=DONE)
    session.expect("GET", INSTANCE, answer=instance())
    result = run(root_password="s3cret-word")
    assert result["changed"] is True
    assert result["actions"] == ["create instance shop"]
    assert result["private_ip_address"] == "10.20.0.3"
    assert result["connection_name"] == "demo:europe-west1:shop"
    assert result["server_ca_certificate"].startswith("-----BEGIN")
    assert result["diff"]["before"] == {}
    assert result["diff"]["after"]["root_password"] == "(hidden)"
    assert "s3cret-word" not in str(result)


def test_check_mode_on_an_empty_project_says_create_and_gives_every_key(run: t.Any, session: t.Any) -> None:
    expect_absent(session)
    result = run(check=True)
    assert result["actions"] == ["create instance shop"]
    assert {key: result[key] for key in ("state", "private_ip_address", "labels", "settings_version")} == {
        "state": None,
        "private_ip_address": None,
        "labels": None,
        "settings_version": None,
    }


def test_a_private_network_is_looked_up_and_means_no_public_address(run: t.Any, session: t.Any) -> None:
    expect_absent(session)
    expect_peering(session, {"connections": [{"network": "projects/42/global/networks/default"}]})
    network = {"ipv4Enabled": False, "sslMode": "ENCRYPTED_ONLY", "privateNetwork": "projects/demo/global/networks/default"}
    body = {**NEW, "settings": {**NEW["settings"], "ipConfiguration": network}}
    session.expect("POST", f"{PROJECT}/instances", body=body, answer=DONE)
    session.expect("GET", INSTANCE, answer=instance())
    assert run(private_network="default")["changed"] is True


@pytest.mark.parametrize("check", [True, False])
def test_a_network_without_private_services_access_fails_before_the_name_is_used(run: t.Any, session: t.Any, check: bool) -> None:
    expect_absent(session)
    expect_peering(session, {})
    result = run(check=check, private_network="default")
    assert result["failed"] is True
    assert "Network projects/demo/global/networks/default is not connected to Google's services" in result["msg"]
    assert "vpc-peerings connect" in result["msg"]


def test_a_look_up_of_the_network_that_is_forbidden_is_a_warning(run: t.Any, session: t.Any) -> None:
    expect_absent(session)
    session.expect("GET", "https://cloudresourcemanager.googleapis.com/v3/projects/demo", status=403, answer={"error": {"message": "no"}})
    result = run(check=True, private_network="default")
    assert result["changed"] is True
    assert any("could not be checked" in warning for warning in result["warnings"])


def test_a_reserved_name_is_said_in_one_sentence(run: t.Any, session: t.Any) -> None:
    expect_absent(session)
    session.expect("POST", f"{PROJECT}/instances", body=NEW, status=409, answer=EXISTS)
    expect_absent(session)
    result = run()
    assert result["msg"].startswith("The name shop is reserved")


def test_an_instance_that_somebody_else_created_meanwhile_is_taken_over(run: t.Any, session: t.Any) -> None:
    labels = {"userLabels": {"a": "b"}}
    expect_absent(session)
    body = {**NEW, "settings": {**NEW["settings"], **labels}}
    session.expect("POST", f"{PROJECT}/instances", body=body, status=409, answer=EXISTS)
    session.expect("GET", INSTANCE, answer=instance(state="PENDING_CREATE"))
    session.expect("GET", INSTANCE, answer=instance())
    expect_patch(session, labels)
    session.expect("GET", INSTANCE, answer=instance(labels))
    assert run(labels={"a": "b"})["labels"] == {"a": "b"}


def test_a_creation_that_fails_later_says_why_and_that_the_name_is_gone(run: t.Any, session: t.Any) -> None:
    failed = {**DONE, "error": {"errors": [{"code": "INTERNAL_ERROR", "message": "Failed to create subnetwork. Router status 'x'"}]}}
    expect_absent(session)
    session.expect("POST", f"{PROJECT}/instances", body=NEW, answer=failed)
    result = run()
    assert "INTERNAL_ERROR: Failed to create subnetwork" in result["msg"]
    assert "private services access" in result["msg"]
    assert "reserved for a week" in result["msg"]
    assert result["failed_action"] == "create instance shop"


def test_waiting_ends_with_the_timeout(run: t.Any, session: t.Any, clock: t.Any) -> None:
    expect_absent(session)
    session.expect("POST", f"{PROJECT}/instances", body=NEW, answer=PENDING)
    for _ in range(12):
        session.expect("GET", OPERATION, answer=PENDING)
    result = run(timeout=5, poll_interval=1)
    session.expected.clear()
    assert "for the end of operation op" in result["msg"]
    assert clock.time == pytest.approx(5, abs=0.5)


def test_an_operation_that_is_not_yet_known_is_looked_up_again(run: t.Any, session: t.Any) -> None:
    expect_absent(session)
    session.expect("POST", f"{PROJECT}/instances", body=NEW, answer=PENDING)
    session.expect("GET", OPERATION, status=404, answer=INSTANCE_MISSING)
    session.expect("GET", OPERATION, answer=DONE)
    session.expect("GET", INSTANCE, answer=instance())
    assert run()["changed"] is True


def test_an_operation_that_stays_unknown_is_an_error_after_a_minute(run: t.Any, session: t.Any, clock: t.Any) -> None:
    expect_absent(session)
    session.expect("POST", f"{PROJECT}/instances", body=NEW, answer=PENDING)
    for _ in range(40):
        session.expect("GET", OPERATION, status=404, answer=INSTANCE_MISSING)
    result = run()
    session.expected.clear()
    assert "reading its operation failed with HTTP 404" in result["msg"]
    assert 60 <= clock.time <= 85


# Reading


def test_403_means_absent_when_the_list_works_and_lacks_it(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, status=403, answer=NOT_AUTHORIZED)
    session.expect("GET", f"{PROJECT}/instances", answer={"items": [{"name": "other"}], "nextPageToken": "2"})
    session.expect("GET", f"{PROJECT}/instances", query={"pageToken": "2"}, answer={})
    assert run(check=True)["actions"] == ["create instance shop"]


def test_403_and_a_list_that_may_be_incomplete_prove_nothing(run: t.Any, session: t.Any) -> None:
    """Of a region that could not be reached, the list has no instance."""
    session.expect("GET", INSTANCE, status=403, answer=NOT_AUTHORIZED)
    unreachable = {"code": "REGION_UNREACHABLE", "region": "europe-west1", "message": "Region europe-west1 is unreachable."}
    session.expect("GET", f"{PROJECT}/instances", answer={"items": [{"name": "other"}], "warnings": [unreachable], "nextPageToken": "2"})
    session.expect("GET", f"{PROJECT}/instances", query={"pageToken": "2"}, answer={})
    result = run()
    assert result["failed"] is True
    assert "the list of instances may be incomplete (REGION_UNREACHABLE europe-west1)" in result["msg"]


def test_403_for_the_list_too_names_the_permission(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, status=403, answer=NOT_AUTHORIZED)
    session.expect("GET", f"{PROJECT}/instances", status=403, answer=NOT_AUTHORIZED)
    result = run()
    assert "needs the permission cloudsql.instances.get in project demo" in result["msg"]
    assert "cloudsql.instances.list is also needed" in result["msg"]


def test_403_although_the_list_has_it_names_the_permission_to_read(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, status=403, answer=NOT_AUTHORIZED)
    session.expect("GET", f"{PROJECT}/instances", answer={"items": [{"name": "shop"}]})
    assert "cloudsql.instances.get" in run()["msg"]


def test_a_failed_instance_is_an_error(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance(state="FAILED"))
    assert "is in state FAILED" in run()["msg"]


# What cannot be


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"region": "us-central1"}, "cannot be moved to us-central1"),
        ({"database_version": "POSTGRES_15"}, "cannot be downgraded"),
        ({"database_version": "POSTGRES_17"}, "allow_major_upgrade=true"),
        ({"disk_size_gb": 5, "disk_autoresize": False}, "disks cannot shrink"),
    ],
)
def test_what_cannot_be_changed_is_an_error_before_anything_is_sent(run: t.Any, session: t.Any, options: t.Any, words: str) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    assert words in run(check=True, **options)["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "Shop"}, "must be lower-case letters"),
        ({"name": "s" * 94}, "98 characters"),
        ({"database_version": "MYSQL_8_0"}, "Only PostgreSQL"),
        ({"private_network": "regions/x/y"}, "private_network must be"),
        ({"poll_interval": 0}, "poll_interval is in seconds"),
        ({"maintenance_window": {"day": 8, "hour": 1}}, "value of day must be one of"),
    ],
)
def test_bad_input_makes_no_request(run: t.Any, options: t.Any, words: str) -> None:
    assert words in run(**options)["msg"]


def test_a_region_is_needed(run_module: t.Any) -> None:
    assert "region" in run_module(cloudsql_instance, project="demo", name="shop")["msg"]


def test_a_region_that_is_null_is_not_the_servers_default(run: t.Any, session: t.Any) -> None:
    expect_absent(session)
    assert "region is required" in run(region=None)["msg"]


def test_a_tier_of_the_other_edition_is_named_before_creation(run: t.Any, session: t.Any) -> None:
    expect_absent(session)
    assert "does not support tier db-custom-1-3840" in run(edition="ENTERPRISE_PLUS")["msg"]


def test_postgresql_17_is_warned_of(run: t.Any, session: t.Any) -> None:
    expect_absent(session)
    warnings = run(check=True, database_version="POSTGRES_17")["warnings"]
    assert any("dbz#76" in warning for warning in warnings)


# Deleting


def test_absent_and_not_there_changes_nothing(run: t.Any, session: t.Any) -> None:
    expect_absent(session)
    assert unchanged(run(state="absent"))


def test_deleting_needs_its_option(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    assert "allow_delete=true" in run(state="absent")["msg"]


def test_a_protected_instance_is_not_deleted(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    assert "protected against deletion" in run(state="absent", allow_delete=True)["msg"]


def test_protection_goes_first_when_that_is_said_in_the_same_task(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    expect_patch(session, {"deletionProtectionEnabled": False})
    session.expect("DELETE", INSTANCE, answer=PENDING)
    session.expect("GET", OPERATION, answer=DONE)
    expect_absent(session)
    result = run(state="absent", allow_delete=True, deletion_protection=False)
    assert len(result["actions"]) == 2
    assert result["state"] is None
    assert result["diff"]["after"] == {}


def test_an_instance_that_is_gone_already_is_deleted(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance({"deletionProtectionEnabled": False}))
    session.expect("DELETE", INSTANCE, error=requests.exceptions.ConnectionError("reset"))
    session.expect("DELETE", INSTANCE, status=409, answer=BUSY)
    session.expect("DELETE", INSTANCE, status=404, answer=INSTANCE_MISSING)
    expect_absent(session)
    assert run(state="absent", allow_delete=True)["changed"] is True


def test_a_missing_permission_to_delete_is_named(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance({"deletionProtectionEnabled": False}))
    session.expect("DELETE", INSTANCE, status=403, answer=NOT_AUTHORIZED)
    assert "cloudsql.instances.delete" in run(state="absent", allow_delete=True)["msg"]
