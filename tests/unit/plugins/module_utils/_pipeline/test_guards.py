# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run refuses once all systems were read: another stream, and a position that does not fit together."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline import context, guards
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.pipeline import Pipeline
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.specification.variable import PARTS
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.streamed import ANNOTATION
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.offsets import Offset
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.slots import Slot
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.graph import Step
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.plan import Action, Plan

from .conftest import VARIABLES, run_for

Planned = t.Callable[..., dict[str, Step]]

LIVE = {
    "instance": "shop-prod:shop-sql",
    "database": "shop",
    "topic prefix": "shop",
    "slot": "debezium_shop",
    "offsets in": "table debezium.offsets_shop",
}
SLOT = Slot("debezium_shop", "shop", "pgoutput", False, None, "reserved", "0/1", 0, True)
ACTIVE = dataclasses.replace(SLOT, active=True, reader="debezium_shop")
OFFSET = Offset('["pubsub",{"server":"shop"}]', '{"lsn": 1}', "2026-01-01", 1.0)
HEALTHY: dict[str, t.Any] = {"slot": ACTIVE, "published": True, "offset": OFFSET, "never_saved": False, "recorded_stream": LIVE}


def refusals(
    planned: Planned,
    parts: tuple[str, ...] = PARTS,
    annotations: dict[str, str] | None = None,
    position: dict[str, t.Any] | None = None,
    restarts: bool = True,
    **given: t.Any,
) -> list[str]:
    """What the guards say of a pipeline: with these annotations on its properties Secret, and this position in the database."""
    steps = planned(parts, **given)
    if context.PROPERTIES in steps:
        properties = steps[context.PROPERTIES]
        steps[context.PROPERTIES] = dataclasses.replace(properties, facts={**properties.facts, "live_annotations": annotations})
    if context.POSITION in steps:
        steps[context.POSITION] = dataclasses.replace(steps[context.POSITION], facts={"slot": None, "published": False, **(position or {})})
    if context.DEPLOYMENT in steps:
        plan = Plan({}, {"image": "new"}, (Action("update"),)) if restarts else Plan({}, {})
        steps[context.DEPLOYMENT] = dataclasses.replace(steps[context.DEPLOYMENT], plan=plan)
    run = run_for(Pipeline.from_variables({**VARIABLES, **given}, parts), parts)
    return [sentence for guard in guards.GUARDS for sentence in guard(run, steps)]


def recorded(stream: t.Any) -> dict[str, str]:
    return {guards.STREAM_ANNOTATION: stream if isinstance(stream, str) else json.dumps(stream)}


@pytest.mark.parametrize("annotations", [recorded(LIVE), None, recorded("no JSON"), recorded([])])
def test_the_same_stream_and_one_that_records_nothing_go_on(planned: Planned, annotations: dict[str, str] | None) -> None:
    assert refusals(planned, annotations=annotations, position=HEALTHY) == []


CHANGES = [
    ({"cdc_slot_name": "other"}, "its slot debezium_shop would become other."),
    ({"cdc_topic_prefix": "other"}, "its topic prefix shop would become other."),
    ({"cdc_offset_table": "other"}, "its offsets in table debezium.offsets_shop would become table debezium.other."),
    ({"cdc_offsets": "volume"}, "would become claim shop-debezium-pvc."),
    ({"cdc_database": "other"}, "its database shop would become other."),
    ({"cdc_instance": "clone"}, "its instance shop-prod:shop-sql would become shop-prod:clone."),
]


@pytest.mark.parametrize(("given", "sentence"), CHANGES)
def test_a_live_stream_is_not_moved_by_a_changed_variable_alone(planned: Planned, given: dict[str, str], sentence: str) -> None:
    assert any(sentence in found for found in refusals(planned, annotations=recorded(LIVE), **given))
    meant = refusals(planned, annotations=recorded(LIVE), **given, cdc_recovery="resnapshot")
    assert not any(sentence in found for found in meant)


