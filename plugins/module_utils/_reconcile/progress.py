# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees while a long run goes on.  PRIVATE to the collection."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable

FIRST_REPORT = 10.0
"""Seconds that a wait may last before it is reported at all."""
NEXT_REPORT = 30.0
"""Seconds between two reports of one wait."""


class Progress:
    """Reports what is done and what is waited for, one line each.

    say: gets each line.  now: seconds, monotonic.
    """

    def __init__(self, say: Callable[[str], None] = lambda line: None, now: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._now = now
        self._waiting_for = ""
        self._next = 0.0

    def note(self, line: str) -> None:
        """Report `line` as it is."""
        self._say(line)

    def done(self, what: str, seconds: float) -> None:
        """Report an action that is done, and how long it took."""
        self._say(f"{what} ({seconds:.1f} s)")

    def waiting(self, what: str, waited: float) -> None:
        """Called at each look of a wait; reports it after 10 seconds, then every 30.

        what: completes the sentence "waiting for …".  waited: seconds so far.
        """
        now = self._now()
        if what != self._waiting_for:
            self._waiting_for, self._next = what, now - waited + FIRST_REPORT
        if now >= self._next:
            self._next = now + NEXT_REPORT
            self._say(f"waiting for {what} ({waited:.0f} s)")


def to_file(path: str) -> Callable[[str], None]:
    """A `say` that appends each line to the file `path`, for a reader in another process."""
    file: t.TextIO = open(path, "a", buffering=1, encoding="utf-8")  # noqa: SIM115 - open for as long as the process lives
    return lambda line: print(line.replace("\n", " "), file=file, flush=True)
