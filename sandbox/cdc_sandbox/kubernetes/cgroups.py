"""Which control groups (cgroups) this machine has: version 1, one tree for each controller, or version 2, one tree for all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import SandboxError

NEEDED_V1 = frozenset({"cpu", "cpuacct", "cpuset", "memory"})
"""What the kubelet refuses to start without (pkg/kubelet/cm, validateSystemRequirements)."""
NEEDED_V2 = frozenset({"cpu", "cpuset", "memory", "pids"})
"""The controllers that the kubelet gives to pods in version 2's tree (pkg/kubelet/cm, allowlistControllers)."""


@dataclass(frozen=True)
class Hierarchy:
    """A mounted tree.  version: 1 or 2.  options: of the mount; with version 1 the controllers are among them."""

    version: int
    path: Path
    options: frozenset[str]


def hierarchies(mounts: str) -> list[Hierarchy]:
    """The trees in the text of /proc/self/mounts, each once."""
    versions = {"cgroup": 1, "cgroup2": 2}
    rows = [line.split() for line in mounts.splitlines()]
    found = [Hierarchy(versions[row[2]], Path(row[1]), frozenset(row[3].split(","))) for row in rows if row[2] in versions]
    return list({each.path: each for each in found}.values())


def version(trees: Iterable[Hierarchy]) -> int:
    """The version that containers use.  Where both are mounted, the controllers are with version 1 (runc calls it hybrid)."""
    return 2 if {each.version for each in trees} == {2} else 1


def pod_cgroups(trees: Iterable[Hierarchy]) -> list[Path]:
    """Where the kubelet makes the pods' cgroups: one place for each tree."""
    return [each.path / "kubepods" for each in trees]


def missing(trees: Iterable[Hierarchy], controllers: str) -> list[str]:
    """Controllers that the kubelet needs and the kernel does not offer.

    controllers: text of `cgroup.controllers` at the root of version 2's tree, "" where that version is not used.
    """
    known = list(trees)
    if version(known) == 2:
        return sorted(NEEDED_V2 - set(controllers.split()))
    return sorted(NEEDED_V1 - {option for each in known for option in each.options})


def here() -> list[Hierarchy]:
    """This machine's trees."""
    return hierarchies(Path("/proc/self/mounts").read_text())


def check() -> None:
    """Raise SandboxError when this machine lacks a controller; some arm64 machines boot without `memory`."""
    trees = here()
    controllers = (trees[0].path / "cgroup.controllers").read_text() if trees and version(trees) == 2 else ""
    if absent := missing(trees, controllers):
        raise SandboxError(
            f"The kernel offers no cgroup controller {', '.join(absent)}, which Kubernetes needs for pods; boot with it "
            "(the kernel's option cgroup_enable=memory, say), or run the sandbox as a user without root, which makes no pods."
        )
