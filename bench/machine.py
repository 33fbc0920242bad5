# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a program to its end and says what it cost."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .figures import Cost


@dataclass(frozen=True)
class Outcome:
    """How a program ended.  output: stdout and stderr together."""

    code: int
    output: str
    cost: Cost


def run(words: Sequence[str], environment: Mapping[str, str], timeout: float) -> Outcome:
    """Run a program; it and what it started are killed after `timeout` seconds, which is code -9."""
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        process = subprocess.Popen(
            words, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        timer = threading.Timer(timeout, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    return Outcome(process.returncode, text, Cost(wall, usage.ru_utime + usage.ru_stime))
