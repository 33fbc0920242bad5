# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about an error of Cloud SQL that the server only names.  PRIVATE to the collection.  Pure."""

from __future__ import annotations

import re

PRIVATE_SERVICES_ACCESS = (
    "Set up private services access for the network first: reserve a range (gcloud compute addresses create RANGE --global"
    " --purpose=VPC_PEERING --prefix-length=16 --network=NETWORK) and connect it (gcloud services vpc-peerings connect"
    " --service=servicenetworking.googleapis.com --ranges=RANGE --network=NETWORK)."
)

_ADVICE: tuple[tuple[str, str], ...] = (
    (r"NETWORK_NOT_PEERED|SERVICE_NETWORKING_NOT_ENABLED|NETWORK_PEERING_DELETED|Failed to create subnetwork", PRIVATE_SERVICES_ACCESS),
    (
        r"cannot be dropped because some objects depend on it",
        "In each database, reassign what the user owns (REASSIGN OWNED BY) and drop its grants (DROP OWNED BY).",
    ),
    (r"is being accessed by other users", "Close all sessions of that database first, including Debezium's."),
    (r"instance is not running", "Start the instance first: cdc.gcp.cloudsql_instance with activation_policy=ALWAYS."),
    (r"not in an appropriate state", "Check the instance's state in the Cloud console; it may be stopped, failed or being deleted."),
    (r"Invalid Tier", "ENTERPRISE takes db-f1-micro, db-g1-small and db-custom-*; ENTERPRISE_PLUS takes db-perf-optimized-N-*."),
)
"""Server's words (gcp-apis: Cloud SQL's recorded and reported errors) and what helps."""


def advice(message: str) -> str:
    """What to do about `message`, or "" when nothing better than the message itself is known."""
    return next((text for pattern, text in _ADVICE if re.search(pattern, message)), "")
