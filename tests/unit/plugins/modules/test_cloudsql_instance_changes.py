# SPDX-License-Identifier: GPL-3.0-or-later
"""cloudsql_instance on an instance that is there: each field alone, shared maps, restarts, order of requests, and lost races."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.modules import cloudsql_instance
from cloudsql_answers import API, BUSY, DONE, INSTANCE, PROJECT, STALE, connect, expect_patch, instance, unchanged

WANTED = {"project": "demo", "name": "shop", "region": "europe-west1"}
OPERATION = f"{PROJECT}/operations/op"


@pytest.fixture(autouse=True)
def _server(monkeypatch: pytest.MonkeyPatch, session: t.Any, clock: t.Any) -> None:
    connect(monkeypatch, session, clock)


@pytest.fixture
def run(run_module: t.Any) -> t.Any:
    """The module with WANTED and further options."""
    return lambda check=False, **options: run_module(cloudsql_instance, check=check, **{**WANTED, **options})


def test_nothing_named_but_the_region_changes_nothing(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance({"tier": "db-custom-8-30720", "deletionProtectionEnabled": False}))
    result = run()
    assert unchanged(result)
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
    assert unchanged(result)


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
    expect_patch(session, settings)
    session.expect("GET", INSTANCE, answer=instance())
    result = run(restart="allow", **options)
    restarts = " (restarts the instance)" if "tier" in options else ""
    assert result["actions"] == [f"change {next(iter(options))} of instance shop{restarts}"]
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
    expect_patch(session, flags_of(*sent))
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
    expect_patch(session, {"userLabels": sent})
    session.expect("GET", INSTANCE, answer=instance())
    assert run(**options)["changed"] is True


def test_an_authorised_network_of_somebody_else_keeps_its_expiry(run: t.Any, session: t.Any) -> None:
    theirs = {"value": "198.51.100.1/32", "name": "theirs", "expirationTime": "2027-01-01T00:00:00Z"}
    network = {**instance()["settings"]["ipConfiguration"], "authorizedNetworks": [{**theirs, "kind": "sql#aclEntry"}]}
    session.expect("GET", INSTANCE, answer=instance({"ipConfiguration": network}))
    expect_patch(session, {"ipConfiguration": {"authorizedNetworks": [{"value": "192.0.2.0/24", "name": "office"}, theirs]}})
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
    result = run(check=check, tier="db-custom-2-7680", database_flags={"cloudsql.logical_decoding": True}, restart="allow")
    assert result["actions"] == ["change database_flags, tier of instance shop (restarts the instance)"]
    assert result["warnings"] == [
        "This restarts instance shop (changes of tier, flag cloudsql.logical_decoding): its sessions end, and it is unavailable"
        " for a while."
    ]


@pytest.mark.parametrize("check", [True, False])
def test_a_restart_is_refused_with_every_reason_unless_it_is_allowed(run: t.Any, session: t.Any, check: bool) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    expect_flag_list(session)
    result = run(check=check, tier="db-custom-2-7680", database_flags={"cloudsql.logical_decoding": True, "log_min_duration_statement": 1})
    assert (result["failed"], result["changed"]) == (True, False)
    assert "would restart instance shop (changes of tier, flag cloudsql.logical_decoding): its sessions would end" in result["msg"]
    assert "Set restart=allow (cloudsql_restart: allow of a pipeline)" in result["msg"]


def test_a_flag_that_restarts_nothing_is_not_refused(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    expect_flag_list(session)
    result = run(check=True, database_flags={"log_min_duration_statement": 500})
    assert (result["changed"], result["warnings"]) == (True, [])


def test_a_stopped_instance_is_not_restarted(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance({"activationPolicy": "NEVER"}))
    assert run(check=True, tier="db-custom-2-7680")["actions"] == ["change tier of instance shop"]


def test_an_instance_that_is_started_and_changed_is_restarted(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance({"activationPolicy": "NEVER"}))
    assert "would restart instance shop (changes of tier)" in run(activation_policy="ALWAYS", tier="db-custom-2-7680")["msg"]


def test_changes_that_go_alone_go_alone_and_in_order(run: t.Any, session: t.Any) -> None:
    plus = {"edition": "ENTERPRISE_PLUS", "tier": "db-perf-optimized-N-2"}
    session.expect("GET", INSTANCE, answer=instance({"activationPolicy": "NEVER"}, databaseVersion="POSTGRES_15"))
    expect_patch(session, {"activationPolicy": "ALWAYS"})
    session.expect("GET", INSTANCE, answer=instance({"settingsVersion": "9"}, databaseVersion="POSTGRES_15"))
    session.expect("PATCH", INSTANCE, body={"databaseVersion": "POSTGRES_16", "settings": {"settingsVersion": "9"}}, answer=DONE)
    session.expect("GET", INSTANCE, answer=instance({"settingsVersion": "17"}))
    session.expect("PATCH", INSTANCE, body={"settings": {**plus, "settingsVersion": "17"}}, answer=DONE)
    session.expect("GET", INSTANCE, answer=instance({**plus, "settingsVersion": "25"}))
    session.expect("PATCH", INSTANCE, body={"settings": {"dataDiskSizeGb": "50", "settingsVersion": "25"}}, answer=DONE)
    session.expect("GET", INSTANCE, answer=instance())
    options = {"activation_policy": "ALWAYS", "database_version": "POSTGRES_16", "allow_major_upgrade": True, "disk_size_gb": 50}
    result = run(edition="ENTERPRISE_PLUS", tier="db-perf-optimized-N-2", restart="allow", **options)
    assert result["actions"] == [
        "change activation_policy of instance shop",
        "change database_version of instance shop (restarts the instance)",
        "change edition, tier of instance shop (restarts the instance)",
        "change disk_size_gb of instance shop",
    ]


# Races


def expect_operations(session: t.Any, status: str) -> None:
    answer = {"items": [{**DONE, "status": status}, DONE]}
    session.expect("GET", f"{PROJECT}/operations", query={"instance": "shop", "maxResults": 20}, answer=answer)


def test_a_lost_race_is_read_and_planned_again_so_that_no_flag_is_lost(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    expect_flag_list(session)
    expect_patch(session, flags_of(("a", "1")), status=412, answer=STALE)
    expect_operations(session, "RUNNING")
    session.expect("GET", OPERATION, answer=DONE)
    session.expect("GET", INSTANCE, answer=instance({**flags_of(("theirs", "x")), "settingsVersion": "2"}))
    expect_flag_list(session)
    both = flags_of(("a", "1"), ("theirs", "x"))
    session.expect("PATCH", INSTANCE, body={"settings": {"settingsVersion": "2", **both}}, answer=DONE)
    session.expect("GET", INSTANCE, answer=instance(both))
    assert run(database_flags={"a": 1})["database_flags"] == {"a": "1", "theirs": "x"}


def test_a_lost_race_that_made_the_change_needless_ends_it(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    expect_patch(session, {"dataDiskSizeGb": "50"}, status=412, answer=STALE)
    expect_operations(session, "DONE")
    session.expect("GET", INSTANCE, answer=instance({"dataDiskSizeGb": "50"}))
    session.expect("GET", INSTANCE, answer=instance({"dataDiskSizeGb": "50"}))
    assert run(disk_size_gb=50)["changed"] is True


def test_races_lost_for_ever_end_in_an_error(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    for _ in range(5):
        expect_patch(session, {"dataDiskSizeGb": "50"}, status=412, answer=STALE)
        expect_operations(session, "DONE")
        session.expect("GET", INSTANCE, answer=instance())
    assert "Another client keeps changing instance shop" in run(disk_size_gb=50)["msg"]


def test_somebody_elses_operation_is_waited_for(run: t.Any, session: t.Any, clock: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    expect_patch(session, {"dataDiskSizeGb": "50"}, status=409, answer=BUSY)
    expect_patch(session, {"dataDiskSizeGb": "50"})
    session.expect("GET", INSTANCE, answer=instance())
    assert run(disk_size_gb=50)["changed"] is True
    assert len(clock.slept) == 1


def test_somebody_elses_operation_is_not_waited_for_longer_than_the_timeout(run: t.Any, session: t.Any) -> None:
    session.expect("GET", INSTANCE, answer=instance())
    for _ in range(9):
        expect_patch(session, {"dataDiskSizeGb": "50"}, status=409, answer=BUSY)
    result = run(disk_size_gb=50, timeout=3, poll_interval=1)
    session.expected.clear()
    assert "for another operation on the instance to end" in result["msg"]
