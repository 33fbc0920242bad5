# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was read of a stream's position to the case that it is (cases.py).  PRIVATE to the collection.  Pure functions."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .._postgresql.slots import Slot
from .._reconcile.graph import Known
from . import context
from .cases import Case, Decision, OffsetState, SlotState, decide
from .pipeline import Pipeline

Facts = Mapping[str, t.Any]


def case(
    pipeline: Pipeline,
    facts: Facts,
    recorded: bool = True,
    began: bool = False,
    restarts: bool = True,
    claim_missing: bool = False,
) -> Case:
    """The case of a pipeline.

    facts: of the node that looked at the position.  recorded: whether the pipeline has a record of this slot.  began, restarts: see Case.
    claim_missing: whether the volume of the offsets does not exist yet.
    """
    slot = facts.get("slot")
    return Case(
        slot=_slot_state(pipeline, slot, recorded),
        offsets=_offset_state(pipeline, slot, facts, claim_missing),
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


def _offset_state(pipeline: Pipeline, slot: Slot | None, facts: Facts, claim_missing: bool) -> OffsetState:
    if pipeline.claim:
        return "missing" if claim_missing else "on a volume"
    if facts.get("offset") is not None:
        return "saved"
    # Both: the statistics of a slot are lost when the server crashes, and a table may have been made again by hand.
    never = facts.get("never_saved") and slot is not None and not slot.active and not slot.decoded
    return "never saved" if never else "missing"


def former_slot(pipeline: Pipeline, facts: Facts) -> str | None:
    """The slot that the record of the same database names, if the variables name another one now."""
    recorded = facts.get("recorded_stream") or {}
    same = all(recorded.get(key) == pipeline.stream[key] for key in ("instance", "database"))
    slot = recorded.get("slot")
    return slot if same and slot != pipeline["cdc_slot_name"] else None


def planned(pipeline: Pipeline, known: Known) -> Decision:
    """What this run does with the stream, as far as the position alone says; guards.py refuses the rest."""
    facts = known.facts(context.POSITION)
    return decide(case(pipeline, facts, claim_missing=known.missing(context.CLAIM))) if facts else Decision("continue")


def live(pipeline: Pipeline, known: Known) -> bool:
    """Whether the stream has begun and goes on, so that a table that is new to it joins."""
    return known.facts(context.POSITION).get("slot") is not None and planned(pipeline, known).outcome != "resnapshot"
