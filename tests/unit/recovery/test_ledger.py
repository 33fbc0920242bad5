# SPDX-License-Identifier: GPL-3.0-or-later
"""Written against received: what is lost, what is repeated, and what a new snapshot makes up for."""

from __future__ import annotations

import typing as t

from recovery.ledger import Change, Events, Ledger, State, compare

NEW, CHANGED, GONE = (Change("orders", 1, operation) for operation in "cud")


def event(operation: str, number: int = 1, note: str | None = None, table: str = "orders") -> dict[str, t.Any]:
    """An event as Debezium Server writes it, without schema."""
    notes = {"c": "new", "r": "new", "u": "changed"}
    row = {"id": number, "note": note or notes.get(operation, "")}
    before, after = ({"id": number}, None) if operation == "d" else (None, row)
    return {"op": operation, "source": {"table": table}, "before": before, "after": after}


def received(*events: dict[str, t.Any], at: float = 1.0) -> Events:
    """Each event as a message of its own."""
    found = Events()
    for number, one in enumerate(events):
        found.add(f"message-{number}", one, at)
    return found


def test_everything_that_arrived_once_is_received_and_nothing_else_is_counted() -> None:
    outcome = compare({NEW: 0.0, CHANGED: 0.0, GONE: 0.0}, received(event("c"), event("u"), event("d")), since=0.0)
    assert (outcome.written, outcome.received, outcome.repeated, outcome.untold) == (3, 3, 0, 0)
    assert outcome.lost == frozenset()


def test_a_change_without_an_event_is_lost() -> None:
    outcome = compare({NEW: 0.0, GONE: 0.0}, received(event("c")), since=0.0)
    assert (outcome.received, outcome.lost) == (1, {GONE})


def test_an_event_of_the_same_row_in_another_table_is_not_the_changes() -> None:
    assert compare({NEW: 0.0}, received(event("c", table="items")), since=0.0).lost == {NEW}


def test_an_event_with_another_content_than_was_written_is_not_the_changes() -> None:
    assert compare({CHANGED: 0.0}, received(event("u", note="new")), since=0.0).lost == {CHANGED}


def test_a_row_of_a_snapshot_that_nobody_asked_for_does_not_make_up_for_the_change() -> None:
    assert compare({NEW: 0.0}, received(event("r")), since=0.0).lost == {NEW}


def test_a_message_that_pubsub_delivers_twice_is_one_event() -> None:
    events = Events()
    events.add("message-1", event("c"), 1.0)
    events.add("message-1", event("c"), 2.0)
    assert compare({NEW: 0.0}, events, since=0.0).repeated == 0


def test_an_event_that_debezium_publishes_twice_is_repeated() -> None:
    assert compare({NEW: 0.0}, received(event("c"), event("c")), since=0.0).repeated == 1


def test_a_repeat_before_the_fault_is_not_the_faults() -> None:
    assert compare({NEW: 0.0}, received(event("c"), event("c"), at=1.0), since=2.0).repeated == 0


def test_an_event_of_a_truncation_is_passed_over() -> None:
    assert received({"op": "t", "source": {"table": "imports"}, "before": None, "after": None}).first == {}


def test_seconds_are_the_longest_way_of_a_change_that_was_written_since_the_fault() -> None:
    events = Events()
    events.add("message-1", event("c", 1), 60.0)
    events.add("message-2", event("c", 2), 13.0)
    before, after = Change("orders", 1, "c"), Change("orders", 2, "c")
    assert compare({before: 1.0, after: 10.0}, events, since=5.0).seconds == 3.0


def test_after_a_snapshot_a_row_that_is_there_and_was_not_received_is_lost() -> None:
    outcome = compare({NEW: 0.0}, received(), since=0.0, rows={State("orders", 1, "new")})
    assert (outcome.received, outcome.lost) == (0, {NEW})


def test_a_snapshot_makes_up_for_an_insert_whose_row_is_there() -> None:
    outcome = compare({NEW: 0.0}, received(event("r")), since=0.0, rows={State("orders", 1, "new")})
    assert (outcome.received, outcome.lost, outcome.untold) == (1, frozenset(), 0)


def test_a_snapshot_counts_for_the_seconds_as_an_event_does() -> None:
    outcome = compare({NEW: 10.0}, received(event("r"), at=70.0), since=0.0, rows={State("orders", 1, "new")})
    assert outcome.seconds == 60.0


def test_a_row_that_a_snapshot_shows_as_it_was_before_its_update_is_lost() -> None:
    outcome = compare({CHANGED: 0.0}, received(event("r")), since=0.0, rows={State("orders", 1, "changed")})
    assert outcome.lost == {CHANGED}


def test_what_was_superseded_before_a_snapshot_is_untold_and_not_lost() -> None:
    written = {NEW: 0.0, CHANGED: 0.0, Change("orders", 2, "c"): 0.0, Change("orders", 2, "d"): 0.0}
    outcome = compare(written, received(event("r", note="changed")), since=0.0, rows={State("orders", 1, "changed")})
    assert (outcome.written, outcome.received, outcome.untold, outcome.lost) == (4, 1, 3, frozenset())


def test_a_row_from_before_the_fault_that_a_snapshot_leaves_out_is_lost_too() -> None:
    """All rows are looked at, those of earlier faults as well: `received` stays about what was written in this one."""
    outcome = compare({NEW: 0.0}, received(event("c")), since=0.0, rows={State("orders", 1, "new"), State("items", 9, "new")})
    assert (outcome.written, outcome.received, outcome.lost) == (1, 1, {Change("items", 9, "c")})


def test_a_ledger_gives_what_was_written_between_two_marks() -> None:
    ledger = Ledger()
    ledger.add([NEW], 1.0)
    start = ledger.mark()
    ledger.add([CHANGED, GONE], 2.0)
    assert ledger.between(start) == {CHANGED: 2.0, GONE: 2.0}
    assert ledger.between(0, start) == {NEW: 1.0}
