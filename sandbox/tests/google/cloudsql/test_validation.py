"""What Cloud SQL refuses in the settings of an instance, before anything is made."""

from __future__ import annotations

from typing import Any

import pytest
from cdc_sandbox.google.cloudsql.defaults import complete_settings
from cdc_sandbox.google.cloudsql.validation import check_settings
from cdc_sandbox.google.errors import ApiError
from cloudsql_client import INSTANCES, body, refused
from standin_client import StandIn

SMALL: dict[str, Any] = {"edition": "ENTERPRISE", "tier": "db-custom-1-3840"}


def check(settings: dict[str, Any]) -> None:
    """Complete settings as the server does, and check them."""
    check_settings(complete_settings({**SMALL, **settings}, "POSTGRES_16", "europe-west1"))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"userLabels": {"Bad Key!": "x"}}, "Bad Key!"),
        ({"userLabels": {"Team": "x"}}, "Team"),
        ({"userLabels": {"team": "Data"}}, "Data"),
        ({"userLabels": {"1team": "x"}}, "1team"),
        ({"userLabels": {"team": "x" * 64}}, "x" * 64),
        ({"userLabels": {f"key-{number}": "" for number in range(65)}}, "65"),
        ({"backupConfiguration": {"startTime": "25:99"}}, "25:99"),
        ({"backupConfiguration": {"startTime": "3:00"}}, "3:00"),
        ({"ipConfiguration": {"authorizedNetworks": [{"value": "not-a-network"}]}}, "not-a-network"),
        ({"ipConfiguration": {"authorizedNetworks": [{"value": "192.0.2.0/33"}]}}, "192.0.2.0/33"),
        ({"ipConfiguration": {"authorizedNetworks": [{"value": "192.0.2.1/24"}]}}, "192.0.2.1/24"),
        ({"ipConfiguration": {"authorizedNetworks": [{"value": "10.0.0.0/8"}]}}, "10.0.0.0/8"),
        ({"ipConfiguration": {"authorizedNetworks": [{"name": "office"}]}}, "()"),
        ({"dataDiskSizeGb": "1000000000"}, "65536 GB"),
        ({"dataDiskSizeGb": "3063", "tier": "db-f1-micro"}, "3062 GB"),
        ({"maintenanceWindow": {"day": 8, "hour": 3}}, "day"),
        ({"maintenanceWindow": {"day": 1, "hour": 24}}, "hour"),
    ],
)
def test_settings_that_are_refused(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ApiError) as caught:
        check(settings)
    assert (caught.value.code, caught.value.reason) == (400, "invalid")
    assert named in caught.value.message


@pytest.mark.parametrize(
    "settings",
    [
        {"userLabels": {"team": "", "größe": "größer", "goog-terraform-provisioned": "true", "a" * 63: "1_-"}},
        {"backupConfiguration": {"startTime": "23:59"}},
        {"ipConfiguration": {"authorizedNetworks": [{"value": "0.0.0.0/0"}, {"value": "192.0.2.7"}, {"value": "198.51.100.0/24"}]}},
        {"dataDiskSizeGb": "65536"},
        {"maintenanceWindow": {"day": 1, "hour": 0}},
    ],
)
def test_settings_that_are_taken(settings: dict[str, Any]) -> None:
    check(settings)


@pytest.mark.parametrize("network", ["projects/somebody-elses/global/networks/default", "projects/99999/global/networks/default"])
def test_a_network_of_a_project_without_private_services_access(standin: StandIn, network: str) -> None:
    settings = {"ipConfiguration": {"ipv4Enabled": False, "privateNetwork": network}}
    status, reason, message = refused(standin.call("POST", INSTANCES, body("foreign", **settings)))
    assert (status, reason) == (400, "invalid")
    assert message.startswith("Invalid request: Incorrect Service Networking config for instance: demo-project:foreign:")


def test_a_maintenance_window_has_a_track_only_if_one_was_sent() -> None:
    window = complete_settings({**SMALL, "maintenanceWindow": {"day": 7, "hour": 3}}, "POSTGRES_16", "europe-west1")["maintenanceWindow"]
    assert window == {"kind": "sql#maintenanceWindow", "day": 7, "hour": 3}
