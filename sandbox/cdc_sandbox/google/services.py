"""Which modules answer which methods."""

from __future__ import annotations

from . import cloudsql, iam, iam_keys, projects, service_networking
from .call import Context, Handler

MODULES = (cloudsql, iam, iam_keys, projects, service_networking)
"""Each has `methods(context) -> dict[discovery method id, Handler]`."""


def handlers(context: Context) -> dict[str, Handler]:
    """All handlers by method id."""
    return {method_id: handler for module in MODULES for method_id, handler in module.methods(context).items()}
