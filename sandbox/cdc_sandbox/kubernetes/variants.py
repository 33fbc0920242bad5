"""Which Kubernetes the sandbox uses: its own with a real node (root), its own with a fake node (anybody else), or one that was named."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

from .. import given
from ..errors import SandboxError
from ..progress import Progress
from ..settings import Settings
from . import cluster, given_cluster, without_root
from .cluster import Part


def _module(settings: Settings) -> ModuleType:
    return {"real node": cluster, "fake node": without_root, "given": given_cluster}[settings.kubernetes]


def prepare(settings: Settings) -> None:
    """What can be known before anything is started; raises SandboxError with one sentence."""
    if given.from_environment(os.environ) not in (None, settings.given_cluster):
        now = f"context {settings.given_cluster.context}" if settings.given_cluster else "its own Kubernetes"
        raise SandboxError(f"The sandbox is up with {now}; run `make down` before you give it another.")
    if settings.kubernetes == "given":
        given_cluster.prepare(settings)


def up(settings: Settings, progress: Progress) -> None:
    """Start what is not there yet; raise SandboxError with one sentence when something is missing or does not start."""
    _module(settings).up(settings, progress)


def down(settings: Settings, progress: Progress) -> None:
    """Stop everything and put the machine, or the given cluster, back as it was."""
    _module(settings).down(settings, progress)


def status(settings: Settings) -> list[Part]:
    """What runs.  Changes nothing."""
    parts: list[Part] = _module(settings).status(settings)
    return parts


def kubectl(settings: Settings) -> Path:
    """A `kubectl` that speaks to the cluster."""
    return cluster.kubectl(settings)


def notice(settings: Settings) -> str:
    """What a person must know about this Kubernetes, "" if nothing is special."""
    if settings.kubernetes == "given":
        return given_cluster.notice(settings)
    return without_root.NOTICE if settings.kubernetes == "fake node" else ""
