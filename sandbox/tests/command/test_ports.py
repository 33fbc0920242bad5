"""A port that another program has is reported with that program; the sandbox's own programs may have theirs."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from cdc_sandbox import ports
from cdc_sandbox.errors import SandboxError
from cdc_sandbox.process import Daemon
from cdc_sandbox.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of which only the port of Google's APIs counts; nobody has it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    monkeypatch.setattr(ports, "needed", lambda given: {("127.0.0.1", given.google_port): "Google's APIs"})
    return replace(Settings(state=tmp_path / "state", cache=tmp_path / "cache"), google_port=port)


def test_a_free_port_is_fine(settings: Settings) -> None:
    ports.check_free(settings)


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::"])
def test_a_taken_port_is_named_with_its_holder(settings: Settings, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, settings.google_port), family=family), pytest.raises(SandboxError) as caught:
        ports.check_free(settings)
    assert f"Port {settings.google_port} of 127.0.0.1 (for Google's APIs) is taken by " in str(caught.value)
    assert f"(pid {os.getpid()}); stop that program first." in str(caught.value)


def test_the_same_port_of_another_address_is_fine(settings: Settings) -> None:
    with socket.create_server(("127.0.0.2", settings.google_port)):
        ports.check_free(settings)


def test_the_sandboxs_own_program_may_have_it(settings: Settings) -> None:
    program = f"import socket, time; s = socket.create_server(('127.0.0.1', {settings.google_port})); time.sleep(60)"
    daemon = Daemon(settings, "google", ["python3", "-c", program])
    daemon.start()
    try:
        daemon.wait_ready(lambda: any(each.port == settings.google_port for each in ports.listeners()), 10)
        ports.check_free(settings)
    finally:
        daemon.stop()


def test_listeners_of_ipv4_and_ipv6_are_read(tmp_path: Path) -> None:
    table = tmp_path / "tcp"
    table.write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 123 1\n"
        "   1: 0100007F:1F91 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 124 1\n"
        "   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 125 1\n"
    )
    assert ports.listeners([table, tmp_path / "none"]) == [
        ports.Listener(ip_address("127.0.0.1"), 8080, 123),
        ports.Listener(ip_address("::1"), 80, 125),
    ]
