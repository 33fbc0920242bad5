"""Which modules answer which methods."""

from __future__ import annotations

from . import cloudsql, held_permissions, iam, iam_credentials, iam_keys, projects, secret_manager, service_networking
from .call import Context, Handler

MODULES = (cloudsql, held_permissions, iam, iam_credentials, iam_keys, projects, secret_manager, service_networking)
"""Each has `methods(context) -> dict[discovery method id, Handler]`."""


def handlers(context: Context) -> dict[str, Handler]:
    """All handlers by method id."""
    return {method_id: handler for module in MODULES for method_id, handler in module.methods(context).items()}
