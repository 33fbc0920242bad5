# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox as a command that tests start, watch and kill; its programs carry a mark and have their own HOME and TMPDIR."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cdc_sandbox import settings
from cdc_sandbox.settings import Settings

from .machine import MARK, Machine, look


class Sandbox:
    """`cdc-sandbox` as a user runs it."""

    def __init__(self, where: Settings, folder: Path) -> None:
        """folder: where to create the folders for HOME and TMPDIR."""
        self.settings = where
        self.home, self.temporary = folder / "home", folder / "tmp"
        self.home.mkdir()
        self.temporary.mkdir()
        self.temporary.chmod(0o1777)
        folder.chmod(0o711)

    def start(self, command: str) -> subprocess.Popen[str]:
        environment = {**os.environ, MARK: "1", "HOME": str(self.home), "TMPDIR": str(self.temporary)}
        return subprocess.Popen(
            ["cdc-sandbox", command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
        )

    def run(self, command: str, code: int = 0, seconds: float = 1800) -> str:
        """Run a command, which must exit with `code`; returns its output."""
        process = self.start(command)
        output, _ = process.communicate(timeout=seconds)
        assert process.returncode == code, output
        assert "Traceback" not in output, output
        return output

    def kill_after(self, command: str, seconds: float) -> bool:
        """Start a command and send SIGKILL after some time; whether it was still running."""
        process = self.start(command)
        time.sleep(seconds)
        process.kill()
        process.communicate()
        return process.returncode == -9

    def look(self) -> Machine:
        """The current state of the machine."""
        return look(self.settings.state, self.settings.cache)

    def left_behind(self, before: Machine) -> list[str]:
        """Differences from the machine before, and files in the state folder, HOME and TMPDIR, which must be empty."""
        folders = (self.home, self.temporary)
        files = [f"+ {path}" for folder in folders for path in folder.rglob("*")]
        return before.differences(self.look()) + files + [f"+ {self.settings.state}"] * self.settings.state.exists()

    def states(self) -> dict[str, str]:
        """State of each part, as `status` prints it."""
        process = self.start("status")
        output, _ = process.communicate(timeout=120)
        assert "Traceback" not in output, output
        table = output.split("\n\n")[0].splitlines()
        start = table[0].index("STATE"), table[0].index("VERSION")
        return {line[: start[1]].strip(): line[start[0] :].strip() for line in table[1:]}


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox of this machine, down at the beginning and at the end; everything that it builds and downloads is in its cache."""
    made = Sandbox(settings.load(), tmp_path_factory.mktemp("sandbox"))
    made.run("down")
    made.run("up")
    made.run("down")
    yield made
    made.run("down")
