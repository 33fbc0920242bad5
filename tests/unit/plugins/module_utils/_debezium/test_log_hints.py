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
    ],
)
def test_a_known_log_line_has_a_meaning(line: str, meaning: str) -> None:
    assert meaning in str(hint(["INFO up", line, "INFO stopped"]))


def test_an_unknown_log_has_none() -> None:
    assert hint(["INFO up"]) is None
