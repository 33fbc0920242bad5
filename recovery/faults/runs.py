# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of runs of site.yml themselves."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import typing as t
from dataclasses import replace
from pathlib import Path

from tests.e2e.world import ROOT, until

from ..background import Background
from ..pipeline import Pipeline, Recovery


def site_killed(pipeline: Pipeline) -> Recovery:
    """The controller dies in the middle of a run that rolls out a new pod: the Secret is written, the run never ends."""
    pipeline.change_property()
    before = _versions(pipeline)
    words, environment = pipeline.world.playbook_command("site.yml", variables=pipeline.variables)
    pipeline.say("site.yml, to be killed")
    process = subprocess.Popen(
        words,
        env={**os.environ, **environment, "RECORDER_FILE": os.devnull},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until(lambda: _versions(pipeline) != before, 120, "the run has changed something")
    finally:
        # Workers of ansible-core have sessions of their own, which a signal to the group does not reach.
        for pid in (*_descendants(process.pid), process.pid):
            _kill(pid)
    assert process.wait(30) == -signal.SIGKILL, "the run had ended before it was killed"
    pipeline.site()
    return Recovery("site.yml, run again")


def two_sites(pipeline: Pipeline) -> Recovery:
    """Two people run site.yml at the same time, and it rolls out a new pod."""
    uid = pipeline.pod.uid
    pipeline.change_property()
    codes: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        other = replace(pipeline.world, folder=Path(folder), outputs=[])
        pipeline.say("site.yml, twice at once")
        second = Background(lambda: codes.append(other.playbook("site.yml", variables=pipeline.variables).code))
        codes.append(pipeline.world.playbook("site.yml", variables=pipeline.variables).code)
        second.wait(600)
    assert 0 in codes, f"both runs failed: {codes}"
    pipeline.pod.replaced(uid)
    run = pipeline.site()
    assert not run.changed(), f"the run after the two changed {run.changed()}"
    return Recovery(f"site.yml (the two ended with {sorted(codes)})")


def _versions(pipeline: Pipeline) -> t.Any:
    found = pipeline.pod.kubectl("get", "secrets", pipeline.pod.selector, "--output", "json")["items"]
    return {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in found}


def _descendants(pid: int) -> list[int]:
    """Processes that a process has started, and those that they have."""
    found: list[int] = []
    for file in Path("/proc").glob(f"{pid}/task/*/children"):
        for child in map(int, file.read_text().split()):
            found += [*_descendants(child), child]
    return found


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
