# SPDX-License-Identifier: GPL-3.0-or-later
"""From a module's parameters to its result: the whole of cdc.gcp.pipeline's main().  PRIVATE to the collection."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Iterator, Mapping

from ansible.module_utils.basic import AnsibleModule

from .._gcp.options import GcpOptions
from .._kubernetes.options import KubernetesOptions
from .._reconcile.engine import fail
from .._reconcile.errors import ReconcileError
from .._reconcile.progress import Progress, to_file
from .._reconcile.secret import HIDDEN
from .._reconcile.wait import Clock
from . import context, graph, report
from .advice import advice
from .connections import Connections
from .context import Context
from .pipeline import Pipeline
from .specification.variable import PARTS
from .variables import VARIABLES


def take_variables(module: AnsibleModule) -> dict[str, t.Any]:
    """The pipeline's variables, taken out of the module's reach, so that nothing shows them.

    Ansible would mask each text in them wherever it occurs in the result, down to the pipeline's name; only secrets are.
    """
    variables = dict(module.params["variables"])
    secrets = {str(value) for name, value in variables.items() if name in VARIABLES and VARIABLES[name].no_log and value}
    options = [module.params[name] for name, spec in module.argument_spec.items() if spec.get("no_log") and name != "variables"]
    module.no_log_values.difference_update(_texts(variables))
    module.no_log_values.update(secrets, _texts(options))
    module.params["variables"] = dict.fromkeys(variables, HIDDEN)
    return variables


def _texts(value: t.Any) -> Iterator[str]:
    """Every text and number in `value`, at any depth, as Ansible masks them."""
    if isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif value not in (None, "", True, False):
        yield str(value)


def run_pipeline(module: AnsibleModule, variables: Mapping[str, t.Any], began: float) -> t.NoReturn:
    """Reconcile the pipeline, and end the module with its result.  began: when the module did, as time.monotonic() has it."""
    parts = PARTS if module.params["parts"] is None else tuple(module.params["parts"])
    path = module.params["progress_file"]
    progress = Progress(to_file(path)) if path else Progress()
    try:
        pipeline = Pipeline.from_variables(variables, parts)
        params = {**module.params, "project": pipeline["cdc_project"]}
        gcp, kubernetes = GcpOptions.from_params(params), KubernetesOptions.from_params(params)
        with Connections(gcp, kubernetes, Clock(report=progress.waiting)) as connections:
            run = Context(pipeline, parts, connections, module.check_mode)
            result = graph.reconcile(run, progress)
            warnings = [*result.warnings, *advice(run, result.steps)]
    except ReconcileError as error:
        fail(module, error)
    for warning in dict.fromkeys(warnings):
        module.warn(warning)
    seconds = time.monotonic() - began
    lines = report.plan_lines(pipeline, result) if module.check_mode else report.outcome_lines(pipeline, result, seconds)
    ended: dict[str, t.Any] = {
        "changed": result.changed,
        "resources": result.resources(),
        "actions": [action.summary for step in result.steps.values() for action in step.plan.actions],
        "names": pipeline.names(),
        "summary": lines,
    }
    if context.PUBLICATION in result.steps:
        pending = result.steps[context.PUBLICATION].facts.get("pending_tables", [])
        ended["pending_tables"] = report.captured(pipeline, pending)
    if module._diff:
        ended["diff"] = result.diffs()
    module.exit_json(**ended)
