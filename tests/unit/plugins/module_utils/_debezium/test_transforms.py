# SPDX-License-Identifier: GPL-3.0-or-later
"""Our transforms and post-processors, and the users' among them."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.properties import properties
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput

from .test_properties import pipeline

LIST = "debezium.transforms"
EVERYTHING: dict[str, t.Any] = {"signal_table": "signals", "oversized_events": "truncate"}


@pytest.mark.parametrize("topic", ["demo-cdc", None])
def test_rows_of_the_signal_table_go_to_the_heartbeat_topic_alone(topic: str | None) -> None:
    """The routers in the order of the list, as Kafka's RegexRouter works: a full match is replaced."""
    found = properties(pipeline(topic=topic, signal_table="signals"))

    def routed(name: str) -> str:
        for transform in found[LIST].split(","):
            if re.fullmatch(found[f"{LIST}.{transform}.regex"], name):
                name = found[f"{LIST}.{transform}.replacement"]
        return name

    assert routed("demo.debezium.signals") == "demo-cdc-heartbeat"
    assert routed("demo-cdc-heartbeat") == "demo-cdc-heartbeat"
    for table in ("demo.public.mytable", "demo.debezium.signals2", "demo.other.debezium.signals", "demoXdebezium.signals"):
        assert routed(table) == (topic if topic and table.startswith("demo.") else table)


def test_the_signal_table_needs_no_topic_of_its_own() -> None:
    assert pipeline(topic=None, signal_table="signals").topics() == ("demo.public.mytable", "demo-cdc-heartbeat")
    assert pipeline(signal_table="signals").topics() == ("demo-cdc", "demo-cdc-heartbeat")


@pytest.mark.parametrize(
    ("changes", "given", "transforms"),
    [
        (EVERYTHING, None, "sizelimit,reroutesignals,reroute"),
        (EVERYTHING, "unwrap", "sizelimit,unwrap,reroutesignals,reroute"),
        (EVERYTHING, "reroute, unwrap", "sizelimit,reroutesignals,reroute,unwrap"),
        (EVERYTHING, "unwrap,sizelimit,a", "unwrap,sizelimit,a,reroutesignals,reroute"),
        ({**EVERYTHING, "topic": None}, "unwrap", "sizelimit,unwrap,reroutesignals"),
        ({"topic": None}, "unwrap", "unwrap"),
    ],
)
def test_transforms_of_the_user_run_between_the_size_limit_and_the_routers(
    changes: dict[str, t.Any], given: str | None, transforms: str
) -> None:
    assert properties(pipeline(**changes), {} if given is None else {LIST: given})[LIST] == transforms


@pytest.mark.parametrize("changes", [{"signal_table": "signals"}, {"oversized_events": "truncate"}])
def test_the_list_cannot_be_removed_when_the_pipeline_needs_it(changes: dict[str, t.Any]) -> None:
    with pytest.raises(InvalidInput, match="need a transform of the pipeline"):
        properties(pipeline(**changes), {LIST: None})


def test_post_processors_of_the_user_run_before_ours() -> None:
    name = "debezium.source.post.processors"
    assert properties(pipeline(reselect_unavailable_values=True), {name: "mine"})[name] == "mine,reselector"
    assert properties(pipeline(), {name: "mine"})[name] == "mine"
