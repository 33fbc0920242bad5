"""Builds `cdc-sandbox-pubsub`, the Go program, once per version of its sources."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from ..command import fetch
from ..lock import making
from ..packages import go_environment, go_program
from ..progress import Progress
from ..settings import Settings

SOURCES = Path(__file__).resolve().parents[2] / "pubsub"
"""The Go module, beside the Python package."""


def build(settings: Settings, progress: Progress) -> Path:
    """The program, built into the cache unless present.  It appears under its name only when it is complete."""
    program = settings.cache / "pubsub" / f"cdc-sandbox-pubsub-{_fingerprint()}"
    if program.exists():
        return program
    go = go_program(settings, progress)
    with progress.step("Build the Pub/Sub server"), making(program) as work:
        if not program.exists():  # another sandbox with this cache may have built it
            fetch(
                "The Pub/Sub server",
                [go, "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", work / program.name, "."],
                environment={**go_environment(settings), "TMPDIR": str(work)},
                folder=SOURCES,
            )
            (work / program.name).rename(program)
    return program


def engine_version() -> str:
    """Version of Google's in-memory server, as go.mod names it."""
    found = re.search(r"cloud\.google\.com/go/pubsub/v2 v(\S+)", (SOURCES / "go.mod").read_text())
    return found[1] if found else "unknown"


def _fingerprint() -> str:
    """Changes with each source file of the program, but not with its tests."""
    digest = hashlib.sha256()
    sources = [path for path in SOURCES.glob("*.go") if not path.name.endswith("_test.go")]
    for path in sorted([*sources, SOURCES / "go.mod", SOURCES / "go.sum"]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
