"""What the node changes on this machine: recorded before the first change and restored at the end."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from ..command import remove_folder, run
from ..process import wait_until
from ..settings import Settings
from . import cgroups

SYSCTLS = ("vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward")
"""The kubelet sets the first three, the network plug-in the last."""

CGROUPS = Path("/sys/fs/cgroup")
FOLDERS = (
    "/run/containerd",
    "/run/mount",
    "/run/netns",
    "/var/lib/cni",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/opt/cni",
    "/opt/containerd",
)
"""Folders at fixed paths that containerd, the network plug-ins, the kubelet and `umount` create."""


@dataclass(frozen=True)
class Before:
    """State of this machine before the start.

    sysctls: path below /proc/sys -> value.
    absent: folders that did not exist, and so may be removed.
    """

    sysctls: dict[str, str]
    absent: list[str]


def _file(settings: Settings) -> Path:
    return settings.state / "kubernetes" / "before.json"


def remember(settings: Settings, sysctls: Path = Path("/proc/sys"), folders: Iterable[str] | None = None) -> None:
    """Record the state of the machine, unless that was done before (by a start that was interrupted, for example).

    folders: those that `restore` removes if they do not exist now; None for all that the node creates, including its pods' cgroups.
    """
    file = _file(settings)
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    if folders is None:
        folders = [*FOLDERS, *map(str, cgroups.pod_cgroups(cgroups.here()))]
    before = Before(
        sysctls={name: (sysctls / name).read_text().strip() for name in SYSCTLS},
        absent=[each for each in folders if not Path(each).exists()],
    )
    temporary = file.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(before), indent=2))
    temporary.rename(file)


def restore(settings: Settings, sysctls: Path = Path("/proc/sys")) -> None:
    """Restore what `remember` recorded, if anything.  The node's programs must have ended."""
    file = _file(settings)
    if not file.exists():
        return
    before = Before(**json.loads(file.read_text()))
    for name, value in before.sysctls.items():
        if (sysctls / name).read_text().strip() != value:
            (sysctls / name).write_text(value)
    unmount(Path(absent) for absent in before.absent)
    for absent in before.absent:
        path = Path(absent)
        if path.is_relative_to(CGROUPS):
            remove_cgroup(path)
        else:
            remove_folder(path)
    file.unlink()


def remove_cgroup(path: Path) -> None:
    """Remove a cgroup and its descendants, and kill what still runs in them.  A cgroup is busy until its last process is gone."""
    for folder, _, _ in os.walk(path, topdown=False):
        wait_until(partial(_remove_one_cgroup, Path(folder)), 10, f"The cgroup {folder} still has processes.")


def _remove_one_cgroup(path: Path) -> bool:
    try:
        path.rmdir()
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        kill(int(pid) for pid in (path / "cgroup.procs").read_text().split())
        return False
    return True


def kill(pids: Iterable[int]) -> None:
    """Send SIGKILL to those that still exist."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def mounts_below(folders: Iterable[Path], mountinfo: str) -> list[str]:
    """Mount points at or below `folders`, the last mounted first (proc(5), mountinfo: field 5, octal escapes)."""
    points = [line.split()[4].encode().decode("unicode_escape") for line in mountinfo.splitlines()]
    return [point for point in reversed(points) if any(Path(point).is_relative_to(folder) for folder in folders)]


def unmount(folders: Iterable[Path]) -> None:
    """Unmount everything at or below `folders`."""
    for point in mounts_below(list(folders), Path("/proc/self/mountinfo").read_text()):
        run(["umount", point])


def remove_link(name: str) -> None:
    """Remove a network link if it exists."""
    if Path("/sys/class/net", name).exists():
        run(["ip", "link", "delete", name])


def remove_namespaces(names: Iterable[str]) -> None:
    """Remove network namespaces by their names in /run/netns, if they exist."""
    for name in names:
        if Path("/run/netns", name).exists():
            run(["ip", "netns", "delete", name])
