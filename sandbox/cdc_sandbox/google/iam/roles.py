"""Predefined roles and the permissions they hold, as far as this sandbox asks for any.

From Google's reference of IAM roles and permissions; permissions that nothing here checks are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

PUBSUB_READ = frozenset(
    {
        "pubsub.topics.get",
        "pubsub.topics.list",
        "pubsub.subscriptions.get",
        "pubsub.subscriptions.list",
        "pubsub.snapshots.get",
        "pubsub.snapshots.list",
        "pubsub.schemas.get",
        "pubsub.schemas.list",
    }
)
PUBSUB_SUBSCRIBE = frozenset({"pubsub.subscriptions.consume", "pubsub.topics.attachSubscription", "pubsub.snapshots.seek"})
PUBSUB_EDIT = (
    PUBSUB_READ
    | PUBSUB_SUBSCRIBE
    | frozenset(
        {
            "pubsub.topics.create",
            "pubsub.topics.delete",
            "pubsub.topics.update",
            "pubsub.topics.updateTag",
            "pubsub.topics.publish",
            "pubsub.topics.detachSubscription",
            "pubsub.subscriptions.create",
            "pubsub.subscriptions.delete",
            "pubsub.subscriptions.update",
            "pubsub.snapshots.create",
            "pubsub.snapshots.delete",
            "pubsub.snapshots.update",
            "pubsub.schemas.create",
            "pubsub.schemas.delete",
            "pubsub.schemas.attach",
            "pubsub.schemas.validate",
        }
    )
)
PUBSUB_READ_POLICIES = frozenset({"pubsub.topics.getIamPolicy", "pubsub.subscriptions.getIamPolicy"})
PUBSUB_ADMIN = PUBSUB_EDIT | PUBSUB_READ_POLICIES | {"pubsub.topics.setIamPolicy", "pubsub.subscriptions.setIamPolicy"}

CLOUDSQL_READ = frozenset(
    {
        "cloudsql.instances.get",
        "cloudsql.instances.list",
        "cloudsql.databases.get",
        "cloudsql.databases.list",
        "cloudsql.users.get",
        "cloudsql.users.list",
        "cloudsql.backupRuns.get",
        "cloudsql.backupRuns.list",
        "cloudsql.sslCerts.get",
        "cloudsql.sslCerts.list",
        "cloudsql.instances.listServerCas",
    }
)
CLOUDSQL_ADMIN = CLOUDSQL_READ | frozenset(
    {
        "cloudsql.instances.create",
        "cloudsql.instances.update",
        "cloudsql.instances.delete",
        "cloudsql.instances.restart",
        "cloudsql.instances.connect",
        "cloudsql.instances.login",
        "cloudsql.instances.executesql",
        "cloudsql.databases.create",
        "cloudsql.databases.update",
        "cloudsql.databases.delete",
        "cloudsql.users.create",
        "cloudsql.users.update",
        "cloudsql.users.delete",
        "cloudsql.backupRuns.create",
        "cloudsql.sslCerts.create",
        "cloudsql.backupRuns.delete",
    }
)

KEYS_READ = frozenset({"iam.serviceAccountKeys.get", "iam.serviceAccountKeys.list"})
KEYS_ADMIN = KEYS_READ | frozenset(
    {
        "iam.serviceAccountKeys.create",
        "iam.serviceAccountKeys.delete",
        "iam.serviceAccountKeys.disable",
        "iam.serviceAccountKeys.enable",
    }
)
ACCOUNTS_READ = frozenset({"iam.serviceAccounts.get", "iam.serviceAccounts.list"})
ACCOUNTS_EDIT = ACCOUNTS_READ | frozenset(
    {
        "iam.serviceAccounts.create",
        "iam.serviceAccounts.update",
        "iam.serviceAccounts.delete",
        "iam.serviceAccounts.undelete",
        "iam.serviceAccounts.enable",
        "iam.serviceAccounts.disable",
    }
)
ACCOUNTS_POLICIES = frozenset({"iam.serviceAccounts.getIamPolicy", "iam.serviceAccounts.setIamPolicy"})
PROJECT_READ = frozenset({"resourcemanager.projects.get"})
PROJECT_POLICIES = frozenset({"resourcemanager.projects.getIamPolicy", "resourcemanager.projects.setIamPolicy"})

SECRETS_READ = frozenset({"secretmanager.secrets.get", "secretmanager.versions.get"})
SECRETS_ADMIN = SECRETS_READ | {
    "secretmanager.secrets.create",
    "secretmanager.secrets.delete",
    "secretmanager.versions.add",
    "secretmanager.versions.enable",
    "secretmanager.versions.disable",
    "secretmanager.versions.access",
}

VIEWER = (
    PUBSUB_READ
    | PUBSUB_READ_POLICIES
    | CLOUDSQL_READ
    | KEYS_READ
    | ACCOUNTS_READ
    | PROJECT_READ
    | SECRETS_READ
    | {"iam.serviceAccounts.getIamPolicy", "resourcemanager.projects.getIamPolicy", "servicenetworking.services.get"}
)
EDITOR = VIEWER | PUBSUB_EDIT | CLOUDSQL_ADMIN | KEYS_ADMIN | ACCOUNTS_EDIT | {"iam.serviceAccounts.actAs"}
OWNER = EDITOR | PUBSUB_ADMIN | ACCOUNTS_POLICIES | PROJECT_POLICIES | SECRETS_ADMIN

ROLES: Mapping[str, frozenset[str]] = {
    "roles/owner": OWNER,
    "roles/editor": EDITOR,
    "roles/viewer": VIEWER,
    "roles/browser": PROJECT_READ | {"resourcemanager.projects.getIamPolicy"},
    "roles/pubsub.publisher": frozenset({"pubsub.topics.publish"}),
    "roles/pubsub.subscriber": PUBSUB_SUBSCRIBE,
    "roles/pubsub.viewer": PUBSUB_READ | PROJECT_READ,
    "roles/pubsub.editor": PUBSUB_EDIT | PROJECT_READ,
    "roles/pubsub.admin": PUBSUB_ADMIN | PROJECT_READ,
    "roles/cloudsql.admin": CLOUDSQL_ADMIN | PROJECT_READ,
    "roles/cloudsql.viewer": CLOUDSQL_READ | PROJECT_READ,
    "roles/cloudsql.client": frozenset({"cloudsql.instances.connect", "cloudsql.instances.get"}),
    "roles/cloudsql.instanceUser": frozenset({"cloudsql.instances.get", "cloudsql.instances.login", "cloudsql.instances.executesql"}),
    "roles/iam.serviceAccountAdmin": ACCOUNTS_EDIT | ACCOUNTS_POLICIES | PROJECT_READ,
    "roles/iam.serviceAccountKeyAdmin": KEYS_ADMIN | ACCOUNTS_READ | PROJECT_READ,
    "roles/iam.serviceAccountUser": ACCOUNTS_READ | PROJECT_READ | {"iam.serviceAccounts.actAs"},
    "roles/iam.workloadIdentityUser": ACCOUNTS_READ | {"iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken"},
    "roles/iam.serviceAccountTokenCreator": ACCOUNTS_READ
    | {
        "iam.serviceAccounts.getAccessToken",
        "iam.serviceAccounts.getOpenIdToken",
        "iam.serviceAccounts.signBlob",
        "iam.serviceAccounts.signJwt",
        "iam.serviceAccounts.implicitDelegation",
    },
    "roles/iam.securityAdmin": ACCOUNTS_READ | ACCOUNTS_POLICIES | PROJECT_READ | PROJECT_POLICIES | PUBSUB_READ_POLICIES,
    "roles/resourcemanager.projectIamAdmin": PROJECT_READ | PROJECT_POLICIES,
    "roles/secretmanager.admin": SECRETS_ADMIN | PROJECT_READ,
    "roles/secretmanager.secretAccessor": frozenset({"secretmanager.versions.access"}) | PROJECT_READ,
    "roles/servicenetworking.networksAdmin": frozenset({"servicenetworking.services.get"}),
}

WITHOUT_PERMISSIONS_HERE: Mapping[str, str] = {
    "cloudsql": "editor schemaViewer serviceAgent studioUser",
    "iam": "accessPolicyAdmin accessPolicyUser accessPolicyViewer admin dataScientist databasesAdmin denyAdmin denyReviewer devOps editor "
    "infrastructureAdmin mlEngineer networkAdmin oauthClientAdmin oauthClientViewer operationViewer organizationRoleAdmin "
    "organizationRoleViewer principalAccessBoundaryAdmin principalAccessBoundaryUser principalAccessBoundaryViewer roleAdmin roleViewer "
    "scimSyncer securityAuditor securityReviewer serviceAccountApiKeyBindingAdmin serviceAccountCreator serviceAccountDeleter "
    "serviceAccountOpenIdTokenCreator serviceAccountViewer siteReliabilityEngineer supportUser viewer workforcePoolAdmin "
    "workforcePoolEditor workforcePoolViewer workloadIdentityPoolAdmin workloadIdentityPoolViewer workspacePoolAdmin",
    "pubsub": "serviceAgent",
    "resourcemanager": "folderAdmin folderCreator folderEditor folderIamAdmin folderMover folderViewer lienModifier organizationAdmin "
    "organizationViewer projectCreator projectDeleter projectMover tagAdmin tagHoldAdmin tagUser tagViewer",
    "secretmanager": "editor secretVersionAdder secretVersionManager viewer",
    "servicenetworking": "admin editor serviceAgent viewer",
}
"""Other predefined roles of the services that are here, by service: they exist, and grant nothing that is asked for here."""
BASIC = frozenset({"roles/admin", "roles/reader", "roles/writer"})
"""Newer basic roles, which grant nothing here."""
PLACEHOLDER = re.compile(r"_withcond_[0-9a-f]{20}$")
OF_ANOTHER_SERVICE = re.compile(r"roles/([a-z][a-zA-Z0-9]*)\.[a-zA-Z][a-zA-Z0-9_.]*")


def exists(role: str) -> bool:
    """Whether there is a predefined role of this name.  Of services that are not here, any name that could be a role's is taken.

    A caller who reads a policy below version 3 sees placeholders for conditional roles, and may send them back.
    """
    role = PLACEHOLDER.sub("", role)
    if role in ROLES or role in BASIC:
        return True
    found = OF_ANOTHER_SERVICE.fullmatch(role)
    if found is None:
        return False
    others = WITHOUT_PERMISSIONS_HERE.get(found[1])
    return others is None or role.partition(".")[2] in others.split()


def permissions_of(role: str) -> frozenset[str]:
    """What a role holds; nothing when it is not listed here."""
    return ROLES.get(role, frozenset())
