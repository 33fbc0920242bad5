# SPDX-License-Identifier: GPL-3.0-or-later
"""The one retry loop: a budget in seconds, pauses with jitter, and Retry-After.  PRIVATE to the collection."""

from __future__ import annotations

import email.utils
import time
import typing as t
from collections.abc import Callable

from .wait import Clock, intervals

T = t.TypeVar("T")

FIRST_PAUSE = 0.5
"""Seconds before the first repetition; later pauses grow."""


class Transient(Exception):
    """Raised by what `retry` calls: the same attempt may succeed later.

    error: what to raise when the budget is spent.  pause: seconds that the server asked for, or None.
    """

    def __init__(self, error: Exception, pause: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.pause = pause


def retry(send: Callable[[float], T], budget: float | Callable[[], float], clock: Clock) -> T:
    """Call `send` until it raises something other than Transient, or returns.

    send: gets the seconds that are left of the budget.
    budget: seconds for all attempts together; a function is asked again after each attempt.
    When the next pause would exceed the budget, the error of the last attempt is raised.
    """
    start = clock.now()
    pauses = intervals(FIRST_PAUSE)

    def left() -> float:
        return start + (budget() if callable(budget) else budget) - clock.now()

    while True:
        try:
            return send(left())
        except Transient as failure:
            pause = next(pauses) if failure.pause is None else failure.pause
            if pause > left():
                raise failure.error from failure.__cause__
        clock.sleep(pause)


def retry_after(header: str | None) -> float | None:
    """Seconds of a Retry-After header in either of its forms (RFC 9110, 10.2.3); None when there is none."""
    if not header:
        return None
    if header.isdigit():
        return float(header)
    moment = email.utils.parsedate_tz(header)
    return max(0.0, email.utils.mktime_tz(moment) - time.time()) if moment else None
