# SPDX-License-Identifier: GPL-3.0-or-later
"""The one retry loop: budget, pauses, and what is raised at the end."""

from __future__ import annotations

import email.utils
import time
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import ReconcileError
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.retry import Transient, retry, retry_after


class Server:
    """Raises its errors one after the other, then answers; remembers the seconds that were left."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.left: list[float] = []

    def __call__(self, left: float) -> str:
        self.left.append(left)
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


BUSY = Transient(ReconcileError("busy"))


def test_it_is_tried_again_with_growing_pauses(clock: t.Any) -> None:
    server = Server(BUSY, BUSY, BUSY)
    assert retry(server, 90, clock) == "answer"
    first, second, third = clock.slept
    assert 0.375 <= first <= 0.625 < second <= 1.25 < third <= 2.5
    assert server.left == pytest.approx([90, 90 - first, 90 - first - second, 90 - first - second - third])


def test_the_servers_pause_wins(clock: t.Any) -> None:
    retry(Server(Transient(ReconcileError("busy"), 7.0)), 90, clock)
    assert clock.slept == [7.0]


def test_the_last_error_is_raised_when_the_next_pause_exceeds_the_budget(clock: t.Any) -> None:
    cause = OSError("reset")
    last = Transient(ReconcileError("still busy"), 80)
    last.__cause__ = cause
    with pytest.raises(ReconcileError, match="still busy") as caught:
        retry(Server(Transient(ReconcileError("busy"), 80), last), 90, clock)
    assert clock.slept == [80]
    assert caught.value.__cause__ is cause


def test_another_error_is_final(clock: t.Any) -> None:
    with pytest.raises(ValueError, match="final"):
        retry(Server(ValueError("final")), 90, clock)
    assert clock.slept == []


def test_the_budget_may_change_with_what_was_learnt(clock: t.Any) -> None:
    budgets = iter([10.0, 10.0, 90.0, 90.0, 90.0, 90.0])
    assert retry(Server(Transient(ReconcileError("busy"), 9), Transient(ReconcileError("busy"), 60)), lambda: next(budgets), clock)


@pytest.mark.parametrize(("header", "seconds"), [(None, None), ("", None), ("7", 7.0), ("soon", None)])
def test_retry_after_in_seconds(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


def test_retry_after_as_a_date() -> None:
    found = retry_after(email.utils.formatdate(time.time() + 30, usegmt=True))
    assert found is not None
    assert 28 <= found <= 31
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
