"""Two commands never work on one state folder at once, no file is left of the lock, and makers of one thing take turns."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cdc_sandbox.errors import SandboxError
from cdc_sandbox.lock import alone, making


def test_a_second_command_says_that_another_one_is_at_work(tmp_path: Path) -> None:
    with (
        alone(tmp_path / "state"),
        pytest.raises(SandboxError, match="Another `up` or `down` of the sandbox is at work"),
        alone(tmp_path / "state"),
    ):
        pass


def test_nothing_is_left_of_the_lock(tmp_path: Path) -> None:
    with alone(tmp_path / "state"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_lock_is_free_after_a_command_that_removed_the_folder(tmp_path: Path) -> None:
    with alone(tmp_path / "state"):
        shutil.rmtree(tmp_path / "state")
    with alone(tmp_path / "state"):
        (tmp_path / "state" / "file").touch()
    assert (tmp_path / "state" / "file").exists()


def test_the_lock_of_a_killed_command_is_free(tmp_path: Path) -> None:
    program = "import sys, pathlib, cdc_sandbox.lock as l\nwith l.alone(pathlib.Path(sys.argv[1])):\n print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "state")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(SandboxError), alone(tmp_path / "state"):
            pass
        holder.kill()
    with alone(tmp_path / "state"):
        pass


def test_a_second_maker_waits_for_the_first(tmp_path: Path) -> None:
    seen: list[str] = []

    def second() -> None:
        with making(tmp_path / "cache/thing"):
            seen.append("second")

    with making(tmp_path / "cache/thing"):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        seen.append("first")
    waiting.join(10)
    assert seen == ["first", "second"]


def test_what_a_killed_maker_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, cdc_sandbox.lock as l\n"
        "with l.making(pathlib.Path(sys.argv[1])) as work:\n (work / 'half').touch(); print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "cache/thing")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as killed:
        assert killed.stdout is not None
        killed.stdout.readline()
        killed.kill()
    assert [path.name for path in tmp_path.rglob("half")] == ["half"]

    with making(tmp_path / "cache/thing") as work:
        assert list(work.iterdir()) == []
        (work / "whole").touch()
        (work / "whole").rename(tmp_path / "cache/thing")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["thing"]


def test_a_maker_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def make() -> None:
        with making(tmp_path / "cache/thing") as work:
            (work / "half").touch()
            raise SandboxError("no network")

    with pytest.raises(SandboxError, match="no network"):
        make()
    assert list((tmp_path / "cache").iterdir()) == []
