"""Which Kubernetes the sandbox uses: its own with a real node (root), its own with a fake node (other users), or an external one."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

from .. import external_cluster
from ..errors import SandboxError
from ..progress import Progress
from ..settings import Settings
from . import cluster, external, without_root
from .cluster import Part


def _module(settings: Settings) -> ModuleType:
    return {"real node": cluster, "fake node": without_root, "external": external}[settings.kubernetes]


def prepare(settings: Settings) -> None:
    """Checks that come before anything is started; raises SandboxError with one sentence."""
    if external_cluster.from_environment(os.environ) not in (None, settings.external_cluster):
        now = f"context {settings.external_cluster.context}" if settings.external_cluster else "its own Kubernetes"
        raise SandboxError(f"The sandbox is up with {now}; run `make down` before you give it another.")
    if settings.kubernetes == "external":
        external.prepare(settings)


def up(settings: Settings, progress: Progress) -> None:
    """Start what is not running; raise SandboxError with one sentence when something is missing or does not start."""
    _module(settings).up(settings, progress)


def down(settings: Settings, progress: Progress) -> None:
    """Stop everything and restore the machine, or the external cluster."""
    _module(settings).down(settings, progress)


def status(settings: Settings) -> list[Part]:
    """State of each part.  Changes nothing."""
    parts: list[Part] = _module(settings).status(settings)
    return parts


def kubectl(settings: Settings) -> Path:
    """A `kubectl` for the cluster."""
    return cluster.kubectl(settings)


def notice(settings: Settings) -> str:
    """What a user must know about this Kubernetes, or ""."""
    if settings.kubernetes == "external":
        return external.notice(settings)
    return without_root.NOTICE if settings.kubernetes == "fake node" else ""
