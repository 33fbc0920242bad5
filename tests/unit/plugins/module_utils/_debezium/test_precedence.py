# SPDX-License-Identifier: GPL-3.0-or-later
"""What would outrank application.properties is refused, and what would not is left alone."""

from __future__ import annotations

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.precedence import problems


@pytest.mark.parametrize(
    "name",
    [
        "DEBEZIUM_SOURCE_SLOT_NAME",
        "debezium_source_slot_name",
        "Debezium_Source_Slot_Name",
        "debezium.source.slot.name",
        "debezium-source-slot-name",
        "DEBEZIUM_SINK_TYPE",
        "QUARKUS_CONFIG_LOCATIONS",
        "QUARKUS_PROFILE",
        "quarkus.log.level",
        "SMALLRYE_CONFIG_LOCATIONS",
        "_PROD_DEBEZIUM_SOURCE_SLOT_NAME",
    ],
)
def test_a_variable_that_stands_for_a_property_is_refused_by_name(name: str) -> None:
    assert list(problems({name: "x"}, [])) == [
        f"environment must not set {name}: it would outrank application.properties; set the property instead."
    ]


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("-Ddebezium.source.slot.name=x", "debezium.source.slot.name"),
        ("-Dquarkus.config.locations=/x", "quarkus.config.locations"),
        ("-D%prod.debezium.sink.type=kafka", "%prod.debezium.sink.type"),
        ("-Dsmallrye.config.profile=x", "smallrye.config.profile"),
        ("-Ddebezium.sink.type", "debezium.sink.type"),
    ],
)
def test_a_java_option_that_sets_a_property_is_refused_by_name(option: str, name: str) -> None:
    sentence = f"must not set {name}: it would outrank application.properties; set the property instead."
    assert list(problems({}, ["-Xss1m", option])) == [f"java_options {sentence}"]
    assert list(problems({"JAVA_TOOL_OPTIONS": f"-Xss1m {option}"}, [])) == [f"environment: JAVA_TOOL_OPTIONS {sentence}"]


def test_what_sets_no_property_is_taken() -> None:
    environment = {
        "TZ": "UTC",
        "GCE_METADATA_HOST": "10.0.0.1",
        "JAVA_OPTS": "-Xss1m",
        "ENABLE_DEBEZIUM_SCRIPTING": "true",
        "PGDEBEZIUM_X": "1",
    }
    assert list(problems(environment, ["-Duser.timezone=UTC", "-Djavax.net.debug=all", "-XX:MaxRAMPercentage=50"])) == []
