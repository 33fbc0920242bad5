# SPDX-License-Identifier: GPL-3.0-or-later
"""The Cloud SQL modules under transient faults: slow, unknown and colliding operations, lost answers, looks of absence."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.modules import cloudsql_database, cloudsql_instance, cloudsql_user

from .conftest import Cloud

INSTANCE: dict[str, t.Any] = {
    "region": "europe-west1",
    "database_version": "POSTGRES_16",
    "edition": "ENTERPRISE",
    "tier": "db-custom-1-3840",
    "public_ip": True,
    "poll_interval": 1,
}


@pytest.fixture(scope="module")
def made() -> dict[str, t.Any]:
    """What `instance` fills in once."""
    return {}


@pytest.fixture
def instance(cloud: Cloud, made: dict[str, t.Any]) -> str:
    """Name of an instance for all tests.  Its insert's answer is lost, and its operation is slow and not found at first."""
    if not made:
        cloud.fault("connection_reset", method="sql.instances.insert")
        cloud.fault("operation_slow", options={"polls": 2})
        cloud.fault("operation_unknown", options={"reads": 2})
        made.update(cloud.good(cloudsql_instance, name="orders", **INSTANCE))
        assert made["changed"]
    return "orders"


def test_an_instance_whose_inserts_answer_was_lost_is_made_once(cloud: Cloud, instance: str) -> None:
    assert not cloud.good(cloudsql_instance, name=instance, **INSTANCE)["changed"]


def test_a_missing_instance_that_looks_forbidden(cloud: Cloud) -> None:
    cloud.fault("missing_instance_forbidden", count=-1)
    result = cloud.module(cloudsql_instance, name="absent", state="absent")
    assert result.get("failed") is not True, result["msg"]
    assert not result["changed"]


def test_somebody_elses_operation_is_waited_for(cloud: Cloud, instance: str) -> None:
    cloud.fault("operation_in_progress", count=2)
    wanted = {"name": instance, **INSTANCE, "labels": {"team": "data"}}
    assert cloud.good(cloudsql_instance, **wanted)["changed"]
    assert not cloud.good(cloudsql_instance, **wanted)["changed"]


def test_users_and_databases_whose_operations_are_slow(cloud: Cloud, instance: str) -> None:
    cloud.fault("operation_slow", count=2, options={"polls": 2})
    cloud.fault("operation_in_progress", method="sql.users.insert")
    assert cloud.good(cloudsql_user, instance=instance, name="app", password="made-up")["changed"]
    assert cloud.good(cloudsql_database, instance=instance, name="shop")["changed"]
    assert not cloud.good(cloudsql_database, instance=instance, name="shop")["changed"]


def test_a_databases_creation_whose_answer_was_lost(cloud: Cloud, instance: str) -> None:
    cloud.fault("connection_reset", method="sql.databases.insert")
    cloud.good(cloudsql_database, instance=instance, name="lost")
    assert not cloud.good(cloudsql_database, instance=instance, name="lost")["changed"]


def test_an_operation_that_fails_says_why(cloud: Cloud, instance: str) -> None:
    cloud.fault("operation_error", options={"code": "INTERNAL_ERROR", "message": "The disk is on fire."})
    result = cloud.module(cloudsql_instance, name=instance, **INSTANCE, labels={"team": "other"})
    assert result["failed"]
    assert "The disk is on fire." in result["msg"]


def test_a_quota_of_requests_that_is_used_up_is_waited_for(cloud: Cloud, instance: str) -> None:
    cloud.fault("quota_exceeded", count=2)
    assert not cloud.good(cloudsql_instance, name=instance, **INSTANCE)["changed"]
