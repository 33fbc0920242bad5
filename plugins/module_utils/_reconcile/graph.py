# SPDX-License-Identifier: GPL-3.0-or-later
"""The reconcile loop for many resources that depend on each other: read all, plan all, then apply in order.  PRIVATE to the collection.

First every resource is read and planned, as soon as what it needs of others is known and independent ones at the same time.  A
mistake or a danger anywhere ends the run there, before anything is changed.  Then the actions are applied, dependencies first; a
resource that depends on one that changed is read and planned again right before its turn.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from .engine import AnyResource, apply_plan, diff
from .errors import ReconcileError
from .plan import Plan
from .progress import Progress
from .secret import masked

WORKERS = 8
"""How many resources are read at the same time."""

Kind = t.Literal["none", "create", "update", "delete"]
"""What a plan does to a resource as a whole."""


@dataclass(frozen=True)
class Node:
    """One resource of the graph.

    name: unique in the graph; messages name the resource by its title.
    kind: what sort of resource it is: "pubsub_topic".  part: the part of the graph that it belongs to.
    make: builds the resource of what is known of the nodes in `needs`; called once for the plan, and again when one of them changed.
    needs: names of nodes that come first and whose facts `make` may use.
    """

    name: str
    kind: str
    part: str
    make: Callable[[Known], AnyResource]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A node that was read and planned.

    facts: what `Resource.facts` gives, together with the plan's own.
    done: summaries of the actions that were applied.
    settled: whether the resource is as its facts say; False for one whose actions are still to come.
    """

    node: Node
    resource: AnyResource
    observed: t.Any
    plan: Plan
    facts: Mapping[str, t.Any]
    done: tuple[str, ...] = ()
    settled: bool = True

    @property
    def action(self) -> Kind:
        """What the plan does to the resource as a whole."""
        if not self.plan.actions:
            return "none"
        if self.plan.before is None:
            return "create"
        return "delete" if self.plan.after is None else "update"

    @property
    def only_looks(self) -> bool:
        """Whether there is nothing, and nothing is wanted: the node only looked, or had nothing to do in this run."""
        return not self.plan.actions and self.plan.before is None and self.plan.after is None


class Known:
    """What is known of the nodes that a node needs."""

    def __init__(self, steps: Mapping[str, Step]) -> None:
        self._steps = steps

    def facts(self, name: str) -> Mapping[str, t.Any]:
        """The facts of a node; empty when there is no such node in this graph."""
        return self._steps[name].facts if name in self._steps else {}

    def resource(self, name: str) -> t.Any:
        """The resource of a node, for what only it can tell, such as a pod's log.  Raises KeyError when there is no such node."""
        return self._steps[name].resource

    def missing(self, name: str) -> bool:
        """Whether the node's resource does not exist yet, and will be created in this run."""
        return name in self._steps and not self._steps[name].settled and self._steps[name].action == "create"

    def created(self, name: str) -> bool:
        """Whether the node's resource is created in this run, be it still to come or done."""
        return name in self._steps and self._steps[name].action == "create"

    def changing(self, name: str) -> bool:
        """Whether the node's resource will change in this run, so that its facts are not the last word."""
        return name in self._steps and not self._steps[name].settled and self._steps[name].action != "none"

    def changed(self, name: str) -> bool:
        """Whether this run has changed the node's resource already."""
        return name in self._steps and bool(self._steps[name].done)


class GraphError(ReconcileError):
    """One or several nodes cannot be planned; nothing was changed.

    problems: one sentence each.
    """

    def __init__(self, problems: Sequence[str], **details: t.Any) -> None:
        super().__init__(" ".join(problems), problems=list(problems), **details)


Guard = Callable[[Mapping[str, Step]], Iterable[str]]
"""Looks at all that was read and planned together; gives a sentence for each reason to refuse."""


@dataclass
class Result:
    """The steps by the name of their node, in the order in which they are applied."""

    steps: dict[str, Step] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return any(step.plan.actions or step.done for step in self.steps.values())

    @property
    def warnings(self) -> list[str]:
        return list(dict.fromkeys(warning for step in self.steps.values() for warning in step.plan.warnings))

    def done(self) -> list[str]:
        """Summaries of everything that was applied, in order."""
        return [summary for step in self.steps.values() for summary in step.done]

    def diffs(self) -> list[dict[str, t.Any]]:
        """Ansible's diff of each resource that changes."""
        return [diff(step.resource.title, step.plan) for step in self.steps.values() if step.plan.actions]

    def resources(self) -> list[dict[str, t.Any]]:
        """Each resource as data, without what was only looked at: kind, name, part, action, the fields that change, and the actions."""
        return [
            {
                "kind": step.node.kind,
                "name": step.resource.title,
                "part": step.node.part,
                "action": step.action,
                "changed_fields": changed_fields(step.plan),
                "actions": [action.summary for action in step.plan.actions],
            }
            for step in self.steps.values()
            if not step.only_looks
        ]


