# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of cases: each combination of slot, publication, offsets and the user's word has one outcome."""

from __future__ import annotations

import itertools
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.cases import (
    OFFSET_STATES,
    RECOVERIES,
    SLOT_STATES,
    Case,
    Outcome,
    decide,
)

EVERY = [
    Case(slot, offsets, published, recovery, began, restarts)
    for slot, offsets, published, recovery, began, restarts in itertools.product(
        SLOT_STATES, OFFSET_STATES, (True, False), RECOVERIES, (True, False), (True, False)
    )
]


@pytest.mark.parametrize(
    ("case", "outcome", "words"),
    [
        (Case("missing", "missing", False, began=False), "start", ""),
        (Case("missing", "never saved", True, began=False), "start", ""),
        (Case("idle", "never saved", True), "start", "starts over"),
        (Case("active", "saved", True), "continue", ""),
        (Case("idle", "saved", True), "continue", ""),
        (Case("idle", "on a volume", True), "continue", ""),
        (Case("idle", "missing", True), "refuse", "cdc_recovery: resume"),
        (Case("idle", "missing", True, "resume"), "resume", "goes on from the replication slot"),
        (Case("idle", "missing", True, "resnapshot"), "resnapshot", ""),
        (Case("active", "missing", True, restarts=False), "continue", "saves its offsets again"),
        (Case("active", "missing", True, restarts=True), "refuse", "never emit what was deleted"),
        (Case("missing", "saved", True), "refuse", "no longer has the changes"),
        (Case("missing", "saved", True, "resume"), "refuse", "cdc_recovery: resnapshot"),
        (Case("missing", "saved", True, "resnapshot"), "resnapshot", ""),
        (Case("missing", "missing", True, began=True), "refuse", "has streamed before"),
        (Case("lost", "saved", True), "refuse", "wal_status lost"),
        (Case("lost", "saved", True, "resnapshot"), "resnapshot", ""),
        (Case("active", "saved", False), "refuse", "a new one does not help"),
        (Case("active", "saved", False, "resume"), "refuse", "a new one does not help"),
        (Case("idle", "saved", False, "resnapshot"), "resnapshot", ""),
        (Case("of another database", "missing", True, "resnapshot"), "refuse", "another cdc_slot_name"),
        (Case("read by another server", "missing", True, "resnapshot"), "refuse", "must not share a slot"),
    ],
    ids=lambda value: f"{value.slot}, {value.offsets}, {value.recovery}" if isinstance(value, Case) else None,
)
def test_the_outcome_of_a_case(case: Case, outcome: Outcome, words: str) -> None:
    decision = decide(case)
    assert (decision.outcome, words in decision.reason) == (outcome, True), decision


def test_a_complete_position_goes_on_whatever_the_user_allows() -> None:
    for case in EVERY:
        if case.slot in ("idle", "active") and case.published and case.offsets in ("saved", "on a volume"):
            assert decide(case).outcome == "continue", case


def test_nothing_is_given_up_unless_the_user_says_so() -> None:
    given_up: set[t.Any] = {case.recovery for case in EVERY if decide(case).outcome == "resnapshot"}
    assert given_up == {"resnapshot"}
    assert {case.recovery for case in EVERY if decide(case).outcome == "resume"} == {"resume"}


def test_a_slot_of_somebody_else_is_never_touched() -> None:
    for case in EVERY:
        if case.slot in ("of another database", "read by another server"):
            assert decide(case).outcome == "refuse", case


def test_each_refusal_says_what_to_do() -> None:
    for case in EVERY:
        decision = decide(case)
        if decision.outcome == "refuse":
            assert "cdc_recovery: resnapshot" in decision.reason or "cdc_slot_name" in decision.reason, decision.reason
