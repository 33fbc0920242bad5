"""What the sandbox asks of containerd, told to a stand-in `ctr` that keeps its tasks and containers as files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cdc_sandbox.errors import SandboxError
from cdc_sandbox.kubernetes import containerd
from cdc_sandbox.settings import Settings

CTR = """#!/bin/sh
# ctr --address A --namespace N KIND VERB [OPTIONS] [NAME]
shift 4
kind=$1 verb=$2
for name; do :; done
cd "$FAKE/$kind" || exit 1
case $verb in
  ls) ls ;;
  info) cat "$name" ;;
  delete)
    [ "$kind" = containers ] && [ -e "$FAKE/tasks/$name" ] && { echo "container has a task" >&2; exit 1; }
    grep -q broken "$name" && { echo "permission denied" >&2; exit 1; }
    grep -q vanishing "$name" && { rm "$name"; echo "failed to delete task: not found" >&2; exit 1; }
    rm "$name" ;;
esac
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "fake"
    for each in ("bin", "tasks", "containers"):
        (folder / each).mkdir(parents=True)
    (folder / "bin/ctr").write_text(CTR)
    (folder / "bin/ctr").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE", str(folder))
    return folder


def add(fake: Path, name: str, task: str | None = "running") -> None:
    namespaces = [{"type": "network", "path": f"/var/run/netns/cni-{name}"}]
    (fake / "containers" / name).write_text(json.dumps({"Spec": {"linux": {"namespaces": namespaces}}}))
    if task is not None:
        (fake / "tasks" / name).write_text(task)


def test_all_containers_end_and_their_network_namespaces_are_named(settings: Settings, fake: Path) -> None:
    add(fake, "one")
    add(fake, "stopped", task=None)

    assert containerd.end_containers(settings) == ["cni-one", "cni-stopped"]
    assert list((fake / "tasks").iterdir()) == []


def test_containers_stay_until_they_are_removed_for_only_they_name_the_namespaces(settings: Settings, fake: Path) -> None:
    add(fake, "one")
    assert containerd.end_containers(settings) == containerd.end_containers(settings) == ["cni-one"]

    containerd.remove_all(settings, "containers")
    assert containerd.end_containers(settings) == []


def test_a_task_that_containerd_removes_at_the_same_time_is_no_failure(settings: Settings, fake: Path) -> None:
    add(fake, "one", task="vanishing")
    assert containerd.end_containers(settings) == ["cni-one"]


def test_a_task_that_stays_is_said(settings: Settings, fake: Path) -> None:
    add(fake, "one", task="broken")
    with pytest.raises(SandboxError, match="permission denied"):
        containerd.remove_all(settings, "tasks", "--force", seconds=0)


def test_an_archive_that_could_not_be_made_leaves_nothing_in_the_cache(settings: Settings, fake: Path) -> None:
    def fails(archive: Path) -> None:
        archive.write_text("half")
        raise SandboxError("no network")

    with pytest.raises(SandboxError, match="no network"):
        containerd.import_image(settings, fails)
    assert list(settings.cache.iterdir()) == []


def shim(address: Path) -> subprocess.Popen[bytes]:
    """A process that looks like a container's parent, which belongs to the containerd at `address`."""
    command = ["containerd-shim-runc-v2", "-c", "import time; time.sleep(60)", "-address", str(address)]
    return subprocess.Popen(command, executable=sys.executable)


def test_only_lost_processes_of_this_containerd_are_killed(settings: Settings, tmp_path: Path) -> None:
    ours, other = shim(containerd.socket_path(settings)), shim(tmp_path / "other.sock")
    try:
        containerd.end_shims(settings)
        assert ours.wait(timeout=5) == -signal.SIGKILL
        assert other.poll() is None
    finally:
        for each in (ours, other):
            each.kill()
            each.wait()
