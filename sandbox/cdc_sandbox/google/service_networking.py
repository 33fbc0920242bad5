"""Service Networking: which networks of the projects have private services access (a peering to Google's network)."""

from __future__ import annotations

import re

from .call import Call, Context, Handler
from .errors import ApiError
from .iam import policies
from .types import Json

NETWORK = re.compile(r"projects/([^/]+)/global/networks/([^/]+)")
NOT_PEERED = "NETWORK_NOT_PEERED"
NOT_ENABLED = "SERVICE_NETWORKING_NOT_ENABLED"


def problem(context: Context, network: str, method_id: str) -> str | None:
    """Why a network has no private services access, as Cloud SQL names it; None when it has.

    network: `projects/PROJECT/global/networks/NETWORK`; of a project that is not there it looks as if the project had no such service.
    method_id: who asks.
    """
    fault = context.faults.take("network_not_peered", method_id)
    if fault is not None:
        return str(fault.options.get("reason", NOT_PEERED))
    match, settings = NETWORK.fullmatch(network), context.settings
    project = policies.project_name(settings, match[1]) if match else ""
    if match is None or project not in settings.projects:
        return NOT_ENABLED
    peered = {settings.project: "default", settings.host_project: settings.host_network}
    return None if peered[project] == match[2] else NOT_PEERED


def methods(context: Context) -> dict[str, Handler]:
    """Handler of services.connections.list."""

    def list_connections(call: Call) -> Json:
        network = call.query["network"][0]
        match = NETWORK.fullmatch(network)
        if match is None or match[1] not in context.settings.projects.values():
            raise ApiError(400, f"Invalid network: {network}. It must be projects/PROJECT_NUMBER/global/networks/NETWORK.")
        if problem(context, network, call.method_id) is not None:
            return {}
        return {
            "connections": [
                {
                    "network": network,
                    "peering": "servicenetworking-googleapis-com",
                    "reservedPeeringRanges": [f"google-managed-services-{match[2]}"],
                    "service": "services/servicenetworking.googleapis.com",
                }
            ]
        }

    return {"servicenetworking.services.connections.list": list_connections}
