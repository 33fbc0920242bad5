"""Addresses of this machine alone, on its loopback link: servers of the sandbox listen there, and its pods reach them there."""

from __future__ import annotations

import json
import os

from .command import run
from .errors import SandboxError


def ensure(address: str) -> None:
    """Put an IPv4 address on the loopback link unless this machine has it there."""
    if present(address):
        return
    if os.geteuid() != 0:
        raise SandboxError(f"Only root can add an address; run this once: ip address add {address}/32 dev lo")
    run(["ip", "address", "add", f"{address}/32", "dev", "lo"])


def remove(address: str) -> None:
    """Take away an address that `ensure` added; addresses that belong to the machine, such as 127.0.0.1, have a wider prefix and stay."""
    if os.geteuid() == 0 and _prefix(address) == 32:
        run(["ip", "address", "delete", f"{address}/32", "dev", "lo"])


def present(address: str) -> bool:
    """Whether the loopback link has this address."""
    return _prefix(address) is not None


def fence(network: str) -> None:
    """Keep packets to `network` on this machine: an address of it that is not there just now is unreachable, not somebody else's."""
    run(["ip", "route", "replace", "blackhole", network])


def unfence(network: str) -> None:
    """Take the fence away if it is there."""
    if json.loads(run(["ip", "-json", "route", "show", "type", "blackhole", network])):
        run(["ip", "route", "delete", "blackhole", network])


def _prefix(address: str) -> int | None:
    """Length of the address's prefix on the loopback link, or None if it is not there."""
    for link in json.loads(run(["ip", "-json", "address", "show", "dev", "lo"])):
        for each in link.get("addr_info", []):
            if each.get("local") == address:
                return int(each["prefixlen"])
    return None
