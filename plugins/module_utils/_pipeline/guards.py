# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons to refuse that only show when several systems are looked at together.  PRIVATE to the collection.  Pure functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from .._reconcile.graph import Step
from . import context
from .cases import decide
from .context import Context
from .kubernetes import STREAM_ANNOTATION
from .position import case
from .streamed import ANNOTATION as STREAMED_ANNOTATION

Steps = Mapping[str, Step]


def same_stream(run: Context, steps: Steps) -> Iterator[str]:
    """A live pipeline keeps its database, slot, topic prefix and offset storage unless the user says otherwise.

    With others, Debezium does not find its position: it takes a new snapshot, and never emits what was deleted in between
    (Debezium's documentation of the PostgreSQL connector, `topic.prefix` and `slot.name`).  The record is kept in two places, the
    properties Secret and the offset table, so that neither a deleted Secret nor a cloned instance hides it.
    """
    pipeline = run.pipeline
    if pipeline["cdc_recovery"] != "refuse":
        return
    before = {**recorded_in_database(steps), **recorded_in_secret(steps)}
    changes = [f"{what} {before[what]} would become {value}" for what, value in pipeline.stream.items() if before.get(what, value) != value]
    if changes:
        yield (
            f"The pipeline {pipeline.name} exists, and its {', its '.join(changes)}. Debezium would not find its position: it would take a"
            " new snapshot, and never emit what was deleted in between. Restore the variables, or set cdc_recovery: resnapshot for one run"
            " if that is meant."
        )


def known_position(run: Context, steps: Steps) -> Iterator[str]:
    """Slot, publication and offsets fit together, or the user says what to do (cases.py)."""
    if context.POSITION not in steps:
        return
    pipeline, facts = run.pipeline, steps[context.POSITION].facts
    slot = pipeline["cdc_slot_name"]
    decision = decide(
        case(
            pipeline,
            facts,
            recorded=not run.wanted("debezium_k8s") or slot in recorded_slots(steps),
            began=slot in recorded_slots(steps) and _annotations(steps).get(STREAMED_ANNOTATION) == slot,
            restarts=context.DEPLOYMENT in steps and steps[context.DEPLOYMENT].action != "none",
            claim_missing=context.CLAIM in steps and steps[context.CLAIM].action == "create",
        )
    )
    where = f"Pipeline {pipeline.name}, slot {slot}:"
    if decision.outcome == "refuse":
        yield f"{where} {decision.reason}"
    elif decision.outcome == "resnapshot" and not (run.wanted("cloudsql") and run.wanted("debezium_k8s")):
        yield f"{where} {decision.reason} A new snapshot takes the parts cloudsql and debezium_k8s in one run."
    elif decision.outcome == "resume" and not run.wanted("debezium_k8s"):
        yield f"{where} {decision.reason} That takes the part debezium_k8s."


GUARDS: tuple[Callable[[Context, Steps], Iterable[str]], ...] = (same_stream, known_position)


def recorded_in_secret(steps: Steps) -> dict[str, str]:
    """The stream that the properties Secret of a live pipeline records; empty when it records none."""
    try:
        found = json.loads(_annotations(steps).get(STREAM_ANNOTATION, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def recorded_in_database(steps: Steps) -> dict[str, str]:
    """The stream that the comment of the offset table records; empty when it records none."""
    return dict(steps[context.POSITION].facts.get("recorded_stream") or {}) if context.POSITION in steps else {}


def recorded_slots(steps: Steps) -> set[str]:
    """Slots that are this pipeline's by its own records."""
    return {found["slot"] for found in (recorded_in_secret(steps), recorded_in_database(steps)) if "slot" in found}


def _annotations(steps: Steps) -> Mapping[str, str]:
    if context.PROPERTIES not in steps:
        return {}
    return steps[context.PROPERTIES].facts.get("live_annotations") or {}
