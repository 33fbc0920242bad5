# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox without root: commands run as `nobody`, in folders of his own, when the tests run as root; else as the caller."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cdc_sandbox.command import run
from cdc_sandbox.kubernetes import build as kubernetes_build
from cdc_sandbox.postgresql import programs
from cdc_sandbox.progress import Progress
from cdc_sandbox.pubsub import build as pubsub_build
from cdc_sandbox.settings import Settings, load, without_root

from .world import ROOT, World

NOBODY = 65534
"""User and group id of `nobody`, who is on every machine and owns nothing."""


@contextmanager
def ordinary_user() -> Iterator[World]:
    """A user with folders of its own.  Of root's cache it gets what was built, for a build takes a quarter of an hour."""
    home = Path(tempfile.mkdtemp(prefix="cdc-ordinary-user-"))
    try:
        user = _nobody(home) if os.geteuid() == 0 else World(load(), home)
        if user.command(user.python, "-c", "import cdc_sandbox, ansible").returncode != 0:
            pytest.skip(f"user {NOBODY} may not run {user.python} or read {ROOT}, so nothing can be tried without root")
        yield user
    finally:
        shutil.rmtree(home)


def _nobody(home: Path) -> World:
    roots, settings = load(), without_root(Settings(state=home / "state", cache=home / "cache"))
    progress = Progress()
    settings.cache.mkdir()
    for built in (kubernetes_build.program(roots, progress), pubsub_build.build(roots, progress)):
        (settings.cache / built.parent.name).symlink_to(built.parent)
    # PostgreSQL's template belongs to the user who made it.
    installed = programs.install(roots).folder
    run(["cp", "-a", installed, settings.cache / installed.name])
    home.chmod(0o755)
    run(["chown", "-R", f"{NOBODY}:{NOBODY}", home])
    packages = [path for path in sys.path if path.endswith("site-packages")]
    environment = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "CDC_SANDBOX_STATE": str(settings.state),
        "CDC_SANDBOX_CACHE": str(settings.cache),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "sandbox"), *packages]),
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
    }
    return World(settings, home, NOBODY, _python(), environment)


def _python() -> str:
    """This Python if others may run it, else the system's of the same version, which can load the same packages."""
    real = Path(sys.executable).resolve()
    if all(part.stat().st_mode & 0o001 for part in (real, *real.parents)):
        return sys.executable
    return f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
