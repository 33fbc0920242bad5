"""Starts and stops the stand-in for Google's APIs as a program of the sandbox."""

from __future__ import annotations

import http.client
import json
import sys

from .. import health
from ..errors import SandboxError
from ..process import Daemon
from ..progress import Progress
from ..settings import Settings

START_SECONDS = 60.0
"""It starts in about a second; with many Cloud SQL instances to bring back it takes longer."""

REPAIR_SECONDS = 120.0
"""Each server that was killed recovers first."""


def daemon(settings: Settings) -> Daemon:
    """The program; it gets its folders through the environment."""
    environment = {"CDC_SANDBOX_STATE": str(settings.state), "CDC_SANDBOX_CACHE": str(settings.cache)}
    command = [sys.executable, "-m", "cdc_sandbox.google", str(settings.google_port)]
    return Daemon(settings, "google", command, environment=environment, stop_seconds=30.0)


def up(settings: Settings, progress: Progress) -> None:
    """Start it and wait until it answers."""
    with progress.step("Google APIs"):
        program = daemon(settings)
        program.start()
        program.wait_ready(lambda: answers(settings), START_SECONDS)
        _repair(settings)


def down(settings: Settings) -> None:
    """Stop it; what it remembers stays in its folder."""
    daemon(settings).stop()


def status(settings: Settings) -> list[tuple[str, str, str, str]]:
    """One line: name, version, address and state."""
    state = daemon(settings).state(lambda: answers(settings))
    return [("Google APIs", "stand-in", settings.google_endpoint, state)]


def _repair(settings: Settings) -> None:
    """Let it start the servers of instances that were killed."""
    connection = http.client.HTTPConnection("127.0.0.1", settings.google_port, timeout=REPAIR_SECONDS)
    try:
        connection.request("POST", "/_sandbox/repair")
        response = connection.getresponse()
        answer = json.load(response)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SandboxError(f"The stand-in for Google's APIs ended while it started the instances ({error!r}).") from error
    finally:
        connection.close()
    if response.status != 200:
        raise SandboxError(f"An instance of Cloud SQL does not start: {answer['error']}")


def answers(settings: Settings) -> bool:
    """Whether `GET /_sandbox/health` answers, and for this very state: another sandbox on the same port does not count."""
    return health.answers("127.0.0.1", settings.google_port, state=settings.state)
