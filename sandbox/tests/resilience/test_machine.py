# SPDX-License-Identifier: GPL-3.0-or-later
"""After `down` the machine is as it was before `up`, even if either was killed; concurrent commands and taken ports are refused."""

from __future__ import annotations

import os
import socket
import subprocess

import pytest

from .conftest import Sandbox
from .machine import Machine

pytestmark = pytest.mark.timeout(600)

FRACTIONS = (0.02, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
"""When a command is killed, as a fraction of its duration."""
WARM_UP_SECONDS = 40
DOWN_SECONDS = 20


@pytest.fixture(scope="module")
def before(sandbox: Sandbox) -> Machine:
    return sandbox.look()


def seconds_of(output: str) -> float:
    """The time that `up` or `down` says it took."""
    return float(output.rpartition("(")[2].split(" s)")[0])


@pytest.fixture(scope="module")
def warm(sandbox: Sandbox, before: Machine) -> tuple[float, float]:
    """Seconds of a warm `up` and of a `down`."""
    return seconds_of(sandbox.run("up")), seconds_of(sandbox.run("down"))


def test_down_leaves_the_machine_as_it_was(sandbox: Sandbox, before: Machine, warm: tuple[float, float]) -> None:
    assert sandbox.left_behind(before) == []


def test_warm_it_is_up_within_40_seconds_and_down_within_20(warm: tuple[float, float]) -> None:
    assert warm[0] <= WARM_UP_SECONDS
    assert warm[1] <= DOWN_SECONDS


@pytest.mark.parametrize("fraction", FRACTIONS)
def test_a_killed_up_is_undone_by_down(sandbox: Sandbox, before: Machine, warm: tuple[float, float], fraction: float) -> None:
    sandbox.kill_after("up", warm[0] * fraction)
    sandbox.run("down", seconds=60)
    assert sandbox.left_behind(before) == []


def test_the_next_up_completes_killed_ones_and_the_next_down_completes_killed_ones(
    sandbox: Sandbox, before: Machine, warm: tuple[float, float]
) -> None:
    for fraction in FRACTIONS:
        sandbox.kill_after("up", warm[0] * fraction)
    sandbox.run("up", seconds=120)
    assert set(sandbox.states().values()) == {"running"}
    for fraction in FRACTIONS[1::2]:
        sandbox.kill_after("down", warm[1] * fraction)
    sandbox.run("down", seconds=60)
    assert sandbox.left_behind(before) == []


def test_status_of_a_sandbox_that_is_down_says_how_to_start_it(sandbox: Sandbox) -> None:
    assert "The sandbox is down; `make up` starts it." in sandbox.run("status", code=1)


def test_a_second_command_at_the_same_time_is_refused(sandbox: Sandbox) -> None:
    first = sandbox.start("up")
    try:
        while not sandbox.settings.state.exists():
            assert first.poll() is None
        for command in ("up", "down"):
            assert "Another `up` or `down` of the sandbox is at work" in sandbox.run(command, code=1, seconds=20)
    finally:
        first.communicate()
    assert first.returncode == 0
    sandbox.run("down")


def test_taken_ports_are_named_with_their_holders_before_anything_is_changed(sandbox: Sandbox, before: Machine) -> None:
    with (
        socket.create_server(("127.0.0.1", sandbox.settings.etcd_port)),
        socket.create_server(("0.0.0.0", sandbox.settings.pubsub_tls_port)),
    ):
        output = sandbox.run("up", code=1, seconds=20)
    for port in (sandbox.settings.etcd_port, sandbox.settings.pubsub_tls_port):
        assert f"Port {port} of " in output
    assert f"(pid {os.getpid()})" in output
    assert sandbox.left_behind(before) == []


def test_a_network_that_is_taken_is_named_before_anything_is_changed(sandbox: Sandbox, before: Machine) -> None:
    def link(*arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True, timeout=20)

    link("link", "add", "cdc-test0", "type", "bridge")
    try:
        link("address", "add", "10.88.0.1/16", "dev", "cdc-test0")
        link("link", "set", "cdc-test0", "up")
        output = sandbox.run("up", code=1, seconds=60)
        assert "this machine has a route to 10.88.0.0/16 by cdc-test0" in output
    finally:
        link("link", "delete", "cdc-test0")
    assert sandbox.left_behind(before) == []
