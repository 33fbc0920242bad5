# SPDX-License-Identifier: GPL-3.0-or-later
"""What the last log lines of Debezium Server mean."""

from __future__ import annotations

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.log_hints import hint


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("io.grpc.StatusRuntimeException: PERMISSION_DENIED: User not authorized", "roles/pubsub.publisher"),
        ('FATAL: password authentication failed for user "cdc"', "compare the database Secret"),
        ("NOT_FOUND: Resource not found (resource=demo-cdc).", "topic that the server publishes to does not exist"),
        ("ERROR: permission denied for table orders", "lacks USAGE on a schema or SELECT"),
        ('ERROR: replication slot "demo" is active for PID 7', "Another process reads the replication slot"),
        ("SRCFG00014: The config property debezium.sink.type is required", "lacks a property"),
        ("java.lang.OutOfMemoryError: Java heap space", "more memory"),
        ('ERROR: publication "dbz" does not exist', "publication does not exist"),
        ("INVALID_ARGUMENT: Request payload size exceeds the limit: 10485760 bytes.", "debezium_k8s_oversized_events"),
        ("INVALID_ARGUMENT: The value for ordering_key is too long. You passed 1032", "debezium.source.message.key.columns"),
        ("INVALID_ARGUMENT: The value for ordering_key_size is too large. You passed 1032", "debezium.source.message.key.columns"),
        ('ERROR: replication slot "debezium_shop" already exists', "another cdc_slot_name"),
        ("Cannot obtain valid replication slot 'a' for plugin 'pgoutput' and database 'b' [during attempt 1 out of 900", "wal_status lost"),
        ("io.debezium.DebeziumException: java.util.concurrent.TimeoutException", "Pub/Sub did not accept a batch"),
        ("Snapshotting of table public.Orders failed", "SELECT on it"),
        (
            'ERROR: publication "dbz" does not exist\n  Where: slot "a", plugin "pgoutput", in the change callback',
            "The publication was dropped while the slot stood",
        ),
        ("Saved offset is no longer available on the server. Reconfigure the connector to use a snapshot", "cdc_recovery: resnapshot"),
    ],
)
def test_a_known_log_line_has_a_meaning(line: str, meaning: str) -> None:
    assert meaning in str(hint(["INFO up", *line.splitlines(), "INFO stopped"]))


def test_a_missing_privilege_is_told_from_its_cause_not_from_the_snapshot_that_failed() -> None:
    assert "lacks USAGE" in str(hint(["Snapshotting of table public.orders failed", "ERROR: permission denied for table orders"]))


def test_an_unknown_log_has_none() -> None:
    assert hint(["INFO up"]) is None
