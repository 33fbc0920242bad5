# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipeline's pod, and its process on this machine, which is the node."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

from tests.e2e.world import World, until


class Pod:
    """The one pod of a pipeline, whichever it is now.  names: of the pipeline."""

    def __init__(self, world: World, names: dict[str, t.Any]) -> None:
        self._world, self._names = world, names
        self.selector = f"--selector=parent={names['cdc_name']}"

    def kubectl(self, *arguments: str) -> t.Any:
        return self._world.kubectl(*arguments, "--namespace", self._names["cdc_namespace"])

    def present(self) -> list[t.Any]:
        """The pods that are not on their way out."""
        found = self.kubectl("get", "pods", self.selector, "--output", "json")["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def current(self) -> t.Any:
        """The pod, once there is one."""
        return until(self.present, 120, "there is a pod")[0]

    @property
    def uid(self) -> str:
        return str(self.current()["metadata"]["uid"])

    @property
    def name(self) -> str:
        return str(self.current()["metadata"]["name"])

    def replaced(self, uid: str) -> None:
        """Wait until there is another pod than the one with `uid`."""
        until(lambda: any(pod["metadata"]["uid"] != uid for pod in self.present()), 240, "another pod is there")

    def java(self) -> int:
        """Pid of Debezium Server, once it runs."""
        return int(until(lambda: _java(self.uid), 120, "Debezium Server runs"))

    def delete_deployment(self) -> None:
        """Delete the Deployment, and wait until its process is gone."""
        pid = self.java()
        self.kubectl("delete", "deployment", self._names["cdc_deployment"], "--cascade=foreground", "--timeout=120s")
        gone(pid)

    def network(self, *words: str) -> None:
        """Run a program of this machine in the pod's network, which goes with the pod."""
        command = ["nsenter", "--target", str(self.java()), "--net", *words]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pid: int) -> None:
    """Wait until a process has ended."""
    until(lambda: not alive(pid), 150, f"process {pid} is gone")


def _java(uid: str) -> int | None:
    for group in Path("/proc").glob("[0-9]*/cgroup"):
        try:
            if uid in group.read_text().replace("_", "-") and (group.parent / "comm").read_text().strip() == "java":
                return int(group.parent.name)
        except (FileNotFoundError, ProcessLookupError):
            continue  # It ended while we looked.
    return None
