# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a network can hold private addresses of Cloud SQL.  PRIVATE to the collection.

Terraform's sql_database_instance looks before it creates, because a creation that fails still reserves the name for a week.
"""

from __future__ import annotations

from dataclasses import dataclass

from .._gcp.client import ApiError, Client


@dataclass(frozen=True)
class Peering:
    """connected: None when it cannot be told, and `reason` then says why."""

    connected: bool | None
    reason: str = ""


def look(client: Client, network: str) -> Peering:
    """Whether `network` ("projects/P/global/networks/N") has a connection to Google's services.

    Service Networking wants the project's number, which Resource Manager knows.
    """
    _, project, _, _, name = network.split("/")
    try:
        found = client.call(
            f"Reading project {project}",
            "resourcemanager.projects.get",
            "GET",
            "resource_manager_endpoint",
            f"/v3/projects/{project}",
        )
        answer = client.call(
            f"Reading the private connections of network {name}",
            "servicenetworking.services.get",
            "GET",
            "service_networking_endpoint",
            "/v1/services/servicenetworking.googleapis.com/connections",
            {"network": f"{found['name']}/global/networks/{name}"},
        )
    except ApiError as error:
        if error.status in (403, 404):
            return Peering(None, error.message)
        raise
    return Peering(bool(answer.get("connections")))
