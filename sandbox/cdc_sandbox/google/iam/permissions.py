"""Which permission each method needs, and whether a caller has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ..call import Caller, Context
from ..contract.discovery import Method
from ..errors import ApiError
from ..types import Json
from . import accounts, conditions, projects
from .policies import effective, project_name
from .roles import permissions_of

METHODS: Mapping[str, str | None] = {
    "sql.instances.insert": "cloudsql.instances.create",
    "sql.instances.get": "cloudsql.instances.get",
    "sql.instances.list": "cloudsql.instances.list",
    "sql.instances.patch": "cloudsql.instances.update",
    "sql.instances.update": "cloudsql.instances.update",
    "sql.instances.delete": "cloudsql.instances.delete",
    "sql.instances.restart": "cloudsql.instances.restart",
    "sql.instances.executeSql": "cloudsql.instances.executesql",
    "sql.instances.listServerCas": "cloudsql.instances.listServerCas",
    "sql.sslCerts.insert": "cloudsql.sslCerts.create",
    "sql.sslCerts.get": "cloudsql.sslCerts.get",
    "sql.sslCerts.list": "cloudsql.sslCerts.list",
    "sql.connect.get": "cloudsql.instances.get",
    "sql.connect.generateEphemeral": "cloudsql.instances.connect",
    "sql.operations.get": "cloudsql.instances.get",
    "sql.operations.list": "cloudsql.instances.get",
    "sql.operations.cancel": "cloudsql.instances.update",
    "sql.databases.insert": "cloudsql.databases.create",
    "sql.databases.get": "cloudsql.databases.get",
    "sql.databases.list": "cloudsql.databases.list",
    "sql.databases.patch": "cloudsql.databases.update",
    "sql.databases.update": "cloudsql.databases.update",
    "sql.databases.delete": "cloudsql.databases.delete",
    "sql.users.insert": "cloudsql.users.create",
    "sql.users.get": "cloudsql.users.get",
    "sql.users.list": "cloudsql.users.list",
    "sql.users.update": "cloudsql.users.update",
    "sql.users.delete": "cloudsql.users.delete",
    "sql.backupRuns.insert": "cloudsql.backupRuns.create",
    "sql.backupRuns.get": "cloudsql.backupRuns.get",
    "sql.backupRuns.list": "cloudsql.backupRuns.list",
    "sql.backupRuns.delete": "cloudsql.backupRuns.delete",
    "sql.tiers.list": "cloudsql.instances.list",
    "sql.flags.list": None,
    "iam.projects.serviceAccounts.create": "iam.serviceAccounts.create",
    "iam.projects.serviceAccounts.get": "iam.serviceAccounts.get",
    "iam.projects.serviceAccounts.list": "iam.serviceAccounts.list",
    "iam.projects.serviceAccounts.patch": "iam.serviceAccounts.update",
    "iam.projects.serviceAccounts.update": "iam.serviceAccounts.update",
    "iam.projects.serviceAccounts.delete": "iam.serviceAccounts.delete",
    "iam.projects.serviceAccounts.undelete": "iam.serviceAccounts.undelete",
    "iam.projects.serviceAccounts.enable": "iam.serviceAccounts.enable",
    "iam.projects.serviceAccounts.disable": "iam.serviceAccounts.disable",
    "iam.projects.serviceAccounts.getIamPolicy": "iam.serviceAccounts.getIamPolicy",
    "iam.projects.serviceAccounts.setIamPolicy": "iam.serviceAccounts.setIamPolicy",
    "iam.projects.serviceAccounts.testIamPermissions": None,
    "iam.projects.serviceAccounts.keys.create": "iam.serviceAccountKeys.create",
    "iam.projects.serviceAccounts.keys.upload": "iam.serviceAccountKeys.create",
    "iam.projects.serviceAccounts.keys.get": "iam.serviceAccountKeys.get",
    "iam.projects.serviceAccounts.keys.list": "iam.serviceAccountKeys.list",
    "iam.projects.serviceAccounts.keys.delete": "iam.serviceAccountKeys.delete",
    "iam.projects.serviceAccounts.keys.disable": "iam.serviceAccountKeys.disable",
    "iam.projects.serviceAccounts.keys.enable": "iam.serviceAccountKeys.enable",
    "cloudresourcemanager.projects.get": "resourcemanager.projects.get",
    "cloudresourcemanager.projects.getIamPolicy": "resourcemanager.projects.getIamPolicy",
    "cloudresourcemanager.projects.setIamPolicy": "resourcemanager.projects.setIamPolicy",
    "cloudresourcemanager.projects.testIamPermissions": None,
    "iamcredentials.projects.serviceAccounts.generateAccessToken": None,
    "secretmanager.projects.locations.secrets.create": "secretmanager.secrets.create",
    "secretmanager.projects.locations.secrets.get": "secretmanager.secrets.get",
    "secretmanager.projects.locations.secrets.delete": "secretmanager.secrets.delete",
    "secretmanager.projects.locations.secrets.addVersion": "secretmanager.versions.add",
    "secretmanager.projects.locations.secrets.versions.access": "secretmanager.versions.access",
    "secretmanager.projects.locations.secrets.versions.get": "secretmanager.versions.get",
    "secretmanager.projects.locations.secrets.versions.enable": "secretmanager.versions.enable",
    "secretmanager.projects.locations.secrets.versions.disable": "secretmanager.versions.disable",
    "servicenetworking.services.connections.list": "servicenetworking.services.get",
}
"""Permission by method id; None: any caller that is logged in, or the method itself asks for it (generateAccessToken)."""

DISABLED_IN_HOST: Mapping[str, tuple[str, str]] = {
    "sql": ("Cloud SQL Admin API", "sqladmin.googleapis.com"),
    "iam": ("Identity and Access Management (IAM) API", "iam.googleapis.com"),
    "secretmanager": ("Secret Manager API", "secretmanager.googleapis.com"),
}
"""Title and name of each service that the second project has not enabled."""


def granted(caller: Caller, permission: str, policies: Iterable[Json]) -> bool:
    """Whether one of the policies gives the caller the permission, now: see `conditions` for bindings that have one."""
    return any(
        permission in permissions_of(binding["role"])
        and not caller.names.isdisjoint(binding["members"])
        and (not binding.get("condition") or conditions.holds(binding["condition"].get("expression") or ""))
        for policy in policies
        for binding in effective(policy)
    )


def require(context: Context, caller: Caller, method: Method, parameters: Mapping[str, str], query: Mapping[str, list[str]]) -> None:
    """Raise the service's own refusal unless the caller may do this.  A project that is not there is refused in the same words."""
    permission = METHODS[method.id]
    if permission is not None and not held(context, caller, permission, parameters, query):
        raise denied(method.api, permission)
    if method.api in DISABLED_IN_HOST and project_of(context, parameters, query) == context.settings.host_project:
        raise _disabled(method.api, context.settings.host_project_number)


