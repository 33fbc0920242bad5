# SPDX-License-Identifier: GPL-3.0-or-later
"""Read, plan, apply: the reconcile loop shared by all modules.  PRIVATE to the collection."""

from __future__ import annotations

import time
import typing as t
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .errors import ReconcileError
from .plan import Action, Plan
from .secret import masked, masked_pair

Observed = t.TypeVar("Observed")


class Resource(t.Protocol[Observed]):
    """One resource of one server.

    title: names it in diffs and messages, for example "topic shop.changes".
    """

    @property
    def title(self) -> str: ...

    def read(self) -> Observed | None:
        """The resource as the server has it, or None when it does not exist.  Changes nothing."""

    def plan(self, observed: Observed | None) -> Plan:
        """What to do.  Pure: no I/O, no clock, no randomness.  Raises InvalidInput or Refused before anything was changed."""

    def apply(self, action: Action) -> None:
        """Do one action, and wait until it is done."""

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        """What the module returns of the resource: snake_case keys, stable, the same in every mode."""


class ReadOnly(ABC, t.Generic[Observed]):
    """Something that is only looked at, such as connection info: there is no action on it.

    title: names it in messages.
    """

    title: str

    @abstractmethod
    def read(self) -> Observed | None:
        """As the server has it, or None when it does not exist.  Changes nothing."""

    @abstractmethod
    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        """What the module returns of it: snake_case keys, stable."""

    def plan(self, observed: Observed | None) -> Plan:
        """Nothing to do, so that a graph may hold it beside resources that change."""
        return Plan(None, None)


@t.runtime_checkable
class Settling(t.Protocol[Observed]):
    """A resource that needs time after the last action, for example a rollout."""

    def settle(self, observed: Observed | None) -> Observed | None:
        """Wait until the resource does what it is for, and give it back as it then is.

        Called once after the actions, and also when there was nothing to do: an earlier run may have been stopped while it waited.
        Never called in check mode.
        """


AnyResource: t.TypeAlias = "Resource[t.Any] | ReadOnly[t.Any]"


@dataclass(frozen=True)
class Library:
    """A Python library that a package needs; `error` is what the import said, or None if it is installed."""

    name: str
    error: ImportError | None


@dataclass(frozen=True)
class Outcome:
    """What happened, or in check mode what would: the same plan tells both."""

    changed: bool
    plan: Plan
    facts: Mapping[str, t.Any]


def reconcile(resource: AnyResource, check_mode: bool) -> Outcome:
    """Bring `resource` to what is wanted; in check mode only say what would be done.

    After a change the resource is read again, so that the facts are the server's, not ours.
    """
    observed = resource.read()
    plan = resource.plan(observed)
    if not check_mode:
        done: list[str] = []
        try:
            observed = apply_plan(resource, observed, plan, done)
        except ReconcileError as error:
            error.details.setdefault("done_actions", done)
            raise
    return Outcome(bool(plan.actions), plan, {**resource.facts(observed), **plan.facts})


def apply_plan(
    resource: AnyResource,
    observed: t.Any,
    plan: Plan,
    done: list[str],
    report: Callable[[str, float], None] = lambda summary, seconds: None,
    announce: Callable[[str], None] = lambda notice: None,
) -> t.Any:
    """Apply `plan`, wait until the resource does what it is for, and give it back as it then is.

    done: gets the summary of each action that was applied, also when a later one fails.  report: told of each, and of
    the wait after them, with the seconds.  announce: told an action's notice before it is applied.
    """
    if isinstance(resource, ReadOnly):
        return observed
    for action in plan.actions:
        if action.notice:
            announce(action.notice)
        began = time.monotonic()
        try:
            resource.apply(action)
        except ReconcileError as error:
            error.details.setdefault("failed_action", action.summary)
            raise
        done.append(action.summary)
        report(action.summary, time.monotonic() - began)
    if done:
        observed = resource.read()
    if not isinstance(resource, Settling):
        return observed
    began = time.monotonic()
    settled = resource.settle(observed)
    if settled is not observed:
        report(f"{resource.title} is ready", time.monotonic() - began)
    return settled


def run(module: AnsibleModule, make: Callable[[], AnyResource], libraries: Iterable[Library] = ()) -> t.NoReturn:
    """A module's main(): check the libraries, reconcile, and end the module with its result.

    `make` builds the resource from the module's parameters; what it raises is reported like any other error.
    """
    require(module, libraries)
    try:
        resource = make()
        outcome = reconcile(resource, module.check_mode)
    except ReconcileError as error:
        fail(module, error)
    for warning in (*outcome.plan.warnings, *outcome.plan.notices):
        module.warn(warning)
    result: dict[str, t.Any] = {
        **masked(outcome.facts),
        "changed": outcome.changed,
        "actions": [action.summary for action in outcome.plan.actions],
    }
    if module._diff:
        result["diff"] = diff(resource.title, outcome.plan)
    module.exit_json(**result)


def require(module: AnsibleModule, libraries: Iterable[Library]) -> None:
    """End the module with an error when a library is missing."""
    for library in libraries:
        if library.error is not None:
            module.fail_json(msg=missing_required_lib(library.name), exception=str(library.error))


def fail(module: AnsibleModule, error: ReconcileError) -> t.NoReturn:
    """End the module with `error`; it has changed something when actions were done before."""
    module.fail_json(msg=error.message, **{"changed": bool(error.details.get("done_actions")), **masked(error.details)})


def diff(title: str, plan: Plan) -> dict[str, t.Any]:
    """Ansible's diff of a plan: absent resources are empty, secrets hidden, an unchanged resource the same on both sides."""
    before, after = masked_pair(plan.before or {}, (plan.after or {}) if plan.actions else (plan.before or {}))
    return {"before": before, "after": after, "before_header": title, "after_header": title}
