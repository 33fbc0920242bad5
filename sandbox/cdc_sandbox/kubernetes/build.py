"""Builds the sandbox's Kubernetes from the Go module in `sandbox/kubernetes`, once per version of its sources."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from .. import packages
from ..command import ends_with_us, failure, fetch
from ..errors import SandboxError
from ..lock import making
from ..progress import Progress
from ..settings import Settings

SOURCES = Path(__file__).parents[2] / "kubernetes"
"""The Go module: go.mod, go.sum and main.go."""


def version() -> str:
    """Version of Kubernetes that is built, such as `v1.36.3`."""
    return version_of("k8s.io/kubernetes")


def version_of(module: str, sources: Path = SOURCES) -> str:
    """Version of a Go module that go.mod requires."""
    found = re.search(rf"^\s+{re.escape(module)} (v\d+\.\d+\.\d+)$", (sources / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise SandboxError(f"{sources / 'go.mod'} requires no version of {module}.")
    return found[1]


def cache_key(sources: Path, go_version: tuple[int, int]) -> str:
    """Identifies a build: it changes with the sources and with the minor version of Go."""
    digest = hashlib.sha256(f"go{go_version[0]}.{go_version[1]}".encode())
    for name in ("go.mod", "go.sum", "main.go"):
        content = (sources / name).read_bytes()
        digest.update(f"\n{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def linker_flags(kubernetes: str) -> str:
    """Linker flags that set the version; without them the API server calls itself `v0.0.0-master`."""
    major, minor, _ = kubernetes.removeprefix("v").split(".")
    values = {"gitVersion": kubernetes, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return "-s -w " + " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())


def program(settings: Settings, progress: Progress) -> Path:
    """Path of the program; builds it if this version has not been built (6 to 9 minutes on two cores)."""
    go = packages.go_program(settings, progress)
    folder = settings.cache / f"kubernetes-{cache_key(SOURCES, packages.go_version(go, settings))}"
    built = folder / "kubernetes"
    if not built.exists():
        _build(settings, progress, go, built)
    return built


def _build(settings: Settings, progress: Progress, go: Path, built: Path) -> None:
    """Build under a temporary name and rename, so that an interrupted build leaves no program under the final name.

    Go's own cache (3.3 GB) lives in the sandbox's cache and is removed after success: another version of Kubernetes or of Go would
    share nothing with it.  After a failure it stays, so that the next attempt continues from there.
    """
    compile_cache = settings.cache / "go-build-kubernetes"
    kubernetes = version()
    with progress.step(f"build Kubernetes {kubernetes} from source (once, some 8 minutes on two cores)"), making(built) as work:
        if built.exists():  # another sandbox with this cache was building it
            return
        environment = {**packages.go_environment(settings), "GOCACHE": str(compile_cache), "TMPDIR": str(work)}
        progress.note("download the sources")
        total = len(fetch("Kubernetes' sources", [go, "list", "-deps", "."], environment=environment, folder=SOURCES).splitlines())
        command: list[str | Path] = [
            go,
            "build",
            "-v",
            "-trimpath",
            "-buildvcs=false",
            "-ldflags",
            linker_flags(kubernetes),
            "-o",
            work / built.name,
            ".",
        ]
        _compile(ends_with_us(command), environment, total, progress)
        (work / built.name).rename(built)
        # Go makes the files of its caches read-only, never their folders: rmtree can remove them.
        shutil.rmtree(compile_cache)


def _compile(command: list[str], environment: dict[str, str], total: int, progress: Progress) -> None:
    """Run `go build -v`, which names each package as it compiles it, and report the progress."""
    process = subprocess.Popen(
        command,
        cwd=SOURCES,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    last: list[str] = []
    try:
        for compiled, line in enumerate(process.stderr or (), start=1):
            last = [*last[-49:], line.rstrip()]
            progress.note(f"{min(compiled, total)} of {total} packages")
        code = process.wait()
    finally:
        process.kill()
        process.wait()
    if code != 0:
        # -v prints packages; error messages are the lines with a colon.
        raise SandboxError(failure("Kubernetes", [line for line in last if ":" in line]))
