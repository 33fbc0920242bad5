# SPDX-License-Identifier: GPL-3.0-or-later
"""sql_instance: each request of a run, in order, for every situation."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.modules import sql_instance
from sql_answers import API, BUSY, DONE, INSTANCE, INSTANCE_MISSING, NOT_AUTHORIZED, PENDING, PROJECT, STALE, connect, instance

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
    return lambda check=False, **options: run_module(sql_instance, check=check, **{**WANTED, **options})


def expect_absent(session: t.Any) -> None:
    session.expect("GET", INSTANCE, status=404, answer=INSTANCE_MISSING)


def expect_peering(session: t.Any, answer: t.Any) -> None:
    session.expect("GET", "https://cloudresourcemanager.googleapis.com/v3/projects/demo", answer={"name": "projects/42"})
    session.expect("GET", CONNECTIONS, query=NETWORK_QUERY, answer=answer)


def patch(session: t.Any, settings: dict[str, t.Any], **rest: t.Any) -> None:
    session.expect("PATCH", INSTANCE, body={"settings": {"settingsVersion": "1", **settings}}, **{"answer": DONE, **rest})


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
    patch(session, labels)
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


# Reading


def test_403_means_absent_when_the_list_works_and_lacks_it(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, status=403, answer=NOT_AUTHORIZED)
    session.expect("GET", f"{PROJECT}/instances", answer={"items": [{"name": "other"}], "nextPageToken": "2"})
    session.expect("GET", f"{PROJECT}/instances", query={"pageToken": "2"}, answer={})
    assert run(check=True)["actions"] == ["create instance shop"]


def test_403_for_the_list_too_names_the_permission(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, status=403, answer=NOT_AUTHORIZED)
    session.expect("GET", f"{PROJECT}/instances", status=403, answer=NOT_AUTHORIZED)
    result = run()
    assert "needs the permission cloudsql.instances.list in project demo" in result["msg"]


def test_403_although_the_list_has_it_names_the_permission_to_read(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, status=403, answer=NOT_AUTHORIZED)
    session.expect("GET", f"{PROJECT}/instances", answer={"items": [{"name": "shop"}]})
    assert "cloudsql.instances.get" in run()["msg"]


def test_a_failed_instance_is_an_error(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance(state="FAILED"))
    assert "is in state FAILED" in run()["msg"]


# Changing


def test_nothing_named_but_the_region_changes_nothing(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance({"tier": "db-custom-8-30720", "deletionProtectionEnabled": False}))
    result = run()
    assert result["changed"] is False
    assert result["diff"]["before"] == result["diff"]["after"]


def test_what_is_there_already_changes_nothing(run: t.Any, session: t.Any) -> None:
    flags = [{"name": "cloudsql.logical_decoding", "value": "on"}, {"name": "max_wal_senders", "value": "20"}]
    there = {"databaseFlags": flags, "userLabels": {"team": "data"}, "maintenanceWindow": {"day": 7, "hour": 0}}
    session.expect("GET", INSTANCE, answer=instance({**there, "dataDiskSizeGb": "250"}))
    result = run(
        database_version="POSTGRES_16",
        edition="ENTERPRISE",
        tier="DB-custom-1-3840",
        disk_size_gb=10,
        disk_autoresize=True,
        disk_autoresize_limit_gb=0,
        backup={"enabled": True, "point_in_time_recovery": False, "retained_backups": 7},
        maintenance_window={"day": 7, "hour": 0},
        private_network="projects/demo/global/networks/default",
        public_ip=False,
        ssl_mode="ENCRYPTED_ONLY",
        labels={"team": "data"},
        database_flags={"cloudsql.logical_decoding": True, "max_wal_senders": 20},
        data_api=False,
        root_password="not compared",
    )
    assert result["changed"] is False


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ({"tier": "db-custom-2-7680"}, {"tier": "db-custom-2-7680"}),
        ({"activation_policy": "NEVER"}, {"activationPolicy": "NEVER"}),
        ({"availability_type": "REGIONAL"}, {"availabilityType": "REGIONAL"}),
        ({"disk_type": "PD_HDD"}, {"dataDiskType": "PD_HDD"}),
        ({"disk_size_gb": 50}, {"dataDiskSizeGb": "50"}),
        ({"disk_autoresize": False}, {"storageAutoResize": False}),
        ({"disk_autoresize_limit_gb": 500}, {"storageAutoResizeLimit": "500"}),
        ({"backup": {"enabled": False}}, {"backupConfiguration": {"enabled": False}}),
        ({"backup": {"start_time": "03:00"}}, {"backupConfiguration": {"startTime": "03:00"}}),
        ({"backup": {"point_in_time_recovery": True}}, {"backupConfiguration": {"pointInTimeRecoveryEnabled": True}}),
        ({"backup": {"transaction_log_retention_days": 3}}, {"backupConfiguration": {"transactionLogRetentionDays": 3}}),
        (
            {"backup": {"retained_backups": 14}},
            {"backupConfiguration": {"backupRetentionSettings": {"retainedBackups": 14, "retentionUnit": "COUNT"}}},
        ),
        ({"maintenance_window": {"day": 1, "hour": 0}}, {"maintenanceWindow": {"day": 1, "hour": 0}}),
        ({"public_ip": True}, {"ipConfiguration": {"ipv4Enabled": True}}),
        ({"ssl_mode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"}, {"ipConfiguration": {"sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"}}),
        (
            {"authorized_networks": {"192.0.2.0/24": "office"}},
            {"ipConfiguration": {"authorizedNetworks": [{"value": "192.0.2.0/24", "name": "office"}]}},
        ),
        ({"labels": {"team": "data"}}, {"userLabels": {"team": "data"}}),
        ({"deletion_protection": False}, {"deletionProtectionEnabled": False}),
        ({"data_api": True}, {"dataApiAccess": "ALLOW_DATA_API"}),
    ],
)
def test_one_field_changed_alone_sends_that_field_alone(
    run: t.Any, session: t.Any, options: dict[str, t.Any], settings: dict[str, t.Any]
) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    patch(session, settings)
    session.expect("GET", INSTANCE, answer=instance())
    result = run(**options)
    assert result["actions"] == [f"change {next(iter(options))} of instance shop"]
    assert result["diff"]["before"] != result["diff"]["after"]


def flags_of(*items: tuple[str, str]) -> dict[str, t.Any]:
    return {"databaseFlags": [{"name": name, "value": value} for name, value in items]}


def expect_flag_list(session: t.Any) -> None:
    items = [{"name": "cloudsql.logical_decoding", "requiresRestart": True}, {"name": "log_min_duration_statement"}]
    session.expect("GET", f"{API}/flags", query={"databaseVersion": "POSTGRES_16"}, answer={"items": items})


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"database_flags": {"a": 1}}, (("a", "1"), ("other", "x"))),
        ({"database_flags": {"a": 1}, "database_flags_exact": True}, (("a", "1"),)),
        ({"database_flags": {}, "database_flags_exact": True}, ()),
        ({"database_flags": {"other": None}}, ()),
        ({"database_flags": {"other": False}}, (("other", "off"),)),
    ],
)
def test_flags_are_merged_and_sent_whole(run: t.Any, session: t.Any, options: t.Any, sent: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance(flags_of(("other", "x"))))
    expect_flag_list(session)
    patch(session, flags_of(*sent))
    session.expect("GET", INSTANCE, answer=instance(flags_of(*sent)))
    assert run(**options)["database_flags"] == dict(sent)


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"labels": {"a": "2"}}, {"a": "2"}),
        ({"labels": {"b": "1"}, "labels_exact": True}, {"b": "1", "a": None, "z": None}),
        ({"labels": {"z": None}}, {"z": None}),
    ],
)
def test_labels_are_merged_and_a_removed_one_is_null(run: t.Any, session: t.Any, options: t.Any, sent: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance({"userLabels": {"a": "1", "z": "1"}}))
    patch(session, {"userLabels": sent})
    session.expect("GET", INSTANCE, answer=instance())
    assert run(**options)["changed"] is True


def test_an_authorised_network_of_somebody_else_keeps_its_expiry(run: t.Any, session: t.Any) -> None:
    theirs = {"value": "198.51.100.1/32", "name": "theirs", "expirationTime": "2027-01-01T00:00:00Z"}
    network = {**instance()["settings"]["ipConfiguration"], "authorizedNetworks": [{**theirs, "kind": "sql#aclEntry"}]}
    session.expect("GET", INSTANCE, answer=instance({"ipConfiguration": network}))
    patch(session, {"ipConfiguration": {"authorizedNetworks": [{"value": "192.0.2.0/24", "name": "office"}, theirs]}})
    session.expect("GET", INSTANCE, answer=instance())
    assert run(authorized_networks={"192.0.2.0/24": "office"})["changed"] is True


@pytest.mark.parametrize("check", [True, False])
def test_a_restart_is_announced(run: t.Any, session: t.Any, check: bool) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    expect_flag_list(session)
    if not check:
        session.expect(
            "PATCH",
            INSTANCE,
            body={"settings": {"settingsVersion": "1", "tier": "db-custom-2-7680", **flags_of(("cloudsql.logical_decoding", "on"))}},
            answer=DONE,
        )
        there = flags_of(("cloudsql.logical_decoding", "on"))
        session.expect("GET", INSTANCE, answer=instance({"tier": "db-custom-2-7680", **there}))
    result = run(check=check, tier="db-custom-2-7680", database_flags={"cloudsql.logical_decoding": True})
    assert result["changed"] is True
    assert result["warnings"] == [
        "This restarts instance shop (changes of tier, flag cloudsql.logical_decoding): its sessions end, and it takes no connections"
        " for a while."
    ]


def test_a_restart_can_be_refused(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    assert "restart=refuse" in run(check=True, tier="db-custom-2-7680", restart="refuse")["msg"]


def test_a_flag_that_restarts_nothing_is_not_refused(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    expect_flag_list(session)
    result = run(check=True, database_flags={"log_min_duration_statement": 500}, restart="refuse")
    assert (result["changed"], result["warnings"]) == (True, [])


def test_a_stopped_instance_is_not_restarted(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance({"activationPolicy": "NEVER"}))
    assert run(check=True, tier="db-custom-2-7680", restart="refuse")["warnings"] == []


def test_an_instance_that_is_started_and_changed_is_restarted(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance({"activationPolicy": "NEVER"}))
    assert "restart=refuse" in run(activation_policy="ALWAYS", tier="db-custom-2-7680", restart="refuse")["msg"]


def test_changes_that_go_alone_go_alone_and_in_order(run: t.Any, session: t.Any) -> None:
    plus = {"edition": "ENTERPRISE_PLUS", "tier": "db-perf-optimized-N-2"}
    session.expect("GET", INSTANCE, answer=instance({"activationPolicy": "NEVER"}, databaseVersion="POSTGRES_15"))
    patch(session, {"activationPolicy": "ALWAYS"})
    session.expect("GET", INSTANCE, answer=instance({"settingsVersion": "9"}, databaseVersion="POSTGRES_15"))
    session.expect("PATCH", INSTANCE, body={"databaseVersion": "POSTGRES_16", "settings": {"settingsVersion": "9"}}, answer=DONE)
    session.expect("GET", INSTANCE, answer=instance({"settingsVersion": "17"}))
    session.expect("PATCH", INSTANCE, body={"settings": {**plus, "settingsVersion": "17"}}, answer=DONE)
    session.expect("GET", INSTANCE, answer=instance({**plus, "settingsVersion": "25"}))
    session.expect("PATCH", INSTANCE, body={"settings": {"dataDiskSizeGb": "50", "settingsVersion": "25"}}, answer=DONE)
    session.expect("GET", INSTANCE, answer=instance())
    options = {"activation_policy": "ALWAYS", "database_version": "POSTGRES_16", "allow_major_upgrade": True, "disk_size_gb": 50}
    result = run(edition="ENTERPRISE_PLUS", tier="db-perf-optimized-N-2", **options)
    assert result["actions"] == [
        "change activation_policy of instance shop",
        "change database_version of instance shop",
        "change edition, tier of instance shop",
        "change disk_size_gb of instance shop",
    ]


# Races


def test_a_lost_race_is_read_and_planned_again_so_that_no_flag_is_lost(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    expect_flag_list(session)
    patch(session, flags_of(("a", "1")), status=412, answer=STALE)
    session.expect("GET", INSTANCE, answer=instance({**flags_of(("theirs", "x")), "settingsVersion": "2"}))
    expect_flag_list(session)
    both = flags_of(("a", "1"), ("theirs", "x"))
    session.expect("PATCH", INSTANCE, body={"settings": {"settingsVersion": "2", **both}}, answer=DONE)
    session.expect("GET", INSTANCE, answer=instance(both))
    assert run(database_flags={"a": 1})["database_flags"] == {"a": "1", "theirs": "x"}


def test_a_lost_race_that_made_the_change_needless_ends_it(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    patch(session, {"dataDiskSizeGb": "50"}, status=412, answer=STALE)
    session.expect("GET", INSTANCE, answer=instance({"dataDiskSizeGb": "50"}))
    session.expect("GET", INSTANCE, answer=instance({"dataDiskSizeGb": "50"}))
    assert run(disk_size_gb=50)["changed"] is True


def test_races_lost_for_ever_end_in_an_error(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    for _ in range(5):
        patch(session, {"dataDiskSizeGb": "50"}, status=412, answer=STALE)
        session.expect("GET", INSTANCE, answer=instance())
    assert "Somebody else keeps changing instance shop" in run(disk_size_gb=50)["msg"]


def test_somebody_elses_operation_is_waited_for(run: t.Any, session: t.Any, clock: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    patch(session, {"dataDiskSizeGb": "50"}, status=409, answer=BUSY)
    patch(session, {"dataDiskSizeGb": "50"})
    session.expect("GET", INSTANCE, answer=instance())
    assert run(disk_size_gb=50)["changed"] is True
    assert len(clock.slept) == 1


def test_somebody_elses_operation_is_not_waited_for_longer_than_the_timeout(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    for _ in range(9):
        patch(session, {"dataDiskSizeGb": "50"}, status=409, answer=BUSY)
    result = run(disk_size_gb=50, timeout=3, poll_interval=1)
    session.expected.clear()
    assert "for another operation on the instance to end" in result["msg"]


# What cannot be


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"region": "us-central1"}, "cannot be moved to us-central1"),
        ({"database_version": "POSTGRES_15"}, "cannot go back to an older version"),
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
        ({"database_version": "MYSQL_8_0"}, "PostgreSQL only"),
        ({"private_network": "regions/x/y"}, "private_network must be"),
        ({"poll_interval": 0}, "poll_interval is in seconds"),
        ({"maintenance_window": {"day": 8, "hour": 1}}, "value of day must be one of"),
    ],
)
def test_bad_input_makes_no_request(run: t.Any, options: t.Any, words: str) -> None:
    assert words in run(**options)["msg"]


def test_a_region_is_needed(run_module: t.Any) -> None:
    assert "region" in run_module(sql_instance, project="demo", name="shop")["msg"]


def test_a_region_that_is_null_is_not_the_servers_default(run: t.Any, session: t.Any) -> None:
    expect_absent(session)
    assert "name the region" in run(region=None)["msg"]


def test_a_tier_of_the_other_edition_is_named_before_creation(run: t.Any, session: t.Any) -> None:
    expect_absent(session)
    assert "does not take tier db-custom-1-3840" in run(edition="ENTERPRISE_PLUS")["msg"]


def test_postgresql_17_is_warned_of(run: t.Any, session: t.Any) -> None:
    expect_absent(session)
    warnings = run(check=True, database_version="POSTGRES_17")["warnings"]
    assert any("dbz#76" in warning for warning in warnings)


# Deleting


def test_absent_and_not_there_changes_nothing(run: t.Any, session: t.Any) -> None:
    expect_absent(session)
    assert run(state="absent")["changed"] is False


def test_deleting_needs_its_option(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    assert "allow_delete=true" in run(state="absent")["msg"]


def test_a_protected_instance_is_not_deleted(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    assert "protected against deletion" in run(state="absent", allow_delete=True)["msg"]


def test_protection_goes_first_when_that_is_said_in_the_same_task(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    patch(session, {"deletionProtectionEnabled": False})
    session.expect("DELETE", INSTANCE, answer=PENDING)
    session.expect("GET", OPERATION, answer=DONE)
    expect_absent(session)
    result = run(state="absent", allow_delete=True, deletion_protection=False)
    assert len(result["actions"]) == 2
    assert result["state"] is None
    assert result["diff"]["after"] == {}


def test_a_missing_permission_to_delete_is_named(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance({"deletionProtectionEnabled": False}))
    session.expect("DELETE", INSTANCE, status=403, answer=NOT_AUTHORIZED)
    assert "cloudsql.instances.delete" in run(state="absent", allow_delete=True)["msg"]
