"""testIamPermissions of projects and service accounts: which of the named permissions the caller has."""

from __future__ import annotations

from ..call import Call, Context, Handler
from ..errors import ApiError
from ..types import Json
from . import accounts, permissions
from .service_accounts import require_account


def methods(context: Context) -> dict[str, Handler]:
    """Handlers of testIamPermissions, in IAM and in both versions of Resource Manager."""

    def held(call: Call) -> Json:
        wanted: list[str] = call.body.get("permissions") or []
        if any("*" in permission for permission in wanted):
            raise ApiError(400, "Permissions with wildcards are not allowed.")
        if permissions.project_of(context, call.parameters, call.query) is None:
            raise permissions.denied(call.method_id.partition(".")[0], "resourcemanager.projects.get")
        found = [permission for permission in wanted if permissions.held(context, call.caller, permission, call.parameters)]
        return {"permissions": found} if found else {}

    def of_account(call: Call) -> Json:
        with context.state.reading(accounts.SECTION) as data:
            require_account(data, call.parameters["resource"])
        return held(call)

    return {
        "cloudresourcemanager.projects.testIamPermissions": held,
        "iam.projects.serviceAccounts.testIamPermissions": of_account,
    }
