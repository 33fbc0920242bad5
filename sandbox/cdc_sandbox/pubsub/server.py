"""Starts and stops Pub/Sub as a program of the sandbox."""

from __future__ import annotations

import json
from pathlib import Path

from .. import addresses, health
from ..process import Daemon
from ..progress import Progress
from ..settings import Settings
from . import build, tls

START_SECONDS = 30.0
"""It starts in well under a second."""


def daemon(settings: Settings, program: Path) -> Daemon:
    """The program with both endpoints."""
    return Daemon(
        settings,
        "pubsub",
        [
            str(program),
            f"--plain={settings.pubsub_plain_endpoint}",
            f"--tls={settings.pubsub_tls_endpoint}",
            f"--tls-cert={settings.pki / 'pubsub.crt'}",
            f"--tls-key={settings.pki / 'pubsub.key'}",
            f"--identity={settings.google_endpoint}",
            f"--project={','.join(settings.projects)}",
            f"--keep={_kept(settings)}",
        ],
    )


def up(settings: Settings, progress: Progress) -> None:
    """Build it if needed, start it and wait until it answers."""
    program = build.build(settings, progress)
    with progress.step("Pub/Sub"):
        addresses.ensure(settings, settings.node_address)
        tls.ensure(settings)
        server = daemon(settings, program)
        lost = server.pid() is None and _subscriptions(settings)
        _kept(settings).parent.mkdir(parents=True, exist_ok=True)
        server.start()
        server.wait_ready(lambda: answers(settings), START_SECONDS)
    if lost:
        progress.say("  ! Pub/Sub had ended: topics, subscriptions and policies are as before, messages that were not delivered are lost.")


def down(settings: Settings) -> None:
    """Stop it and release the node's address.  Messages are lost, because they are in memory."""
    daemon(settings, Path()).stop()
    addresses.release(settings, settings.node_address)


def status(settings: Settings) -> list[tuple[str, str, str, str]]:
    """A line for each endpoint: name, version, address and state."""
    state = daemon(settings, Path()).state(lambda: answers(settings))
    lost = state == "running" and not health.reachable(settings.node_address, settings.pubsub_tls_port)
    version = f"pstest {build.engine_version()}"
    return [
        ("Pub/Sub (plain)", version, settings.pubsub_plain_endpoint, state),
        ("Pub/Sub (TLS)", version, settings.pubsub_tls_endpoint, f"unreachable at {settings.pubsub_tls_endpoint}" if lost else state),
    ]


def _kept(settings: Settings) -> Path:
    """The program's file of topics, subscriptions and policies."""
    return settings.state / "pubsub" / "kept.json"


def _subscriptions(settings: Settings) -> bool:
    """Whether there are subscriptions, which may have had messages."""
    try:
        return bool(json.loads(_kept(settings).read_bytes())["subscriptions"])
    except FileNotFoundError:
        return False


def answers(settings: Settings) -> bool:
    """Whether `GET /_sandbox/health` answers; both endpoints listen before either does."""
    return health.answers("127.0.0.1", settings.pubsub_port)
