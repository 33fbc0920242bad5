# SPDX-License-Identifier: GPL-3.0-or-later
"""The release of Debezium decides about the query of the offsets, the probes and what is warned of."""

from __future__ import annotations

import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.deployment import deployment
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.options import SERVER_OPTIONS
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.properties import properties
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.version import image_version, release
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.warnings import warnings

from .test_properties import pipeline

SELECT = "debezium.source.offset.storage.jdbc.table.select"


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("quay.io/debezium/server:3.6.3.Final", "3.6.3.Final"),
        ("registry:5000/debezium/server:3.7.1.Final-company2", "3.7.1.Final-company2"),
        ("quay.io/debezium/server:3.7", "3.7"),
        ("quay.io/debezium/server:3.7.1.Final@sha256:0a1b", "3.7.1.Final"),
        ("quay.io/debezium/server@sha256:0a1b", None),
        ("registry:5000/debezium/server@sha256:0a1b", None),
        ("company/debezium:2026-11", None),
    ],
)
def test_the_version_is_read_from_the_tag(image: str, version: str | None) -> None:
    assert image_version(image) == version


@pytest.mark.parametrize(("version", "number"), [("3.6.3.Final", (3, 6)), ("3.10.0.Beta1", (3, 10)), ("v3.7", (3, 7)), (None, (3, 6))])
def test_a_version_that_is_not_known_is_taken_for_the_one_that_needs_more(version: str | None, number: tuple[int, int]) -> None:
    assert release(version) == number


@pytest.mark.parametrize(
    ("version", "offsets", "there"),
    [
        ("3.6.3.Final", "jdbc", True),
        (None, "jdbc", True),
        ("3.7.0.Final", "jdbc", False),
        ("3.10.0.Final", "jdbc", False),
        ("3.6.3.Final", "volume", False),
    ],
)
def test_the_query_that_saves_rows_of_a_copy_is_set_where_it_is_needed(version: str | None, offsets: str, there: bool) -> None:
    found = properties(pipeline(debezium_version=version, offsets=offsets))

    assert (SELECT in found) == there
    if there:
        assert "slot_name = 'debezium_demo'" in found[SELECT]
        assert found[SELECT].count("%") == found[SELECT].count("%s") == 1, "Debezium puts the table's name there with String.format"


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({}, "/q/health"),
        ({"image": "quay.io/debezium/server:3.7.1.Final"}, "/q/health/ready"),
        ({"image": "company/debezium@sha256:0a"}, "/q/health"),
        ({"image": "company/debezium@sha256:0a", "debezium_version": "3.7.1.Final"}, "/q/health/ready"),
    ],
)
def test_readiness_of_3_7_is_asked_where_it_means_that_the_server_polls(options: dict[str, t.Any], path: str) -> None:
    given = {"name": "a", "namespace": "b", "properties_secret": "c", "database_secret": "d", **options}
    result = ArgumentSpecValidator(SERVER_OPTIONS).validate(given)
    (server,) = deployment(result.validated_parameters)["spec"]["template"]["spec"]["containers"]

    assert server["readinessProbe"]["httpGet"]["path"] == path
    assert server["livenessProbe"]["httpGet"]["path"] == server["startupProbe"]["httpGet"]["path"] == "/q/health/live"


@pytest.mark.parametrize(
    ("changes", "database", "said"),
    [
        ({}, 16, []),
        ({}, None, []),
        ({"offsets": "volume"}, 16, ["dbz#1554"]),
        ({}, 17, ["dbz#76"]),
        ({"offsets": "volume"}, 18, ["dbz#1554", "dbz#76"]),
        ({"offsets": "volume", "debezium_version": "3.7.1.Final"}, 18, []),
        ({"snapshot_mode": "when_needed"}, 16, ["when_needed"]),
    ],
)
def test_what_may_be_lost_in_spite_of_everything_is_said(changes: dict[str, t.Any], database: int | None, said: list[str]) -> None:
    sentences = warnings(pipeline(**changes), database)

    assert [word for word, sentence in zip(said, sentences, strict=True) if word in sentence] == said
