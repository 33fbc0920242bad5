"""Which service answers which methods."""

from __future__ import annotations

from . import secret_manager, service_networking
from .call import Context, Handler
from .cloudsql import service as cloudsql
from .iam import service as iam

SERVICES = (cloudsql, iam, secret_manager, service_networking)
"""Each has `methods(context) -> dict[discovery method id, Handler]`."""


def handlers(context: Context) -> dict[str, Handler]:
    """All handlers by method id."""
    return {method_id: handler for service in SERVICES for method_id, handler in service.methods(context).items()}
