# SPDX-License-Identifier: GPL-3.0-or-later
"""A replication slot in states that a test server does not come into, without a server."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.replication_slot import Observed, ReplicationSlot
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.slots import Slot, left_unread
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import ReconcileError

PARAMS: dict[str, t.Any] = {
    "login_host": "10.0.0.3",
    "login_port": 5432,
    "login_user": "debezium_shop",
    "login_password": "secret",
    "login_db": "shop",
    "ssl_mode": "verify-ca",
    "ca_certificate": "PEM",
    "connect_timeout": 10,
    "server_exists": True,
    "login_exists": True,
    "name": "debezium_shop",
    "plugin": "pgoutput",
    "state": "present",
}
SLOT = Slot("debezium_shop", "shop", "pgoutput", False, None, "reserved", "0/1", 1, True, 2)


def plan(slot: Slot | None, check: bool = False, wal_level: str = "logical", **changes: t.Any) -> t.Any:
    return ReplicationSlot.from_params({**PARAMS, **changes}, check).plan(Observed(slot, True, wal_level))


@pytest.mark.parametrize(
    ("status", "said"),
    [("lost", "can never be read again. Drop it; Debezium then needs a new snapshot."), ("unreserved", "is about to be lost")],
)
def test_a_slot_that_is_lost_or_about_to_be_is_told(status: str, said: str) -> None:
    found = plan(replace(SLOT, wal_status=status))
    assert (found.actions, [said in warning for warning in found.warnings]) == ((), [True])
    assert plan(replace(SLOT, wal_status="extended")).warnings == ()


def test_a_lost_slot_can_be_dropped() -> None:
    (action,) = plan(replace(SLOT, wal_status="lost", confirmed_flush_lsn=None, lag_bytes=None), state="absent").actions
    assert [statement.as_string(None) for statement in action.statements] == ["SELECT pg_drop_replication_slot('debezium_shop')"]


def test_without_logical_decoding_creation_is_refused_and_in_check_mode_told() -> None:
    with pytest.raises(ReconcileError, match=r"cloudsql\.logical_decoding"):
        plan(None, wal_level="replica")
    assert "cloudsql.logical_decoding" in plan(None, check=True, wal_level="replica").warnings[0]


def test_slots_that_debezium_reads_in_a_database_are_those_with_its_plugin() -> None:
    slots = (
        SLOT,
        replace(SLOT, name="active", active=True, reader="debezium_web"),
        replace(SLOT, name="elsewhere", database="other"),
        replace(SLOT, name="wal2json", plugin="wal2json"),
        replace(SLOT, name="standby", database=None, plugin=None),
    )
    assert left_unread(slots, "shop", ()) == ["debezium_shop", "active"]
    assert left_unread(slots, "shop", ("active",)) == ["debezium_shop"]
