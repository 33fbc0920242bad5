"""What the stand-in remembers survives a kill, a failed change leaves no trace, and the program starts and stops."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import requests
from cdc_sandbox.errors import SandboxError
from cdc_sandbox.google import process
from cdc_sandbox.google.state import State
from cdc_sandbox.process import wait_until
from cdc_sandbox.progress import Progress
from cdc_sandbox.settings import Settings
from standin_client import StandIn, free_port, login


def test_a_change_is_on_disk_when_its_block_ends(tmp_path: Path) -> None:
    with State(tmp_path / "state").changing("things") as data:
        data["a"] = 1
    with State(tmp_path / "state").reading("things") as data:
        assert data == {"a": 1}
    assert (tmp_path / "state" / "things.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_a_block_that_raises_changes_nothing(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    with state.changing("things") as data:
        data["a"] = {"b": 1}

    def fail_half_way() -> None:
        with state.changing("things") as data:
            data["a"]["b"] = 2
            data["c"] = 3
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    for one in (state, State(tmp_path / "state")):
        with one.reading("things") as data:
            assert data == {"a": {"b": 1}}


def test_a_value_that_is_no_json_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    with pytest.raises(TypeError), state.changing("things") as data:
        data["a"] = object()
    with state.reading("things") as data:
        assert data == {}


def test_the_program_starts_survives_a_kill_and_stops(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path / "state", cache=tmp_path / "cache", google_port=free_port())
    assert process.status(settings)[0][3] == "down"
    try:
        process.up(settings, Progress())
        process.up(settings, Progress())
        assert process.status(settings) == [("Google APIs", "stand-in", settings.google_endpoint, "running")]
        accounts = f"{settings.google_endpoint}/v1/projects/demo-project/serviceAccounts"
        session = login(settings.owner_key)
        created = session.post(accounts, json={"accountId": "remembered"}).json()

        killed = process.daemon(settings).pid()
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: process.daemon(settings).pid() is None, 10, "it survived SIGKILL")
        process.up(settings, Progress())
        # The token from before is still good: it was kept, too.
        headers = {"Authorization": f"Bearer {session.credentials.token}"}
        assert requests.get(f"{accounts}/{created['email']}", headers=headers, timeout=10).json() == created
    finally:
        process.down(settings)
    assert process.status(settings)[0][3] == "down"
    assert not process.daemon(settings).pid_file.exists()


def test_a_port_in_use_is_reported_with_the_log(standin: StandIn, tmp_path: Path) -> None:
    settings = Settings(state=tmp_path / "state", cache=tmp_path / "cache", google_port=standin.settings.google_port)
    with pytest.raises(SandboxError, match=r"(?s)google ended while starting.*in use"):
        process.up(settings, Progress())
    process.down(settings)
