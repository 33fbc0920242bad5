"""Service Networking: which networks of the project have private services access (a peering to Google's network)."""

from __future__ import annotations

import re

from .call import Call, Context, Handler
from .errors import ApiError
from .types import Json

NETWORK = re.compile(r"projects/([^/]+)/global/networks/([^/]+)")
PEERED = frozenset({"default"})


def peered_networks(context: Context) -> frozenset[str]:
    """Names of the networks that have private services access."""
    return frozenset() if context.faults.take("network_not_peered") else PEERED


def methods(context: Context) -> dict[str, Handler]:
    """Handler of services.connections.list."""

    def list_connections(call: Call) -> Json:
        network = call.query["network"][0]
        match = NETWORK.fullmatch(network)
        if match is None or match[1] != context.settings.project_number:
            raise ApiError(400, f"Invalid network: {network}. It must be projects/PROJECT_NUMBER/global/networks/NETWORK.")
        if match[2] not in peered_networks(context):
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
