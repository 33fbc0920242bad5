# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything on a machine that a sandbox may change, as one comparable value."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

CHANGING_SYSCTLS = ("fs/dentry-state", "fs/file-nr", "fs/inode-nr", "fs/inode-state", "fs/quota", "kernel/ns_last_pid", "kernel/pty/nr")
"""Counters of the kernel, as is everything below kernel/random and net/netfilter."""
CHANGING_FOLDERS = ("kernel/random", "net/netfilter", "fs/binfmt_misc")

FILES = ("/dev", "/etc", "/opt", "/run", "/srv", "/usr/local", "/var")
"""Where a program that runs as root may leave files.  HOME and TMPDIR are the test's own and must stay empty."""
MARK = "CDC_SANDBOX_RESILIENCE_TEST"
"""An environment variable that all programs of the sandbox inherit."""


@dataclass(frozen=True)
class Machine:
    """Each field is a set of readable lines."""

    processes: frozenset[str]
    mounts: frozenset[str]
    links: frozenset[str]
    addresses: frozenset[str]
    routes: frozenset[str]
    rules: frozenset[str]
    cgroups: frozenset[str]
    sysctls: frozenset[str]
    files: frozenset[str]

    def differences(self, other: Machine) -> list[str]:
        """Lines that are only here (-) and only there (+)."""
        found = []
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            found += [f"- {each.name}: {line}" for line in sorted(mine - theirs)]
            found += [f"+ {each.name}: {line}" for line in sorted(theirs - mine)]
        return found


def look(state: Path, cache: Path) -> Machine:
    """The current state of the machine, without the files in the sandbox's two folders."""
    return Machine(
        processes=frozenset(_processes(str(state))),
        mounts=frozenset(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()),
        links=frozenset(entry["ifname"] for entry in _ip("link", "show")),
        addresses=frozenset(
            f"{entry['ifname']} {address['local']}/{address['prefixlen']}"
            for entry in _ip("address", "show")
            for address in entry["addr_info"]
            if not address.get("dynamic")
        ),
        routes=frozenset(_lines("ip", "route", "show", "table", "all")),
        rules=frozenset(line.partition("[")[0] for line in _lines("iptables-save") if not line.startswith("#")),
        cgroups=frozenset(str(path) for path, _, _ in os.walk("/sys/fs/cgroup")),
        sysctls=frozenset(_sysctls()),
        files=frozenset(_files([str(state), str(cache)])),
    )


def _processes(state: str) -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environment = (process / "environ").read_bytes().decode(errors="replace").split("\0")
            groups = (process / "cgroup").read_text()
            places = [str((process / link).readlink()) for link in ("cwd", "exe")]
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # a thread of the kernel, another container's, or it ended meanwhile
        marked = any(variable.startswith(f"{MARK}=") for variable in environment) and int(process.name) != os.getpid()
        if marked or "kubepods" in groups or any(place.startswith(state) for place in places):
            yield f"{process.name} {command}"


def _ip(*arguments: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads("\n".join(_lines("ip", "-json", *arguments)))
    return found


def _lines(*command: str) -> list[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    except FileNotFoundError:
        return []  # iptables comes with the first `up`


def _sysctls() -> Iterator[str]:
    root = Path("/proc/sys")
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            key = str(path.relative_to(root))
            if key in CHANGING_SYSCTLS or key.startswith(CHANGING_FOLDERS):
                continue
            try:
                yield f"{key} = {path.read_text(errors='replace').strip()}"
            except OSError:
                continue  # it can only be written


def _files(folders: list[str]) -> Iterator[str]:
    for root in FILES:
        for folder, below, names in os.walk(root):
            below[:] = [name for name in below if os.path.join(folder, name) not in folders and name != "__pycache__"]
            yield from (os.path.join(folder, name) for name in [*below, *names])
