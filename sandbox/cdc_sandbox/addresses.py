"""Addresses on the loopback link of this machine, on which the sandbox's servers listen and where its pods reach them."""

from __future__ import annotations

import json
import os
from ipaddress import ip_address, ip_network
from pathlib import Path

from .command import run
from .errors import SandboxError
from .settings import Settings

BRIDGE = "cdc-sandbox0"
"""The network link of the pods."""


def ensure(settings: Settings, address: str) -> None:
    """Put an IPv4 address on the loopback link unless this machine has it, there or on another link.

    The state folder records that it was added here: another sandbox, or the machine itself, may have the address, too.
    """
    if ip_address(address).is_loopback or present(address):
        return  # all of 127.0.0.0/8 is on every machine's loopback link
    if os.geteuid() != 0:
        raise SandboxError(f"Only root can add an address; run this once: ip address add {address}/32 dev lo")
    record = _record(settings, address)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.touch()  # before the address itself, so that none is lost if this command is killed in between
    run(["ip", "address", "add", f"{address}/32", "dev", "lo"])


def release(settings: Settings, address: str) -> None:
    """Take away an address that this sandbox added; one that it found there stays."""
    record = _record(settings, address)
    if record.exists():
        if _on_loopback(address):
            run(["ip", "address", "delete", f"{address}/32", "dev", "lo"])
        record.unlink()


def release_all(settings: Settings) -> None:
    """Take away every address that this sandbox added."""
    for record in _records(settings).glob("*"):
        release(settings, record.name)


def present(address: str) -> bool:
    """Whether a link of this machine has this address."""
    links = json.loads(run(["ip", "-json", "address", "show"]))
    return any(each.get("local") == address for link in links for each in link.get("addr_info", []))


def fence(network: str) -> None:
    """Keep packets to `network` on this machine: an address of it that is not assigned is unreachable, and nothing is sent elsewhere."""
    if ip_network(network).is_loopback:
        return  # they never leave it
    run(["ip", "route", "replace", "blackhole", network])


def check_free(settings: Settings) -> None:
    """Raise SandboxError if another network of this machine has addresses that the sandbox needs.  Checked before anything is changed."""
    if ip_network(settings.network).is_loopback:
        return  # every machine has it for itself, and there are no pods
    own_links = ("lo", BRIDGE)
    networks = [settings.network, settings.pod_subnet] if settings.kubernetes == "real node" else [settings.network]
    for wanted in map(ip_network, networks):
        for route in json.loads(run(["ip", "-json", "-4", "route", "show"])):
            taken = "0.0.0.0/0" if route["dst"] == "default" else route["dst"]
            own = route.get("dev") in own_links or route.get("type") == "blackhole"
            if ip_network(taken).prefixlen > 0 and not own and ip_network(taken).overlaps(wanted):
                raise SandboxError(
                    f"The addresses {wanted} are taken: this machine has a route to {taken} by {route.get('dev', 'another machine')}; "
                    "take that network down first."
                )


def unfence(network: str) -> None:
    """Remove what `fence` added, if it exists."""
    if not ip_network(network).is_loopback and json.loads(run(["ip", "-json", "route", "show", "type", "blackhole", network])):
        run(["ip", "route", "delete", "blackhole", network])


def _records(settings: Settings) -> Path:
    """A folder with an empty file for each address that this sandbox added."""
    return settings.state / "addresses"


def _record(settings: Settings, address: str) -> Path:
    return _records(settings) / address


def _on_loopback(address: str) -> bool:
    """Whether the loopback link has the address as `ensure` adds it."""
    links = json.loads(run(["ip", "-json", "address", "show", "dev", "lo"]))
    return any(each.get("local") == address and each["prefixlen"] == 32 for link in links for each in link.get("addr_info", []))
