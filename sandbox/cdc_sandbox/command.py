"""Small deeds of many parts: run a program to its end, remove a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import SandboxError


def run(command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> str:
    """Run `command` without a shell and return what it prints; raise SandboxError with its last words if it fails.

    environment: added to the caller's environment.
    folder: working directory, by default the caller's.
    """
    try:
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd=folder,
            env={**os.environ, **(environment or {})},
        )
    except FileNotFoundError as error:
        raise SandboxError(f"The program {command[0]} is not installed.") from error
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()[-8:]
        raise SandboxError(f"{' '.join(map(str, command[:4]))} ended with code {done.returncode}: " + "\n".join(words))
    return done.stdout


def remove_folder(path: Path) -> None:
    """Remove a folder and all in it; one that is not there is fine."""
    if path.exists():
        shutil.rmtree(path)
