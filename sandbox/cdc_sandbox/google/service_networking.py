"""Service Networking: which networks of the project have private services access (a peering to Google's network)."""

from __future__ import annotations

import re

from .call import Call, Context, Handler
from .errors import ApiError
from .types import Json

NETWORK = re.compile(r"projects/([^/]+)/global/networks/([^/]+)")
PEERED = frozenset({"default"})
NOT_PEERED = "NETWORK_NOT_PEERED"


def problem(context: Context, network: str, method_id: str) -> str | None:
    """Why a network has no private services access, as Cloud SQL names it; None when it has.  method_id: who asks."""
    fault = context.faults.take("network_not_peered", method_id)
    if fault is not None:
        return str(fault.options.get("reason", NOT_PEERED))
    return None if network in PEERED else NOT_PEERED


def methods(context: Context) -> dict[str, Handler]:
    """Handler of services.connections.list."""

    def list_connections(call: Call) -> Json:
        network = call.query["network"][0]
        match = NETWORK.fullmatch(network)
        if match is None or match[1] != context.settings.project_number:
            raise ApiError(400, f"Invalid network: {network}. It must be projects/PROJECT_NUMBER/global/networks/NETWORK.")
        if problem(context, match[2], call.method_id) is not None:
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
