"""The sandbox's locks: two commands never work on one state folder at once, and make one thing of the cache one after the other."""

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
    """Hold the lock on `folder` itself, so that no file is left of it.  The folder is made if it is not there, and goes when it is empty.

    The kernel frees the lock when the command ends, however it ends.
    """
    descriptor = _lock(folder)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # it holds something, or the body removed it
            folder.rmdir()
        os.close(descriptor)


@contextmanager
def making(target: Path) -> Iterator[Path]:
    """A folder to make `target` in, which the body renames into its place: `target` is never there by half.

    Makers take turns, so the body looks first whether another one has made it meanwhile.  What a killed maker left is removed before,
    and the folder after.
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
    """Hold the lock on `folder`, which is made if it is not there.  Whoever has it is waited for, however long that takes."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lock(folder: Path) -> int:
    """A descriptor that holds the lock.  Until it was had, another command may have removed the folder; then there is a new one."""
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
