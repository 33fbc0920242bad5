# SPDX-License-Identifier: GPL-3.0-or-later
"""Work beside a fault, whose failure is not forgotten."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Callable


class Background:
    """Calls `work` in a thread."""

    def __init__(self, work: Callable[[], t.Any]) -> None:
        self._error: BaseException | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._error = error

    def wait(self, seconds: float) -> None:
        """Until it has ended; raises what it raised."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"not within {seconds:.0f} s: work beside the fault"
        if self._error is not None:
            raise self._error
