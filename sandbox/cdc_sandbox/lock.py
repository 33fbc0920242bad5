"""The sandbox's locks: one command at a time per state folder, and one builder at a time per file of the cache."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .command import remove_folder
from .errors import SandboxError


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a lock on `folder` itself, which leaves no lock file behind.  The folder is created if needed, and removed when it is empty.

    The kernel releases the lock when the command ends, however it ends.
    """
    descriptor = _lock(folder)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # it is not empty, or the body removed it
            folder.rmdir()
        os.close(descriptor)


@contextmanager
def making(target: Path) -> Iterator[Path]:
    """A scratch folder in which to build `target`; the body renames the result into place, so `target` is never incomplete.

    Only one process builds at a time, so the body first checks whether another has built it meanwhile.  Leftovers of a killed build are
    removed before, and the folder after.
    """
    scratch = target.with_name(f"{target.name}.tmp")
    with _in_turn(target.parent):
        remove_folder(scratch)
        scratch.mkdir()
        try:
            yield scratch
        finally:
            remove_folder(scratch)


@contextmanager
def _in_turn(folder: Path) -> Iterator[None]:
    """Hold the lock on `folder`, which is created if needed.  Waits for another holder, however long that takes."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lock(folder: Path) -> int:
    """A descriptor that holds the lock.  If another command removed the folder before the lock was acquired, a new one is created."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise SandboxError("Another `up` or `down` of the sandbox is at work; wait until it ends.") from None
        if _is(folder, descriptor):
            return descriptor
        os.close(descriptor)


def _is(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
