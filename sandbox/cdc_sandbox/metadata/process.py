"""Starts and stops the metadata server as a program of the sandbox."""

from __future__ import annotations

import http.client
import json
import sys

from .. import addresses
from ..process import Daemon
from ..progress import Progress
from ..settings import Settings
from .server import HEALTH

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
        addresses.ensure(settings.node_address)
        program = daemon(settings)
        program.start()
        program.wait_ready(lambda: answers(settings), START_SECONDS)


def down(settings: Settings) -> None:
    """Stop it.  The node's address stays: Pub/Sub has it, too, and takes it away."""
    daemon(settings).stop()


def status(settings: Settings) -> list[tuple[str, str, str, str]]:
    """One line: name, version, address, and "running", "not answering" or "stopped"."""
    if daemon(settings).pid() is None:
        state = "stopped"
    else:
        state = "running" if answers(settings) else "not answering"
    return [("metadata server", "stand-in", f"http://{settings.metadata_endpoint}", state)]


def answers(settings: Settings) -> bool:
    """Whether it answers, and for this very state: another sandbox on the same port does not count."""
    connection = http.client.HTTPConnection(settings.node_address, settings.metadata_port, timeout=2)
    try:
        connection.request("GET", HEALTH)
        response = connection.getresponse()
        return response.status == 200 and json.load(response).get("state") == str(settings.state)
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
