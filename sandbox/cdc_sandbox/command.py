"""Shared helpers: run a program to completion, remove a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import SandboxError


def run(command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> str:
    """Run `command` without a shell and return what it prints; raise SandboxError with its last lines of output if it fails.

    environment: added to the caller's environment.
    folder: working directory, by default the caller's.
    """
    done = _finished(command, command, environment, folder)
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()[-8:]
        raise SandboxError(f"{' '.join(map(str, command[:4]))} ended with code {done.returncode}: " + "\n".join(words))
    return done.stdout


def fetch(what: str, command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> str:
    """As `run`, for a command that downloads or works for a while: it is killed with the sandbox's own command, even on `kill -9`.

    what: the result, as the error message names it.
    """
    done = _finished(command, ends_with_us(command), environment, folder)
    if done.returncode != 0:
        raise SandboxError(failure(what, [*done.stdout.splitlines(), *done.stderr.splitlines()]))
    return done.stdout


def ends_with_us(command: Sequence[str | Path]) -> list[str]:
    """The command, wrapped so that it gets a signal when the thread that started it exits (PR_SET_PDEATHSIG, prctl(2)).

    As root it runs in a PID namespace, which is killed as a whole: mmdebstrap ignores SIGTERM.
    """
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        return ["setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *words]
    return ["setpriv", "--pdeathsig", "TERM", *words]


def failure(what: str, output: Sequence[str]) -> str:
    """One sentence: why a download or build failed, with the most relevant line of its output."""
    lines = [line.strip() for line in output if line.strip()]
    for line in lines:
        if "no space left on device" in line.lower():
            return f"{what} cannot be had, for the disk is full: {line}"
    errors = [line for line in lines if line.startswith(("E:", "Err:")) or "error" in line.lower() or "dial tcp" in line]
    telling = (errors or lines[-1:] or ["it said nothing"])[0]
    return f"{what} cannot be had (is this machine online?): {telling[:400]}"


def _finished(
    command: Sequence[str | Path], started: Sequence[str | Path], environment: Mapping[str, str] | None, folder: Path | None
) -> subprocess.CompletedProcess[str]:
    """Run `started`, the wrapped form of `command`, to completion."""
    if shutil.which(command[0]) is None:
        raise SandboxError(f"The program {command[0]} is not installed.")
    return subprocess.run(
        [str(word) for word in started],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd=folder,
        env={**os.environ, **(environment or {})},
    )


def remove_folder(path: Path) -> None:
    """Remove a folder and its contents, if it exists."""
    if path.exists():
        shutil.rmtree(path)
