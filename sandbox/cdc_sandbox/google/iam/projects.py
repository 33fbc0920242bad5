"""Resource Manager: the one project there is, and its IAM policy (section "projects" of the state)."""

from __future__ import annotations

import secrets

from ..call import Call, Context, Handler
from ..types import Json
from . import policies
from .accounts import now

SECTION = "projects"


def bootstrap(context: Context, owners: list[str], viewers: list[str]) -> None:
    """Make the project, with these members as roles/owner and roles/viewer, unless it is there."""
    with context.state.changing(SECTION) as data:
        if data:
            return
        bindings = [{"role": "roles/owner", "members": owners}, {"role": "roles/viewer", "members": viewers}]
        policy = {"bindings": bindings, "etag": policies.new_etag()}
        data.update({"createTime": now(), "etag": f'W/"{secrets.token_hex(8)}"', "policy": policy})


def methods(context: Context) -> dict[str, Handler]:
    """Handlers of projects.get, getIamPolicy and setIamPolicy, for v1 and v3."""
    settings = context.settings

    def get(call: Call) -> Json:
        with context.state.reading(SECTION) as data:
            created, etag = data["createTime"], data["etag"]
        if call.version == "v1":
            return {
                "projectNumber": settings.project_number,
                "projectId": settings.project,
                "lifecycleState": "ACTIVE",
                "name": settings.project,
                "createTime": created,
            }
        return {
            "name": f"projects/{settings.project_number}",
            "projectId": settings.project,
            "displayName": settings.project,
            "state": "ACTIVE",
            "createTime": created,
            "updateTime": created,
            "etag": etag,
        }

    def get_policy(call: Call) -> Json:
        version = int((call.body.get("options") or {}).get("requestedPolicyVersion") or 0)
        with context.state.reading(SECTION) as data:
            return policies.read(data["policy"], version)

    def set_policy(call: Call) -> Json:
        if context.faults.take("policy_aborted", call.method_id):
            with context.state.changing(SECTION) as data:
                data["policy"]["etag"] = policies.new_etag()
            raise policies.concurrent_change()
        with context.state.changing(SECTION) as data:
            return policies.change(context, call, data["policy"])

    return {
        "cloudresourcemanager.projects.get": get,
        "cloudresourcemanager.projects.getIamPolicy": get_policy,
        "cloudresourcemanager.projects.setIamPolicy": set_policy,
    }
