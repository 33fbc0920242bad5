"""Pods as callers: Workload Identity Federation for GKE knows each Kubernetes service account by names in the project's workload pool."""

from __future__ import annotations

from ...settings import Settings
from ..call import Caller


def pool(settings: Settings) -> str:
    """The workload pool of all clusters of the project."""
    return f"{settings.project}.svc.id.goog"


def caller(settings: Settings, namespace: str, service_account: str) -> Caller:
    """A pod that runs as this Kubernetes service account.

    Three forms of member mean it (cloud.google.com/iam/docs/principal-identifiers): its own principal, all of its namespace, and
    the older `serviceAccount:POOL[NAMESPACE/ACCOUNT]`.  The principals have the project's number before the pool, which has its id.
    """
    path = f"iam.googleapis.com/projects/{settings.project_number}/locations/global/workloadIdentityPools/{pool(settings)}"
    principals = (f"principal://{path}/subject/ns/{namespace}/sa/{service_account}", f"principalSet://{path}/namespace/{namespace}")
    return Caller(f"{pool(settings)}[{namespace}/{service_account}]", principals)
