# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of fields: what the API leaves out or writes as a string, and that both directions agree."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._cloudsql import fields
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput


def test_an_empty_instance_has_every_option() -> None:
    seen = fields.view({})
    assert seen["labels"] == seen["database_flags"] == seen["authorized_networks"] == {}
    assert seen["backup"]["point_in_time_recovery"] is False
    assert seen["disk_size_gb"] is None


def test_a_view_written_back_is_the_same_view() -> None:
    values: dict[str, t.Any] = {
        "database_version": "POSTGRES_16",
        "region": "europe-west1",
        "edition": "ENTERPRISE",
        "tier": "db-custom-1-3840",
        "activation_policy": "ALWAYS",
        "availability_type": "ZONAL",
        "disk_type": "PD_SSD",
        "disk_size_gb": 10,
        "disk_autoresize": False,
        "disk_autoresize_limit_gb": 0,
        "backup": {
            "enabled": True,
            "start_time": "12:00",
            "point_in_time_recovery": False,
            "transaction_log_retention_days": 7,
            "retained_backups": 7,
        },
        "maintenance_window": {"day": 7, "hour": 0, "update_track": "stable"},
        "private_network": "projects/demo/global/networks/default",
        "public_ip": False,
        "ssl_mode": "ENCRYPTED_ONLY",
        "authorized_networks": {"192.0.2.0/24": "office", "198.51.100.1/32": ""},
        "labels": {"team": "data"},
        "database_flags": {"cloudsql.logical_decoding": "on"},
        "deletion_protection": True,
        "data_api": False,
    }
    assert fields.view(fields.body(values)) == values


def test_int64_is_a_string_for_the_api() -> None:
    assert fields.body({"disk_size_gb": 10}) == {"settings": {"dataDiskSizeGb": "10"}}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("default", "projects/demo/global/networks/default"),
        ("projects/host/global/networks/shared", "projects/host/global/networks/shared"),
        ("https://compute.googleapis.com/compute/v1/projects/p/global/networks/n", "projects/p/global/networks/n"),
        ("https://www.googleapis.com/compute/v1/projects/p/global/networks/n", "projects/p/global/networks/n"),
    ],
)
def test_a_network_in_any_of_its_forms(given: str, path: str) -> None:
    assert fields.network_path(given, "demo") == path


@pytest.mark.parametrize(("given", "sent"), [(True, "on"), (False, "off"), (20, "20"), (0.5, "0.5"), ("on", "on"), (0, "0")])
def test_a_flag_is_always_text(given: t.Any, sent: str) -> None:
    assert fields.flag_value(given) == sent


@pytest.mark.parametrize(("version", "major"), [("POSTGRES_16", 16), ("POSTGRES_9_6", 9), ("POSTGRES_18", 18)])
def test_major_version(version: str, major: int) -> None:
    assert fields.major_version(version) == major


def test_another_database_is_refused() -> None:
    with pytest.raises(InvalidInput):
        fields.major_version("MYSQL_8_0")
