"""Progress on the terminal: each step, how far it is, and how long it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Progress:
    """Prints one line per step; on a terminal the line is rewritten while the step runs, elsewhere a note is printed every 30 s."""

    def __init__(self, interval: float = 30.0) -> None:
        self._interval = interval
        self._started = 0.0
        self._noted = 0.0
        self._title = ""

    @contextmanager
    def step(self, title: str) -> Iterator[Progress]:
        """Announce `title`, run the body, then print how long it took, or that it failed."""
        self._title, self._started = title, time.monotonic()
        self._noted = self._started
        self._write(f"  … {title}", end=False)
        try:
            yield self
        except BaseException:
            self._write(f"  ✗ {title} ({self._elapsed():.1f} s)")
            raise
        self._write(f"  ✓ {title} ({self._elapsed():.1f} s)")

    def note(self, text: str) -> None:
        """Report how far a long step is.  May be called at any rate; output is limited to a readable one."""
        now = time.monotonic()
        if sys.stdout.isatty() or now - self._noted >= self._interval:
            self._noted = now
            self._write(f"  … {self._title}: {text} ({self._elapsed():.0f} s)", end=not sys.stdout.isatty())

    def say(self, text: str) -> None:
        """Print a separate line."""
        self._write(text)

    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    @staticmethod
    def _write(text: str, end: bool = True) -> None:
        if sys.stdout.isatty():
            sys.stdout.write(f"\r\x1b[2K{text}" + ("\n" if end else ""))
        elif end:
            sys.stdout.write(text + "\n")
        sys.stdout.flush()
