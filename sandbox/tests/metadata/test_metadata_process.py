"""The metadata server as a program: it starts, says who it is, survives without the other parts, and stops."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from cdc_sandbox.metadata import process
from cdc_sandbox.process import wait_until
from cdc_sandbox.progress import Progress
from cdc_sandbox.settings import Settings

FLAVOR = {"Metadata-Flavor": "Google"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """A sandbox of which nothing but the metadata server runs."""
    ports = {name: free_port() for name in ("metadata_port", "google_port", "kubernetes_port")}
    found = Settings(state=tmp_path / "state", cache=tmp_path / "cache", node_address="127.0.0.1", **ports)
    yield found
    process.down(found)


def state(settings: Settings) -> str:
    ((_, _, address, found),) = process.status(settings)
    assert address == f"http://127.0.0.1:{settings.metadata_port}"
    return found


def test_it_starts_twice_is_killed_starts_again_and_stops(settings: Settings) -> None:
    assert state(settings) == "down"
    process.up(settings, Progress())
    first = process.daemon(settings).pid()
    process.up(settings, Progress())
    assert (state(settings), process.daemon(settings).pid()) == ("running", first)

    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: state(settings) == "down", 10, "killed")
    process.up(settings, Progress())
    assert state(settings) == "running"

    process.down(settings)
    assert state(settings) == "down"
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{settings.metadata_endpoint}/", timeout=5)


def test_a_server_of_another_sandbox_on_the_port_is_not_this_one(settings: Settings, tmp_path: Path) -> None:
    process.up(settings, Progress())
    assert process.answers(settings)
    assert not process.answers(replace(settings, state=tmp_path / "other"))


def test_without_kubernetes_and_google_it_answers_and_gives_nobody_a_token(settings: Settings) -> None:
    process.up(settings, Progress())
    root = f"http://{settings.metadata_endpoint}"
    assert requests.get(f"{root}/", timeout=10).headers["Metadata-Flavor"] == "Google"
    assert requests.get(f"{root}/computeMetadata/v1/project/project-id", headers=FLAVOR, timeout=10).text == "demo-project"
    token = requests.get(f"{root}/computeMetadata/v1/instance/service-accounts/default/token", headers=FLAVOR, timeout=10)
    assert (token.status_code, token.text) == (403, "The API server answered nothing to /api/v1/pods.")
    assert "token 403 The API server answered nothing" in process.daemon(settings).log.read_text()
