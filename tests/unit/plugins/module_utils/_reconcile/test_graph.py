# SPDX-License-Identifier: GPL-3.0-or-later
"""Reconciling a graph: everything is read and planned before anything is changed, and changes are made in the order of dependence."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput, ReconcileError, Refused
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.graph import GraphError, Known, Node, Step, reconcile_graph
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.plan import Action, Plan
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.progress import Progress


@dataclass
class World:
    """Servers as a table of values, and a log of everything that was asked of them."""

    values: dict[str, t.Any] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    failing: dict[str, ReconcileError] = field(default_factory=dict)

    def changes(self) -> list[str]:
        return [line for line in self.log if not line.startswith("read ")]


class Value:
    """A resource with one value on a server."""

    def __init__(self, world: World, name: str, wanted: t.Any) -> None:
        self.title = name
        self._world, self._name, self._wanted = world, name, wanted

    def read(self) -> t.Any:
        self._world.log.append(f"read {self._name}")
        if error := self._world.failing.get(f"read {self._name}"):
            raise error
        return self._world.values.get(self._name)

    def plan(self, observed: t.Any) -> Plan:
        if isinstance(self._wanted, ReconcileError):
            raise self._wanted
        before = None if observed is None else {"value": observed}
        if observed == self._wanted:
            return Plan(before, before)
        return Plan(before, {"value": self._wanted}, (Action(f"set {self._name} to {self._wanted}"),))

    def apply(self, action: Action) -> None:
        if error := self._world.failing.get(f"apply {self._name}"):
            raise error
        self._world.log.append(action.summary)
        self._world.values[self._name] = self._wanted

    def facts(self, observed: t.Any) -> Mapping[str, t.Any]:
        return {"value": observed}


def node(world: World, name: str, wanted: t.Any, *needs: str) -> Node:
    """A node whose value may be a function of what is known."""
    return Node(name, "value", "part", lambda known: Value(world, name, wanted(known) if callable(wanted) else wanted), needs)


def address(known: Known) -> str:
    return f"at {known.facts('server')['value'] or 'an unknown address'}"


def test_a_resource_is_planned_from_what_it_needs_and_planned_again_when_that_changed() -> None:
    world = World()
    result = reconcile_graph([node(world, "server", "10.0.0.3"), node(world, "client", address, "server")], check_mode=False)
    assert world.log == [
        "read server",
        "read client",
        "set server to 10.0.0.3",
        "read server",
        "read client",
        "set client to at 10.0.0.3",
        "read client",
    ]
    assert [(one["name"], one["action"]) for one in result.resources()] == [("server", "create"), ("client", "create")]


def test_nothing_to_do_is_one_read_each() -> None:
    world = World({"server": "10.0.0.3", "client": "at 10.0.0.3"})
    result = reconcile_graph([node(world, "server", "10.0.0.3"), node(world, "client", address, "server")], check_mode=False)
    assert world.log == ["read server", "read client"]
    assert not result.changed


def test_check_mode_plans_what_is_not_known_yet_and_changes_nothing() -> None:
    world = World()
    nodes = [node(world, "server", "10.0.0.3"), node(world, "client", address, "server")]
    result = reconcile_graph(nodes, check_mode=True)
    assert world.changes() == []
    assert result.changed
    assert result.steps["client"].plan.after == {"value": "at an unknown address"}
    assert result.steps["server"].action == "create"


def test_missing_and_changing_are_told_apart_and_are_over_once_applied() -> None:
    seen: list[tuple[bool, bool]] = []

    def look(known: Known) -> str:
        seen.append((known.missing("server"), known.changing("server")))
        return "same"

    for values, expected in (({}, [(True, True), (False, False)]), ({"server": "old"}, [(False, True), (False, False)])):
        seen.clear()
        world = World(dict(values))
        reconcile_graph([node(world, "server", "new"), node(world, "client", look, "server")], check_mode=False)
        assert seen == expected


def test_every_mistake_is_told_before_anything_is_changed() -> None:
    world = World()
    nodes = [
        node(world, "first", "new"),
        node(world, "second", Refused("Second is dangerous.")),
        node(world, "third", InvalidInput("Third is wrong.")),
        node(world, "fourth", "new", "third"),
    ]
    with pytest.raises(GraphError) as caught:
        reconcile_graph(nodes, check_mode=False)
    assert caught.value.details["problems"] == ["Second is dangerous.", "Third is wrong."]
    assert world.changes() == []
    assert "read fourth" not in world.log


def test_one_mistake_keeps_its_own_error_and_details() -> None:
    world = World(failing={"read second": Refused("No.", http_status=403)})
    with pytest.raises(Refused) as caught:
        reconcile_graph([node(world, "first", "new"), node(world, "second", "new")], check_mode=False)
    assert (caught.value.message, caught.value.details) == ("No.", {"http_status": 403})
    assert world.changes() == []


def test_the_same_failure_of_many_resources_is_told_once() -> None:
    world = World(failing={f"read {name}": ReconcileError("No answer from the server.") for name in ("one", "two")})
    with pytest.raises(ReconcileError, match=r"^No answer from the server\.$"):
        reconcile_graph([node(world, "one", "new"), node(world, "two", "new")], check_mode=False)


def test_a_guard_sees_everything_together_and_refuses_before_the_first_change() -> None:
    def guard(steps: Mapping[str, Step]) -> Iterable[str]:
        if steps["slot"].facts["value"] and not steps["offsets"].facts["value"]:
            yield "The slot is there, the offsets are gone."

    world = World({"slot": "debezium"})
    with pytest.raises(GraphError, match="the offsets are gone"):
        reconcile_graph([node(world, "slot", "debezium"), node(world, "offsets", "new")], check_mode=False, guards=[guard])
    assert world.changes() == []


def test_a_failure_half_way_says_what_was_done_and_the_next_run_completes_it() -> None:
    world = World(failing={"apply second": ReconcileError("Quota exceeded.")})
    nodes = [node(world, "first", "new"), node(world, "second", "new", "first"), node(world, "third", "new")]
    with pytest.raises(ReconcileError) as caught:
        reconcile_graph(nodes, check_mode=False)
    assert caught.value.details == {"failed_action": "set second to new", "done_actions": ["set first to new"]}
    world.failing.clear()
    result = reconcile_graph(nodes, check_mode=False)
    assert result.done() == ["set second to new", "set third to new"]


def test_a_read_after_an_action_that_fails_still_says_what_was_done() -> None:
    world = World()

    class Vanishing(Value):
        def apply(self, action: Action) -> None:
            super().apply(action)
            self._world.failing["read first"] = ReconcileError("No answer.")

    with pytest.raises(ReconcileError) as caught:
        reconcile_graph([Node("first", "value", "part", lambda known: Vanishing(world, "first", "new"))], check_mode=False)
    assert caught.value.details["done_actions"] == ["set first to new"]


def test_independent_resources_are_read_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=10)

    class Meeting(Value):
        def read(self) -> t.Any:
            together.wait()  # breaks unless three reads are under way at once
            return super().read()

    world = World(dict.fromkeys(("one", "two", "three"), "same"))
    nodes = [Node(name, "value", "part", lambda known, name=name: Meeting(world, name, "same")) for name in ("one", "two", "three")]  # type: ignore[misc]
    assert not reconcile_graph(nodes, check_mode=False).changed


def test_a_resource_that_settles_is_waited_for_even_when_nothing_changed() -> None:
    class Rollout(Value):
        def settle(self, observed: t.Any) -> t.Any:
            self._world.log.append("settled")
            return "ready"

    world = World({"pod": "same"})
    lines: list[str] = []
    nodes = [Node("pod", "value", "part", lambda known: Rollout(world, "pod", "same"))]
    result = reconcile_graph(nodes, check_mode=False, progress=Progress(lines.append))
    assert world.log == ["read pod", "settled"]
    assert lines[0].startswith("pod is ready (")
    assert result.steps["pod"].facts == {"value": "ready"}


def test_the_result_names_changed_fields_and_the_diff_shows_only_what_changes() -> None:
    world = World({"first": "old", "second": "same"})
    result = reconcile_graph([node(world, "first", "new"), node(world, "second", "same")], check_mode=True)
    assert result.resources()[0] == {
        "kind": "value",
        "name": "first",
        "part": "part",
        "action": "update",
        "changed_fields": ["value"],
        "actions": ["set first to new"],
    }
    assert result.diffs() == [{"before": {"value": "old"}, "after": {"value": "new"}, "before_header": "first", "after_header": "first"}]


def test_each_action_is_reported_when_it_is_done() -> None:
    lines: list[str] = []
    reconcile_graph([node(World(), "first", "new")], check_mode=False, progress=Progress(lines.append))
    assert len(lines) == 1
    assert lines[0].startswith("set first to new (")


def test_a_node_sees_only_what_it_needs_also_when_it_is_planned_again() -> None:
    seen: list[tuple[bool, bool]] = []

    def wanted(known: Known) -> str:
        seen.append((known.missing("client"), known.missing("stranger")))
        return "new"

    world = World()
    reconcile_graph(
        [node(world, "server", "new"), node(world, "client", wanted, "server"), node(world, "stranger", "new")], check_mode=False
    )
    assert seen == [(False, False), (False, False)]


class Felt(Value):
    """A value whose change is felt by those who use it."""

    def plan(self, observed: t.Any) -> Plan:
        planned = super().plan(observed)
        return replace(planned, actions=tuple(replace(action, notice=f"This restarts {self.title}.") for action in planned.actions))


def test_what_an_action_does_to_others_is_said_before_it_is_done() -> None:
    world = World({"server": "old"})
    reconcile_graph([Node("server", "value", "part", lambda known: Felt(world, "server", "new"))], False, (), Progress(world.log.append))
    assert world.log[:3] == ["read server", "This restarts server.", "set server to new"]


def test_a_wait_is_reported_after_ten_seconds_and_then_every_thirty() -> None:
    lines: list[str] = []
    now = 100.0
    progress = Progress(lines.append, lambda: now)
    for waited in range(0, 75, 5):
        now = 100.0 + waited
        progress.waiting("the instance", waited)
    assert lines == ["waiting for the instance (10 s)", "waiting for the instance (40 s)", "waiting for the instance (70 s)"]
