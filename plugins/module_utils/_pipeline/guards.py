# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons to refuse that only show when several systems are looked at together.  PRIVATE to the collection.  Pure functions."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Iterator, Mapping

from .._reconcile.graph import Step
from . import context
from .kubernetes import STREAM_ANNOTATION
from .pipeline import Pipeline


def same_stream(pipeline: Pipeline, steps: Mapping[str, Step]) -> Iterator[str]:
    """A live pipeline keeps its slot, topic prefix and offset storage unless the user says otherwise.

    With others, Debezium does not find its position: it takes a new snapshot, and never emits what was deleted in between
    (Debezium's documentation of the PostgreSQL connector, `topic.prefix` and `slot.name`).
    """
    if context.PROPERTIES not in steps or pipeline["debezium_k8s_allow_resnapshot"]:
        return
    before = recorded_stream(steps[context.PROPERTIES].facts.get("live_annotations"))
    changes = [f"{what} {before[what]} would become {value}" for what, value in pipeline.stream.items() if before.get(what, value) != value]
    if changes:
        yield (
            f"The pipeline {pipeline.name} exists, and its {', its '.join(changes)}. Debezium would not find its position: it would take a"
            " new snapshot, and never emit what was deleted in between. Restore the variables, or set debezium_k8s_allow_resnapshot: true"
            " for one run if that is meant."
        )


def recorded_stream(annotations: t.Any) -> dict[str, str]:
    """The stream that the properties Secret of a live pipeline records; empty when it records none."""
    try:
        found = json.loads((annotations or {}).get(STREAM_ANNOTATION, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
