"""Resource Manager: the projects there are, and their IAM policies.

State section "projects": {PROJECT_ID: {"createTime", "etag", "policy"}}.
"""

from __future__ import annotations

import secrets

from ..call import Call, Context, Handler
from ..types import Json
from . import policies
from .accounts import now

SECTION = "projects"


def bootstrap(context: Context, owners: list[str], viewers: list[str]) -> None:
    """Make the projects, with these members as roles/owner and, in the first project alone, as roles/viewer, unless they are there."""
    with context.state.changing(SECTION) as data:
        if data:
            return
        for project in context.settings.projects:
            bindings = [{"role": "roles/owner", "members": list(owners)}]
            if project == context.settings.project:
                bindings.append({"role": "roles/viewer", "members": list(viewers)})
            policy = {"bindings": bindings, "etag": policies.new_etag()}
            data[project] = {"createTime": now(), "etag": f'W/"{secrets.token_hex(8)}"', "policy": policy}


def policy_of(data: Json, project: str) -> Json:
    """The policy of a project.  data: section "projects"."""
    policy: Json = data[project]["policy"]
    return policy


def all_policies(data: Json) -> list[Json]:
    """The policies of all projects.  data: section "projects"."""
    return [record["policy"] for record in data.values()]


def methods(context: Context) -> dict[str, Handler]:
    """Handlers of projects.get, getIamPolicy and setIamPolicy, for v1 and v3."""
    settings = context.settings

    def project_of(call: Call) -> str:
        name = next(call.parameters[part] for part in ("projectId", "name", "resource") if part in call.parameters)
        return policies.project_name(settings, name.removeprefix("projects/"))

    def get(call: Call) -> Json:
        project = project_of(call)
        number = settings.projects[project]
        with context.state.reading(SECTION) as data:
            created, etag = data[project]["createTime"], data[project]["etag"]
        if call.version == "v1":
            return {
                "projectNumber": number,
                "projectId": project,
                "lifecycleState": "ACTIVE",
                "name": project,
                "createTime": created,
            }
        return {
            "name": f"projects/{number}",
            "projectId": project,
            "displayName": project,
            "state": "ACTIVE",
            "createTime": created,
            "updateTime": created,
            "etag": etag,
        }

    def get_policy(call: Call) -> Json:
        version = int((call.body.get("options") or {}).get("requestedPolicyVersion") or 0)
        with context.state.reading(SECTION) as data:
            return policies.read(policy_of(data, project_of(call)), version)

    def set_policy(call: Call) -> Json:
        if context.faults.take("policy_aborted", call.method_id):
            with context.state.changing(SECTION) as data:
                policy_of(data, project_of(call))["etag"] = policies.new_etag()
            raise policies.concurrent_change()
        with context.state.changing(SECTION) as data:
            return policies.change(context, call, policy_of(data, project_of(call)))

    return {
        "cloudresourcemanager.projects.get": get,
        "cloudresourcemanager.projects.getIamPolicy": get_policy,
        "cloudresourcemanager.projects.setIamPolicy": set_policy,
    }
