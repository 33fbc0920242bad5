"""Addresses of this machine alone, on its loopback link: servers of the sandbox listen there, and its pods reach them there."""

from __future__ import annotations

import json
import os
from ipaddress import ip_address, ip_network

from .command import run
from .errors import SandboxError
from .settings import Settings

BRIDGE = "cdc-sandbox0"
"""The network link of the pods."""


def ensure(address: str) -> None:
    """Put an IPv4 address on the loopback link unless this machine has it, there or on another link."""
    if ip_address(address).is_loopback or present(address):
        return  # all of 127.0.0.0/8 is on every machine's loopback link
    if os.geteuid() != 0:
        raise SandboxError(f"Only root can add an address; run this once: ip address add {address}/32 dev lo")
    run(["ip", "address", "add", f"{address}/32", "dev", "lo"])


def remove(address: str) -> None:
    """Take away an address that `ensure` added; addresses that belong to the machine, such as 127.0.0.1, have a wider prefix and stay."""
    if os.geteuid() == 0 and _prefix(address) == 32:
        run(["ip", "address", "delete", f"{address}/32", "dev", "lo"])


def present(address: str) -> bool:
    """Whether a link of this machine has this address."""
    links = json.loads(run(["ip", "-json", "address", "show"]))
    return any(each.get("local") == address for link in links for each in link.get("addr_info", []))


def fence(network: str) -> None:
    """Keep packets to `network` on this machine: an address of it that is not there just now is unreachable, not somebody else's."""
    if ip_network(network).is_loopback:
        return  # they never leave it
    run(["ip", "route", "replace", "blackhole", network])


def check_free(settings: Settings) -> None:
    """Raise SandboxError when another network of this machine has addresses that the sandbox needs; asked before anything is changed."""
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
    """Take the fence away if it is there."""
    if not ip_network(network).is_loopback and json.loads(run(["ip", "-json", "route", "show", "type", "blackhole", network])):
        run(["ip", "route", "delete", "blackhole", network])


def _prefix(address: str) -> int | None:
    """Length of the address's prefix on the loopback link, or None if it is not there."""
    for link in json.loads(run(["ip", "-json", "address", "show", "dev", "lo"])):
        for each in link.get("addr_info", []):
            if each.get("local") == address:
                return int(each["prefixlen"])
    return None
