"""The few requests that the sandbox itself sends to its API server, without the start-up time of a client library."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any

from ..settings import Settings
from . import pki


def get(settings: Settings, path: str) -> tuple[int, str]:
    """Status and body of a GET as administrator; status 0 when nothing answers."""
    if not pki.folder(settings).exists():  # it was never started
        return 0, ""
    trust = ssl.create_default_context(cafile=str(pki.folder(settings) / "ca.crt"))
    connection = http.client.HTTPSConnection("127.0.0.1", settings.kubernetes_port, timeout=5, context=trust)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {pki.token(settings)}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def read(settings: Settings, path: str) -> dict[str, Any] | None:
    """The object at `path`, or None if it does not exist or nothing answers."""
    status, body = get(settings, path)
    return json.loads(body) if status == 200 else None


def ready(settings: Settings) -> bool:
    """Whether the API server says that all of it is ready."""
    return get(settings, "/readyz")[0] == 200


def node_ready(settings: Settings) -> bool:
    """Whether the node's kubelet reports it as Ready."""
    node = read(settings, f"/api/v1/nodes/{pki.NODE_NAME}")
    conditions = node["status"].get("conditions", []) if node else []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
