# SPDX-License-Identifier: GPL-3.0-or-later
"""Deadlines and polling.  PRIVATE to the collection."""

from __future__ import annotations

import random
import time
import typing as t
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .errors import DeadlineExceeded

T = t.TypeVar("T")


@dataclass(frozen=True)
class Clock:
    """The collection's source of time; tests inject their own.

    report: told what is waited for, and for how many seconds so far, at each look of `wait_for`.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    report: Callable[[str, float], None] = lambda what, waited: None


def intervals(first: float, factor: float = 2.0, longest: float = 20.0) -> Iterator[float]:
    """Growing pauses in seconds with jitter of a quarter, so that forty pipelines do not poll in lockstep."""
    pause = first
    while True:
        yield pause * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing
        pause = min(pause * factor, longest)


def wait_for(
    look: Callable[[], T | None], what: str, timeout: float, clock: Clock, first: float = 1.0, factor: float = 2.0, longest: float = 20.0
) -> T:
    """Call `look` until it answers something other than None.

    what: completes the message "Waited N s for …" of DeadlineExceeded, which comes after `timeout` seconds.
    """
    start = clock.now()
    deadline = start + timeout
    for pause in intervals(first, factor, longest):
        found = look()
        if found is not None:
            return found
        clock.report(what, clock.now() - start)
        left = deadline - clock.now()
        if left <= 0:
            break
        clock.sleep(min(pause, left))
    raise DeadlineExceeded(f"Waited {timeout:.0f} s for {what}; raise the timeout, or investigate and run again.")
