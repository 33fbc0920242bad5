# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees of objects and logs: no noise, no secret."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.log import last_error, masked_lines
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.manifest import (
    LAST_APPLIED,
    checked,
    comparable,
    sha256,
    with_secret_data,
)
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.secret import Secret

SECRET: dict[str, t.Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop-db"}}


def test_a_secret_hides_its_values_and_kubectls_copy_of_them() -> None:
    metadata = {
        "name": "shop-db",
        "uid": "1",
        "resourceVersion": "5",
        "managedFields": [],
        "annotations": {LAST_APPLIED: "{secret}", "a": "b"},
    }
    found = comparable({**SECRET, "metadata": metadata, "data": {"password": "c2VjcmV0"}, "status": {"x": 1}})
    assert found == {**SECRET, "metadata": {"name": "shop-db", "annotations": {"a": "b"}}, "data": {"password": Secret("c2VjcmV0")}}


def test_the_sum_depends_on_keys_and_values_alone() -> None:
    one = with_secret_data(SECRET, {"user": "a", "password": "b"})
    assert sha256(one) == sha256({**with_secret_data(SECRET, {"password": "b", "user": "a"}), "metadata": {"name": "other"}})
    assert sha256(one) != sha256(with_secret_data(SECRET, {"user": "ab", "password": ""}))
    assert sha256(one) != sha256(with_secret_data(SECRET, {"user": "b", "password": "a"}))
    assert sha256({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "x"}}) is None


def test_a_secret_and_a_config_map_that_hold_the_same_have_the_same_sum() -> None:
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "ü"}}
    assert sha256(config_map) == sha256(with_secret_data(SECRET, {"a": "ü"}))


@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        ({"kind": "Secret", "metadata": {"name": "x"}}, "needs apiVersion"),
        ({"apiVersion": "v1", "metadata": {"name": "x"}}, "needs kind"),
        ({"apiVersion": "v1", "kind": "Secret"}, "needs metadata.name"),
        ({"apiVersion": "v1", "kind": "Secret", "metadata": {"generateName": "x"}}, "needs metadata.name"),
        ({**SECRET, "status": {}}, "must not have status"),
        ({**SECRET, "data": {"a": "Yg=="}}, "secret_data"),
        ({**SECRET, "stringData": {"a": "b"}}, "secret_data"),
    ],
)
def test_definitions_that_cannot_be_right(definition: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        checked(definition)


def test_secret_data_goes_with_a_secret_only() -> None:
    with pytest.raises(InvalidInput, match="not ConfigMap"):
        with_secret_data({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}, {"a": "b"})


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