def reconcile_graph(nodes: Sequence[Node], check_mode: bool, guards: Iterable[Guard] = (), progress: Progress | None = None) -> Result:
    """Bring all resources to what is wanted; in check mode only plan.

    nodes: each after those that it needs; this is also the order of the actions.
    Raises GraphError, with every problem that was found, before anything is changed; later errors have `done_actions`.
    """
    result = Result(plan_graph(nodes))
    problems = [problem for guard in guards for problem in guard(result.steps)]
    if problems:
        raise GraphError(problems)
    if not check_mode:
        apply_graph(result, progress or Progress())
    return result


def plan_graph(nodes: Sequence[Node]) -> dict[str, Step]:
    """Read and plan every node, independent ones at the same time.  Raises GraphError with all problems."""
    _check_order(nodes)
    steps: dict[str, Step] = {}
    failed: dict[str, ReconcileError] = {}
    waiting = list(nodes)
    running: dict[Future[Step], Node] = {}
    with ThreadPoolExecutor(WORKERS) as pool:
        while waiting or running:
            for node in [node for node in waiting if all(need in steps for need in node.needs)]:
                waiting.remove(node)
                running[pool.submit(look, node, steps)] = node
            if not running:
                break  # what still waits needs a node that failed
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                node = running.pop(future)
                try:
                    steps[node.name] = future.result()
                except ReconcileError as error:
                    failed[node.name] = error
    if failed:
        raise _joined([failed[node.name] for node in nodes if node.name in failed])
    return {node.name: steps[node.name] for node in nodes}


def look(node: Node, steps: Mapping[str, Step]) -> Step:
    """Read and plan one node, which sees of the steps only those that it needs: the same when planned and when applied."""
    known = Known({name: steps[name] for name in node.needs})
    resource = node.make(known)
    observed = resource.read()
    plan = resource.plan(observed)
    if any(known.missing(need) for need in node.needs):
        plan = replace(plan, warnings=())  # they would only say so
    return Step(node, resource, observed, plan, {**resource.facts(observed), **plan.facts}, settled=not plan.actions)


def apply_graph(result: Result, progress: Progress) -> None:
    """Apply every step in order; a step whose needs changed is read and planned again first."""
    changed: set[str] = set()
    for name, planned in result.steps.items():
        step, done = planned, list[str]()
        try:
            if changed.intersection(step.node.needs):
                step = look(step.node, result.steps)
            observed = apply_plan(step.resource, step.observed, step.plan, done, progress.done, progress.note)
            if observed is not step.observed:
                step = replace(step, observed=observed, facts={**step.resource.facts(observed), **step.plan.facts})
        except ReconcileError as error:
            result.steps[name] = replace(step, done=tuple(done))
            error.details["done_actions"] = result.done()
            raise
        result.steps[name] = replace(step, done=tuple(done), settled=True)
        if done:
            changed.add(name)


def changed_fields(plan: Plan) -> list[str]:
    """Dotted names of the fields that a plan changes on a resource that exists; empty for one that is created or deleted."""
    if not plan.actions or plan.before is None or plan.after is None:
        return []
    return sorted(_differences(plan.before, plan.after))


def _differences(before: Mapping[str, t.Any], after: Mapping[str, t.Any], prefix: str = "") -> Iterator[str]:
    for key in {*before, *after}:
        one, other = before.get(key), after.get(key)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _differences(one, other, f"{prefix}{key}.")
        elif one != other:
            yield f"{prefix}{key}"


def _check_order(nodes: Sequence[Node]) -> None:
    before: set[str] = set()
    for node in nodes:
        if node.name in before or not before.issuperset(node.needs):
            raise AssertionError(f"{node.name} is there twice, or before what it needs: {sorted(set(node.needs) - before)}")
        before.add(node.name)


def _joined(errors: Collection[ReconcileError]) -> ReconcileError:
    """One error that says all: the only one as it is, several as GraphError with each sentence once."""
    distinct = list({error.message: error for error in errors}.values())
    if len(distinct) == 1:
        return distinct[0]
    details: dict[str, t.Any] = {}
    for error in distinct:
        details = {**masked(error.details), **details}
    details.pop("problems", None)
    return GraphError([error.message for error in distinct], **details)
