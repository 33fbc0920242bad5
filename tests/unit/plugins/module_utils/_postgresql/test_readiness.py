# SPDX-License-Identifier: GPL-3.0-or-later
"""When a stream counts as ready: the slot is read by its own user, and its position moves."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.offsets import Offset
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.options import Login, ServerOptions
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.position import Observed, Position
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.readiness import Sample, StreamReadiness, judge
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.slots import Slot
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import reconcile
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import DeadlineExceeded
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.wait import Clock

SLOT = Slot("debezium_shop", "shop", "pgoutput", True, "streamer", "reserved", "0/10", 0, True)


def offset(age: float = 5.0, lsn: int = 1) -> Offset:
    return Offset('["pubsub",{"server":"shop"}]', f'{{"lsn": {lsn}}}', f"saved {lsn}", age)


def sample(snapshotting: bool = False, **changes: t.Any) -> Sample:
    found: dict[str, t.Any] = {"slot": SLOT, "published": True, "offset": offset(), **changes}
    return Sample(Observed(**found), snapshotting)


def reason(first: Sample, now: Sample | None = None, saves_offsets: bool = True, moved_only: bool = False) -> str:
    """Why the stream is not ready; empty when it is.  A heartbeat comes every 10 seconds."""
    verdict = judge(first, now or first, "streamer", 10, saves_offsets, moved_only)
    assert verdict.ready == (not verdict.reason)
    return verdict.reason


def test_a_slot_that_is_read_and_whose_offset_was_saved_within_three_heartbeats_is_ready_at_one_look() -> None:
    assert reason(sample(offset=offset(age=29))) == ""
    assert "has not moved yet" in reason(sample(offset=offset(age=31)))
    assert "has not moved yet" in reason(sample(offset=offset(age=-3600))), "the pod's clock is not in UTC"


def test_of_a_new_pod_an_offset_that_its_predecessor_saved_proves_nothing() -> None:
    assert "has not moved yet" in reason(sample(offset=offset(age=1)), moved_only=True)
    assert reason(sample(offset=offset(lsn=1)), sample(offset=offset(lsn=2)), moved_only=True) == ""
    assert reason(sample(offset=None), sample(), moved_only=True) == ""


def test_with_offsets_on_a_volume_the_slot_itself_must_move() -> None:
    later = sample(offset=None, slot=dataclasses.replace(SLOT, confirmed_flush_lsn="0/20"))
    assert "has not moved yet" in reason(sample(offset=None), saves_offsets=False)
    assert reason(sample(offset=None), later, saves_offsets=False) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"published": False}, "publication does not exist"),
        ({"slot": None}, "does not exist yet"),
        ({"slot": dataclasses.replace(SLOT, wal_status="lost")}, "wal_status lost"),
        ({"slot": dataclasses.replace(SLOT, active=False, reader=None)}, "no server reads"),
        ({"slot": dataclasses.replace(SLOT, reader="somebody")}, "read by role somebody, not by streamer"),
    ],
)
def test_what_kubernetes_does_not_see_is_told(changes: dict[str, t.Any], words: str) -> None:
    """Debezium reports healthy while it retries."""
    assert words in reason(sample(**changes))


def test_captured_tables_must_be_published_and_readable() -> None:
    assert "publication lacks public.a" in reason(dataclasses.replace(sample(), unpublished=("public.a",)))
    assert "streamer may not read public.a" in reason(dataclasses.replace(sample(), unreadable=("public.a",)))


class Looked(StreamReadiness):
    """A stream of which the looks give these samples, one after another."""

    def __init__(self, *samples: Sample) -> None:
        options = ServerOptions("10.0.0.3", 5432, "shop", "require", None, 10, True, True, False)
        position = Position(options, Login("streamer", None), "debezium_shop", "dbz", "shop", ("debezium", "offsets_shop"))
        passed = iter(range(1000))
        clock = Clock(now=lambda: float(next(passed)), sleep=lambda seconds: None)
        super().__init__(position, (), 10, True, 60, clock, lambda: lambda: None, lambda kind, message: kind(message))
        self.samples = list(samples)

    def _look(self) -> Sample:
        return self.samples.pop(0) if len(self.samples) > 1 else self.samples[0]


def test_a_run_waits_until_the_stream_is_ready() -> None:
    idle = dataclasses.replace(SLOT, active=False, reader=None)
    stream = Looked(sample(slot=None), sample(slot=idle), sample(offset=offset(lsn=1)), sample(offset=offset(lsn=2)))
    outcome = reconcile(stream, check_mode=False)
    assert (len(stream.samples), outcome.facts["ready"], outcome.changed) == (1, True, False)


def test_a_stream_that_does_not_get_ready_is_an_error_that_says_why() -> None:
    idle = dataclasses.replace(SLOT, active=False, reader=None)
    with pytest.raises(DeadlineExceeded, match="was not ready within wait_timeout=60 s: no server reads replication slot debezium_shop"):
        reconcile(Looked(sample(slot=idle)), check_mode=False)


def test_an_initial_snapshot_counts_once_its_first_events_are_acknowledged() -> None:
    idle = dataclasses.replace(SLOT, active=False, reader=None)
    assert "has emitted nothing yet" in reason(sample(snapshotting=True, slot=idle, offset=None))
    assert reason(sample(snapshotting=True, slot=idle)) == ""
    assert reason(sample(snapshotting=True, slot=idle, offset=None), saves_offsets=False) == ""
