# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of the part `iam`: the pod's identity, its grants, and its key.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from functools import partial

from .._iam.account import ServiceAccount
from .._iam.key_secret import KeySecret
from .._iam.member import Member, PolicyStore
from .._iam.policies import account_policy, project_policy
from .._iam.project import ProjectInfo
from .._kubernetes.secrets import SecretDigest, SecretStore
from .._pubsub.policies import PubSubPolicy
from .._reconcile.graph import Known, Node
from . import context, kubernetes
from .context import Context, named
from .pubsub import topic_node

KEY_FILE = "key.json"
"""Name of the key in its Secret; the pod mounts it under this name."""


def nodes(run: Context) -> list[Node]:
    """The part's nodes; only a look at the key when the pod needs its Secret."""
    pipeline = run.pipeline
    if not run.wanted("iam"):
        look = Node(context.KEY, "kubernetes_secret", "iam", partial(_stored_key, run), kubernetes.namespace_needed(run))
        return [look] if pipeline.uses_key and run.wanted("debezium_k8s") else []
    made: list[Node] = []
    if pipeline.service_account_email:
        made.append(Node(context.SERVICE_ACCOUNT, "iam_service_account", "iam", partial(_account, run)))
        who: tuple[str, ...] = (context.SERVICE_ACCOUNT,)
    elif pipeline["iam_workload_pool_project_number"] is None:
        made.append(Node(context.WORKLOAD_PROJECT, "resourcemanager_project_info", "iam", partial(_workload_project, run)))
        who = (context.WORKLOAD_PROJECT,)
    else:
        who = ()
    for topic in pipeline.topics if pipeline["iam_topic_roles"] else ():
        needs = (*who, topic_node(topic)) if run.wanted("pubsub") else who
        made.append(Node(named("grants on topic", topic), "iam_member", "iam", partial(_topic_grants, run, topic), needs))
    if pipeline["iam_project_roles"]:
        made.append(Node("grants on the project", "iam_member", "iam", partial(_project_grants, run), who))
    if pipeline["cdc_identity"] == "workload_identity_impersonation":
        made.append(Node("impersonation", "iam_member", "iam", partial(_impersonation, run), who))
    if pipeline.uses_key:
        needs = (context.SERVICE_ACCOUNT, *kubernetes.namespace_needed(run))
        made.append(Node(context.KEY, "iam_service_account_key_secret", "iam", partial(_key, run), needs))
    return made


def _account(run: Context, known: Known) -> ServiceAccount:
    pipeline = run.pipeline
    params = {
        "account_id": pipeline["cdc_service_account"],
        "display_name": pipeline["iam_display_name"],
        "new_account": {"display_name": pipeline["cdc_service_account"]},
        "description": None,
        "disabled": None,
        "state": "present",
        "allow_delete": False,
    }
    return ServiceAccount.from_params(params, run.connections.client(pipeline["cdc_iam_project"]))


def _workload_project(run: Context, known: Known) -> ProjectInfo:
    return ProjectInfo.from_params({}, run.connections.client(run.pipeline.workload_pool_project))


def _principal(run: Context, known: Known) -> str:
    """Who publishes, as IAM's policies name it: the service account, or the pod's Kubernetes service account itself.

    cloud.google.com/kubernetes-engine/docs/how-to/workload-identity: the number of the pool's project comes first, its id in the pool.
    """
    pipeline = run.pipeline
    if pipeline.service_account_email:
        return f"serviceAccount:{pipeline.service_account_email}"
    number = pipeline["iam_workload_pool_project_number"] or known.facts(context.WORKLOAD_PROJECT)["project_number"]
    return (
        f"principal://iam.googleapis.com/projects/{number}/locations/global/workloadIdentityPools/{pipeline['iam_workload_pool']}"
        f"/subject/ns/{pipeline['cdc_namespace']}/sa/{pipeline['cdc_deployment']}"
    )


def _member(run: Context, store: PolicyStore, member: str, roles: list[str]) -> Member:
    params: dict[str, t.Any] = {"state": "present", "member": member, "roles": roles, "condition": None, "allow_public": False}
    options = run.connections.client(run.pipeline["cdc_iam_project"]).options
    return Member(store, params, options.retry_timeout, run.connections.clock)


def _topic_grants(run: Context, topic: str, known: Known) -> Member:
    store = PubSubPolicy("topic", topic, run.connections.pubsub(run.pipeline["cdc_pubsub_project"]))
    return _member(run, store, _principal(run, known), run.pipeline["iam_topic_roles"])


def _project_grants(run: Context, known: Known) -> Member:
    project = run.pipeline["cdc_pubsub_project"]
    store = project_policy(run.connections.client(project), project)
    return _member(run, store, _principal(run, known), run.pipeline["iam_project_roles"])


def _impersonation(run: Context, known: Known) -> Member:
    pipeline = run.pipeline
    store = account_policy(run.connections.client(pipeline["cdc_iam_project"]), str(pipeline.service_account_email))
    member = f"serviceAccount:{pipeline['iam_workload_pool']}[{pipeline.kubernetes_subject}]"
    return _member(run, store, member, ["roles/iam.workloadIdentityUser"])


def _key(run: Context, known: Known) -> KeySecret:
    pipeline = run.pipeline
    params = {
        "service_account": pipeline.service_account_email,
        "namespace": pipeline["cdc_namespace"],
        "secret_name": pipeline["cdc_key_secret"],
        "key": KEY_FILE,
        "labels": None,
        "max_age_days": None,
        "rotate_before_days": None,
        "delete_replaced_key": False,
        "delete_key_ids": None,
    }
    client = run.connections.client(pipeline["cdc_iam_project"])
    return KeySecret.from_params(params, client, SecretStore(run.connections.cluster))


def _stored_key(run: Context, known: Known) -> SecretDigest:
    return SecretDigest(run.connections.cluster, run.pipeline["cdc_namespace"], run.pipeline["cdc_key_secret"])