@pytest.mark.parametrize(("given", "sentence"), CHANGES)
def test_a_deleted_secret_hides_no_changed_stream(planned: Planned, given: dict[str, str], sentence: str) -> None:
    """The offset table names the stream as well."""
    assert any(sentence in found for found in refusals(planned, position={"recorded_stream": LIVE}, **given))


def test_the_offset_table_of_a_restored_clone_is_recognised(planned: Planned) -> None:
    found = refusals(planned, position={"published": True, "offset": OFFSET, "recorded_stream": {**LIVE, "instance": "shop-prod:old"}})
    assert any("its instance shop-prod:old would become shop-prod:shop-sql" in sentence for sentence in found)
    assert any("a restored or cloned instance has no slots either" in sentence for sentence in found)


@pytest.mark.parametrize(
    ("position", "words"),
    [
        ({"slot": SLOT, "offset": None}, "the offsets are gone"),
        ({"slot": None}, "Offsets exist, but the replication slot does not"),
        ({"published": False}, "the publication does not"),
        ({"slot": dataclasses.replace(SLOT, wal_status="lost")}, "wal_status lost"),
        ({"slot": dataclasses.replace(SLOT, database="billing")}, "belongs to another database"),
    ],
)
def test_a_position_that_does_not_fit_together_is_refused_with_its_name(planned: Planned, position: t.Any, words: str) -> None:
    (found,) = refusals(planned, annotations=recorded(LIVE), position={**HEALTHY, **position})
    assert found.startswith("Pipeline shop, slot debezium_shop: ")
    assert words in found


def test_a_first_snapshot_that_never_saved_an_offset_starts_over(planned: Planned) -> None:
    """A first run that ended because the pod could not publish yet."""
    position = {**HEALTHY, "slot": dataclasses.replace(SLOT, decoded=False), "offset": None, "never_saved": True}
    assert refusals(planned, annotations=recorded(LIVE), position=position) == []


def test_a_slot_that_somebody_else_reads_is_refused_when_nothing_records_it(planned: Planned) -> None:
    (found,) = refusals(planned, position={**HEALTHY, "offset": None, "recorded_stream": {}})
    assert "must not share a slot" in found


def test_a_pipeline_that_streamed_and_lost_both_slot_and_offsets_does_not_start_over_in_silence(planned: Planned) -> None:
    gone = {"published": True, "never_saved": True, "recorded_stream": LIVE}
    (found,) = refusals(planned, annotations={**recorded(LIVE), ANNOTATION: "debezium_shop"}, position=gone)
    assert "has streamed before" in found
    assert refusals(planned, annotations=recorded(LIVE), position=gone) == []


def test_a_fresh_volume_beside_a_slot_is_refused(planned: Planned) -> None:
    live = {**LIVE, "offsets in": "claim shop-debezium-pvc"}
    position = {**HEALTHY, "slot": SLOT, "offset": None, "recorded_stream": {}}
    (found,) = refusals(planned, annotations=recorded(live), position=position, cdc_offsets="volume")
    assert "the offsets are gone" in found


def test_a_new_snapshot_takes_database_and_pod_in_one_run(planned: Planned) -> None:
    position = {**HEALTHY, "slot": None}
    for parts in (("cloudsql",), ("debezium_k8s",)):
        (found,) = refusals(planned, parts, recorded(LIVE), position, cdc_recovery="resnapshot")
        assert "takes the parts cloudsql and debezium_k8s" in found
    assert refusals(planned, PARTS, recorded(LIVE), position, cdc_recovery="resnapshot") == []


def test_offsets_that_are_gone_under_a_running_pod_are_refused_only_if_the_pod_is_replaced(planned: Planned) -> None:
    position = {**HEALTHY, "offset": None}
    assert refusals(planned, annotations=recorded(LIVE), position=position, restarts=False) == []
    (found,) = refusals(planned, annotations=recorded(LIVE), position=position, restarts=True)
    assert "cdc_recovery: resume" in found
