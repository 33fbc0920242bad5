# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox as a user without root has it: commands run as `nobody` when the tests run as root, else as the caller."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cdc_sandbox import cli
from cdc_sandbox.command import run
from cdc_sandbox.kubernetes import build as kubernetes_build
from cdc_sandbox.kubernetes import cluster
from cdc_sandbox.postgresql import programs
from cdc_sandbox.progress import Progress
from cdc_sandbox.pubsub import build as pubsub_build
from cdc_sandbox.settings import Settings, load, without_root

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534
"""User and group id of `nobody`, who is on every machine and owns nothing."""


@dataclass(frozen=True)
class OrdinaryUser:
    """user: numeric id to run as, or None for the caller's.  python: an interpreter that this user may run."""

    settings: Settings
    user: int | None
    python: str
    environment: t.Mapping[str, str]

    def command(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a program as the user; its output holds both streams."""
        return subprocess.run(
            words,
            env={**self.environment, **environment},
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1800,
        )

    def sandbox(self, *words: str) -> str:
        """A command of the sandbox that must succeed."""
        done = self.command(self.python, "-m", "cdc_sandbox.cli", *words)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def site(self, variables: t.Mapping[str, t.Any] | None = None) -> str:
        """Run site.yml, which must succeed; what it printed."""
        words = ["playbook", "-i", "inventories/sandbox.yml", "playbooks/site.yml", "-e", json.dumps(variables or {})]
        done = self.command(self.python, "-m", "ansible", *words, **cli.environment(self.settings), ANSIBLE_NOCOLOR="1")
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    def kubectl(self, *words: str) -> t.Any:
        """kubectl's JSON answer."""
        done = self.command(str(cluster.kubectl(self.settings)), *words, "--output=json")
        assert done.returncode == 0, done.stdout
        return json.loads(done.stdout)

    def processes(self) -> list[str]:
        """Command lines of the programs of this sandbox that run."""
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = file.read_bytes().decode(errors="replace").replace("\0", " ")
            except (FileNotFoundError, ProcessLookupError):
                continue  # It ended while we looked.
            if str(self.settings.state) in words:
                found.append(words)
        return found


@contextmanager
def ordinary_user() -> Iterator[OrdinaryUser]:
    """A user with folders of its own.  Of root's cache it gets what was built, for a build takes a quarter of an hour."""
    if os.geteuid() != 0:
        yield OrdinaryUser(load(), None, sys.executable, os.environ)
        return
    home = Path(tempfile.mkdtemp(prefix="cdc-ordinary-user-"))
    try:
        user = _nobody(home)
        if user.command(user.python, "-c", "import cdc_sandbox, ansible").returncode != 0:
            pytest.skip(f"user {NOBODY} may not run {user.python} or read {ROOT}, so nothing can be tried without root")
        yield user
    finally:
        shutil.rmtree(home)


def _nobody(home: Path) -> OrdinaryUser:
    roots, settings = load(), without_root(Settings(state=home / "state", cache=home / "cache"))
    progress = Progress()
    settings.cache.mkdir()
    for built in (kubernetes_build.program(roots, progress), pubsub_build.build(roots, progress)):
        (settings.cache / built.parent.name).symlink_to(built.parent)
    # PostgreSQL's template belongs to the user who made it.
    installed = programs.install(roots).folder
    run(["cp", "-a", installed, settings.cache / installed.name])
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
    return OrdinaryUser(settings, NOBODY, _python(), environment)


def _python() -> str:
    """This Python if others may run it, else the system's of the same version, which can load the same packages."""
    real = Path(sys.executable).resolve()
    if all(part.stat().st_mode & 0o001 for part in (real, *real.parents)):
        return sys.executable
    return f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
