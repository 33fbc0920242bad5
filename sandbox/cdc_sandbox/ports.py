"""Checks, before anything is changed, that the ports that the sandbox needs are free, and names the program that has one."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from .errors import SandboxError
from .kubernetes.node import KUBELET_HEALTH_PORT, KUBELET_PORT
from .process import running_pid
from .settings import Settings

POSTGRESQL_PORT = 5432
LISTEN = "0A"
"""State of a listening socket in /proc/net/tcp (include/net/tcp_states.h)."""

Address = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Listener:
    """A listening TCP socket of this machine.  inode: names the socket in /proc/PID/fd."""

    address: Address
    port: int
    inode: int


def needed(settings: Settings) -> dict[tuple[str, int], str]:
    """Address and port -> which part listens there.  Each instance has its own address; the first one stands for all."""
    ports = {
        ("127.0.0.1", settings.google_port): "Google's APIs",
        ("127.0.0.1", settings.pubsub_port): "Pub/Sub",
        (settings.node_address, settings.pubsub_tls_port): "Pub/Sub",
        (f"{settings.private_instance_network}.1", POSTGRESQL_PORT): "the instances of Cloud SQL",
    }
    if settings.kubernetes in ("real node", "fake node"):
        ports |= {
            ("127.0.0.1", settings.etcd_port): "etcd",
            ("127.0.0.1", settings.etcd_peer_port): "etcd",
            ("127.0.0.1", settings.kubernetes_port): "Kubernetes",
        }
    if settings.kubernetes == "real node":
        ports |= {
            (settings.node_address, settings.metadata_port): "the metadata server",
            (settings.node_address, KUBELET_PORT): "the kubelet",
            ("127.0.0.1", KUBELET_HEALTH_PORT): "the kubelet",
        }
    return ports


def check_free(settings: Settings) -> None:
    """Raise SandboxError with one sentence for each port that a program that is not the sandbox's own listens on."""
    own = {pid for file in (settings.state / "pids").glob("*.pid") if (pid := running_pid(file)) is not None}
    problems = []
    everybody = listeners()
    for (address, port), part in needed(settings).items():
        for listener in everybody:
            if listener.port == port and _overlap(listener.address, ip_address(address)):
                holder = _holder(listener.inode)
                if holder is None or holder[0] not in own:
                    who = f"{holder[1]} (pid {holder[0]})" if holder else "a program of another user"
                    problems.append(f"Port {port} of {address} (for {part}) is taken by {who}; stop that program first.")
                    break
    if problems:
        raise SandboxError("\n".join(problems))


def listeners(tables: Iterable[Path] = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))) -> list[Listener]:
    """All listening TCP sockets (proc(5): local address and port in hexadecimal, state, …, inode)."""
    found = []
    for table in tables:
        with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6 has no tcp6
            for line in table.read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTEN:
                    address, _, port = fields[1].rpartition(":")
                    found.append(Listener(_parse(address), int(port, 16), int(fields[9])))
    return found


def _parse(text: str) -> Address:
    """An address of /proc/net/tcp: words of 32 bits, each in the machine's byte order."""
    words = [int(text[start : start + 8], 16) for start in range(0, len(text), 8)]
    packed = b"".join(socket.htonl(word).to_bytes(4, "big") for word in words)
    address = ip_address(packed)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _overlap(taken: Address, wanted: Address) -> bool:
    """Whether a socket at `taken` conflicts with one at `wanted`.  The IPv6 wildcard address covers IPv4 as well, by default."""
    return taken == wanted or taken.is_unspecified


def _holder(inode: int) -> tuple[int, str] | None:
    """Pid and name of the program that has a socket; None if it is not visible to this user."""
    wanted = f"socket:[{inode}]"
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(link.readlink()) == wanted for link in (process / "fd").iterdir()):
                return int(process.name), (process / "comm").read_text().strip()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended meanwhile, or is another user's
    return None
