# SPDX-License-Identifier: GPL-3.0-or-later
"""Log lines that a person may see: no secret, and the causes of an error in one line."""

from __future__ import annotations

import json

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.log import last_error, masked_lines


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("login of cdc with sesame failed", "login of cdc with (hidden) failed"),
        ("the expanded form is pa$word", "the expanded form is (hidden)"),
        ('{"database.password": "other", "a": 1}', '{"database.password": "(hidden)", "a": 1}'),
        ("connection.password=other, user=cdc", "connection.password=(hidden), user=cdc"),
        ("jdbc:postgresql://cdc:other@10.0.0.3/shop", "jdbc:postgresql://cdc:(hidden)@10.0.0.3/shop"),
        ('FATAL: password authentication failed for user "cdc"', 'FATAL: password authentication failed for user "cdc"'),
        ("x" * 1000, "x" * 400),
    ],
)
def test_log_lines_show_no_secret(line: str, shown: str) -> None:
    assert masked_lines([line], ["sesame", "pa\\$word", ""]) == [shown]


def test_a_json_line_tells_the_whole_chain_of_causes() -> None:
    cause = {"exception": {"exceptionType": "x.ConfigException", "message": "debezium.format.value is required"}}
    entry = {
        "level": "ERROR",
        "message": "Failed to start application",
        "exception": {"message": "Failed to start quarkus", "causedBy": cause},
    }
    lines = masked_lines([json.dumps(entry)], [])
    assert lines == ["ERROR Failed to start application <- Failed to start quarkus <- debezium.format.value is required"]
    assert last_error(["INFO up", *lines, "INFO stopped"]) == f"The last error in its log: {lines[0]}."
    assert last_error(["INFO up"]) is None
