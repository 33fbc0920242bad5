# SPDX-License-Identifier: GPL-3.0-or-later
"""A pipeline's graph without any server: every resource planned as on an empty project."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._cloudsql.instance_options import Found
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import GcpOptions, argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._iam import key_secret
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes import object as kubernetes_object
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.options import KUBERNETES_OPTIONS, KubernetesOptions
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline import graph
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.connections import Connections
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.context import Context
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.pipeline import Pipeline
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.specification.variable import PARTS
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.graph import Known, Node, Step
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.plan import Plan
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.wait import Clock

VARIABLES: dict[str, t.Any] = {
    "cdc_name": "shop",
    "cdc_project": "shop-prod",
    "cdc_region": "europe-west1",
    "cdc_tables": ["public.orders"],
    "cdc_replication_password": "replication secret",
    "cloudsql_user_password": "user secret",
    "cloudsql_admin_password": "admin secret",
    "cdc_kubernetes_options": {"host": "https://127.0.0.1:1", "api_key": "none"},
}


def run_for(pipeline: Pipeline, parts: tuple[str, ...] = PARTS, check_mode: bool = True) -> Context:
    """A run that reaches no server."""
    spec = {**argument_spec(), **KUBERNETES_OPTIONS}
    params = {name: option.get("default") for name, option in spec.items()}
    params |= {"project": pipeline["cdc_project"], **pipeline["cdc_gcp_options"], **pipeline["cdc_kubernetes_options"]}
    connections = Connections(GcpOptions.from_params(params), KubernetesOptions.from_params(params), Clock())
    return Context(pipeline, parts, connections, check_mode)


def nothing(node: Node, resource: t.Any) -> t.Any:
    """What a look at the resource gives where nothing exists yet."""
    if isinstance(resource, key_secret.KeySecret):
        return key_secret.Observed(None, None, None, None, datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    if isinstance(resource, kubernetes_object.KubernetesObject):
        return kubernetes_object.Observed(None, dict(resource.manifest))
    return Found(None) if node.kind == "cloudsql_instance" else None


def plan_nothing_exists(pipeline: Pipeline, parts: tuple[str, ...] = PARTS) -> dict[str, Step]:
    """Every step of a run on an empty project, planned without a request."""
    steps: dict[str, Step] = {}
    for node in graph.nodes(run_for(pipeline, parts)):
        resource = node.make(Known(steps))
        if node.kind in ("cloudsql_connection_info", "resourcemanager_project_info", "kubernetes_secret"):
            steps[node.name] = Step(node, resource, None, Plan(None, None), {"project_number": "42", "exists": False})
            continue
        observed = nothing(node, resource)
        plan = resource.plan(observed)
        facts = {**resource.facts(observed), **plan.facts}
        steps[node.name] = Step(node, resource, observed, plan, facts, settled=not plan.actions)
    return steps


@pytest.fixture
def planned() -> t.Callable[..., dict[str, Step]]:
    """`planned(parts, **variables)`: the steps of a run on an empty project."""

    def plan(parts: tuple[str, ...] = PARTS, **given: t.Any) -> dict[str, Step]:
        return plan_nothing_exists(Pipeline.from_variables({**VARIABLES, **given}, parts), parts)

    return plan
