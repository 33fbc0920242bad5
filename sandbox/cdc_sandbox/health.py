"""Health checks of the sandbox's servers, and reachability of their ports."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path

PATH = "/_sandbox/health"


def answers(host: str, port: int, path: str = PATH, state: Path | None = None) -> bool:
    """Whether `GET path` answers 200 within two seconds.

    state: the state folder that the answer must name, so that another sandbox's server on the same port does not count.
    """
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status == 200 and (state is None or json.load(response).get("state") == str(state))
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()


def reachable(host: str, port: int) -> bool:
    """Whether a TCP connection to `host` is accepted within two seconds."""
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True