def held(
    context: Context, caller: Caller, permission: str, parameters: Mapping[str, str], query: Mapping[str, list[str]] = MappingProxyType({})
) -> bool:
    """Whether the caller has a permission on the resource that a path names; never in a project that is not there."""
    project = project_of(context, parameters, query)
    return project is not None and _granted_in(context, caller, permission, project, parameters)


def denied(api: str, permission: str) -> ApiError:
    """The refusal of a caller who lacks `permission`, in the words of the service."""
    if api == "sql":
        return ApiError(403, "The client is not authorized to make this request.", reason="notAuthorized")
    if api == "cloudresourcemanager":
        return ApiError(403, "The caller does not have permission", reason="forbidden")
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "IAM_PERMISSION_DENIED",
        "domain": f"{api}.googleapis.com",
        "metadata": {"permission": permission},
    }
    return ApiError(403, f"Permission '{permission}' denied on resource (or it may not exist).", details=[info])


def _disabled(api: str, number: str) -> ApiError:
    """The refusal of a service that the project has not enabled."""
    title, service = DISABLED_IN_HOST[api]
    text = (
        f"{title} has not been used in project {number} before or it is disabled. Enable it by visiting "
        f"https://console.developers.google.com/apis/api/{service}/overview?project={number} then retry. If you enabled this API recently, "
        "wait a few minutes for the action to propagate to our systems and retry."
    )
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "SERVICE_DISABLED",
        "domain": "googleapis.com",
        "metadata": {"service": service, "consumer": f"projects/{number}"},
    }
    return ApiError(403, text, reason="accessNotConfigured", status="PERMISSION_DENIED", details=[info])


def _granted_in(context: Context, caller: Caller, permission: str, project: str, parameters: Mapping[str, str]) -> bool:
    """By the project's policy, or by the policy of the service account that the path names."""
    parts = _resource(parameters).split("/")
    with context.state.reading(projects.SECTION) as data:
        if granted(caller, permission, [projects.policy_of(data, project)]):
            # With `projects/-` an account that is not there looks like one that is forbidden.
            if parts[:2] == ["projects", "-"] and not permission.endswith(".undelete"):
                return accounts.exists(context.state, parts[3]) or _has_unique_id(context, parts[3])
            return True
    if len(parts) < 4 or parts[2] != "serviceAccounts":
        return False
    with context.state.reading(accounts.SECTION) as data:
        account = accounts.find(data, parts[3])
        return account is not None and granted(caller, permission, [account["policy"]])


def _has_unique_id(context: Context, unique_id: str) -> bool:
    with context.state.reading(accounts.SECTION) as data:
        return accounts.find(data, unique_id) is not None


def project_of(context: Context, parameters: Mapping[str, str], query: Mapping[str, list[str]]) -> str | None:
    """The id of the project that the path (or, for Service Networking, the network) belongs to; None when it is not there."""
    resource = _resource(parameters)
    if resource.startswith("services/"):
        resource = query.get("network", [""])[0]
    parts = resource.split("/")
    if parts[0] != "projects":
        return None
    if parts[1] == "-" and len(parts) > 3:
        return context.settings.project
    name = project_name(context.settings, parts[1])
    return name if name in context.settings.projects else None


def _resource(parameters: Mapping[str, str]) -> str:
    """The resource that a path names: `projects/P`, `projects/P/serviceAccounts/E`, `services/S`."""
    for name in ("project", "projectId", "name", "resource", "parent"):
        if name in parameters:
            value = parameters[name]
            return value if "/" in value else f"projects/{value}"
    return ""
