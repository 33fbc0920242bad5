"""Starts and stops the metadata server as a program of the sandbox."""

from __future__ import annotations

import sys

from .. import addresses, health
from ..process import Daemon
from ..progress import Progress
from ..settings import Settings

START_SECONDS = 20.0
"""It starts in well under a second."""


def daemon(settings: Settings) -> Daemon:
    """The program; it gets its folders through the environment."""
    environment = {"CDC_SANDBOX_STATE": str(settings.state), "CDC_SANDBOX_CACHE": str(settings.cache)}
    ports = [settings.metadata_port, settings.google_port, settings.kubernetes_port]
    command = [sys.executable, "-m", "cdc_sandbox.metadata", settings.node_address, *map(str, ports)]
    return Daemon(settings, "metadata", command, environment=environment)


def up(settings: Settings, progress: Progress) -> None:
    """Start it and wait until it answers.  It needs Google's APIs and Kubernetes only when a pod asks."""
    with progress.step("metadata server"):
        addresses.ensure(settings, settings.node_address)
        program = daemon(settings)
        program.start()
        program.wait_ready(lambda: answers(settings), START_SECONDS)


def down(settings: Settings) -> None:
    """Stop it.  Pub/Sub shares the node's address and releases it."""
    daemon(settings).stop()


def status(settings: Settings) -> list[tuple[str, str, str, str]]:
    """One line: name, version, address and state."""
    state = daemon(settings).state(lambda: answers(settings))
    return [("metadata server", "stand-in", f"http://{settings.metadata_endpoint}", state)]


def answers(settings: Settings) -> bool:
    """Whether it answers, and for this state folder: another sandbox on the same port does not count."""
    return health.answers(settings.node_address, settings.metadata_port, state=settings.state)
