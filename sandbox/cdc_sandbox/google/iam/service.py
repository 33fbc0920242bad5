"""IAM, IAM Credentials and Resource Manager: which method is answered where."""

from __future__ import annotations

from ..call import Context, Handler
from . import credentials, held_permissions, keys, projects, service_accounts


def methods(context: Context) -> dict[str, Handler]:
    """All handlers."""
    files = (credentials, held_permissions, keys, projects, service_accounts)
    return {method_id: handler for file in files for method_id, handler in file.methods(context).items()}
