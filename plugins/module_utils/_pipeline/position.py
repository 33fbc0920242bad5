# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was read of a stream's position to the case that it is (cases.py).  PRIVATE to the collection.  Pure functions."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .._postgresql.offsets import Offsets
from .._postgresql.slots import Slot
from .._reconcile.graph import Known
from . import context
from .cases import Case, Decision, OffsetState, SlotState, decide
from .pipeline import Pipeline

Facts = Mapping[str, t.Any]


def case(pipeline: Pipeline, facts: Facts, recorded: bool = True, began: bool = False, restarts: bool = True) -> Case:
    """The case of a pipeline.

    facts: of the node that looked at the position.  recorded: whether the pipeline has a record of this slot.  began, restarts: see Case.
    """
    slot, offsets = facts.get("slot"), facts.get("offsets")
    return Case(
        slot=_slot_state(pipeline, slot, recorded),
        offsets=_offset_state(pipeline, slot, offsets),
        published=bool(facts.get("published")),
        recovery=pipeline["cdc_recovery"],
        began=began,
        restarts=restarts,
    )


def _slot_state(pipeline: Pipeline, slot: Slot | None, recorded: bool) -> SlotState:
    if slot is None:
        return "missing"
    if slot.database != pipeline["cdc_database"]:
        return "of another database"
    if slot.lost:
        return "lost"
    if slot.active:
        return "active" if recorded else "read by another server"
    return "idle"


def _offset_state(pipeline: Pipeline, slot: Slot | None, offsets: Offsets | None) -> OffsetState:
    if pipeline.claim:
        return "on a volume"
    if offsets is None:
        return "missing"
    if offsets.value is not None:
        return "saved"
    if slot is not None and not slot.active and not slot.decoded and offsets.never_saved:
        return "never saved"
    return "missing"


def planned(pipeline: Pipeline, known: Known) -> Decision:
    """What this run does with the stream, as far as the position alone says; guards.py refuses the rest."""
    facts = known.facts(context.POSITION)
    return decide(case(pipeline, facts)) if facts else Decision("continue")


def live(pipeline: Pipeline, known: Known) -> bool:
    """Whether the stream has begun and goes on, so that a table that is new to it joins."""
    return known.facts(context.POSITION).get("slot") is not None and planned(pipeline, known).outcome != "resnapshot"
