# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run does with a stream, given its slot, publication and offsets together.  PRIVATE to the collection.  Pure functions.

docs/recovery.md is generated from this table (tools/recovery_docs.py).
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

SlotState = t.Literal["missing", "idle", "active", "lost", "of another database", "read by another server"]
"""idle, active: ours, without and with a reader.  lost: PostgreSQL removed write-ahead log that it needs (`wal_status`)."""

OffsetState = t.Literal["missing", "saved", "never saved", "on a volume"]
"""never saved: the table never held one, and the slot was never decoded.  on a volume: a file that only the pod sees."""

Recovery = t.Literal["refuse", "resume", "resnapshot"]
"""The variable cdc_recovery."""

Outcome = t.Literal["start", "continue", "resume", "resnapshot", "refuse"]
"""start: a new slot and the initial snapshot.  continue: go on from the offset.  resume: go on from the slot.
resnapshot: drop slot and offsets, then start.  refuse: end before anything is changed."""

SLOT_STATES: tuple[SlotState, ...] = t.get_args(SlotState)
OFFSET_STATES: tuple[OffsetState, ...] = t.get_args(OffsetState)
RECOVERIES: tuple[Recovery, ...] = t.get_args(Recovery)

RESNAPSHOT = (
    "cdc_recovery: resnapshot drops what is left of the position and takes a new snapshot; deletes since the last event are never"
    " emitted then"
)
RESUME = "cdc_recovery: resume goes on from the slot, and nothing is lost"


@dataclass(frozen=True)
class Case:
    """What is there, and what the user allows.

    published: whether the publication exists.  began: whether this pipeline has streamed before, by its own records.
    restarts: whether this run replaces the pod.
    """

    slot: SlotState
    offsets: OffsetState
    published: bool
    recovery: Recovery = "refuse"
    began: bool = True
    restarts: bool = False


@dataclass(frozen=True)
class Decision:
    """What the run does.  reason: what was seen and what that means, one or two sentences; empty when all is well."""

    outcome: Outcome
    reason: str = ""


def decide(case: Case) -> Decision:
    """The one table of cases.  Where it comes from: Debezium's documentation of the PostgreSQL connector ("When things go wrong"),
    PostgreSQL's of replication slots, and both tried together (docs/recovery.md)."""
    if case.slot == "of another database":
        return Decision("refuse", "The replication slot belongs to another database. Give this pipeline another cdc_slot_name.")
    if case.slot == "read by another server":
        return Decision(
            "refuse",
            "The replication slot is read by another server, and this pipeline has no record of it: two servers must not share a slot."
            " Give this pipeline another cdc_slot_name, or stop the other server.",
        )
    if case.slot == "missing":
        return _without_slot(case)
    if case.slot == "lost":
        return _with_a_new_snapshot(
            case,
            "PostgreSQL has removed write-ahead log that the replication slot needs (wal_status lost), so the changes in it cannot be read"
            " any more.",
        )
    if not case.published:
        return _with_a_new_snapshot(
            case,
            "The replication slot exists, but the publication does not. PostgreSQL decodes older changes with the publication as it was"
            " then, so a new one does not help: the slot cannot be read any more.",
        )
    if case.offsets == "missing":
        return _without_offsets(case)
    if case.offsets == "never saved":
        return Decision("start", "The first snapshot did not finish; it starts over.")
    return Decision("continue")


def _without_slot(case: Case) -> Decision:
    if case.offsets == "saved":
        return _with_a_new_snapshot(
            case,
            "Offsets exist, but the replication slot does not, so PostgreSQL no longer has the changes after them (a restored or cloned"
            " instance has no slots either).",
        )
    if case.began:
        return _with_a_new_snapshot(
            case, "This pipeline has streamed before, but its replication slot is gone, so changes since then cannot be read any more."
        )
    return Decision("start")


def _without_offsets(case: Case) -> Decision:
    if case.slot == "active" and not case.restarts:
        return Decision("continue", "The server that reads the slot saves its offsets again with the next event.")
    if case.recovery == "resume":
        return Decision("resume", "The offsets are gone; Debezium goes on from the replication slot.")
    return _with_a_new_snapshot(
        case,
        "The replication slot exists, but the offsets are gone. Debezium would take a new snapshot, and never emit what was deleted in"
        " between.",
        f"{RESUME}. ",
    )


def _with_a_new_snapshot(case: Case, seen: str, others: str = "") -> Decision:
    if case.recovery == "resnapshot":
        return Decision("resnapshot", seen)
    return Decision("refuse", f"{seen} {others}{RESNAPSHOT}.")
