# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees of objects: no noise, no secret."""

from __future__ import annotations

import typing as t

import pytest
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
