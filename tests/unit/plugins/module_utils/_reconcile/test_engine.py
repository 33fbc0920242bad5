# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: one plan tells what a real run does, what check mode would do, and what the diff shows."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile import engine
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import ReconcileError
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.plan import Action, Plan
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.secret import Secret


@dataclass(frozen=True)
class Write(Action):
    value: str


class Cell:
    """A resource that is one value in memory."""

    title = "cell a1"

    def __init__(self, wanted: str, stored: str | None, refuses: bool = False) -> None:
        self.wanted, self.stored, self.refuses = wanted, stored, refuses
        self.writes = 0

    def read(self) -> str | None:
        return self.stored

    def plan(self, observed: str | None) -> Plan:
        before = None if observed is None else {"value": observed}
        actions = () if observed == self.wanted else (Write(f"write {self.wanted}", self.wanted),)
        return Plan(before, {"value": self.wanted}, actions)

    def apply(self, action: Action) -> None:
        assert isinstance(action, Write)
        if self.refuses:
            raise ReconcileError("The cell is locked; unlock it.")
        self.writes += 1
        self.stored = action.value

    def facts(self, observed: str | None) -> dict[str, t.Any]:
        return {"value": observed}


def test_creates_and_returns_what_the_server_then_has() -> None:
    cell = Cell("new", None)
    outcome = engine.reconcile(cell, check_mode=False)
    assert outcome.changed
    assert outcome.facts == {"value": "new"}
    assert cell.stored == "new"


def test_a_second_run_writes_nothing() -> None:
    cell = Cell("new", None)
    engine.reconcile(cell, check_mode=False)
    assert not engine.reconcile(cell, check_mode=False).changed
    assert cell.writes == 1


def test_check_mode_says_the_same_and_writes_nothing() -> None:
    cell = Cell("new", "old")
    outcome = engine.reconcile(cell, check_mode=True)
    assert outcome.changed
    assert cell.stored == "old"
    assert engine.diff(cell.title, outcome.plan) == {
        "before": {"value": "old"},
        "after": {"value": "new"},
        "before_header": "cell a1",
        "after_header": "cell a1",
    }


def test_a_failure_names_the_action_and_what_was_done_before() -> None:
    with pytest.raises(ReconcileError) as caught:
        engine.reconcile(Cell("new", "old", refuses=True), check_mode=False)
    assert caught.value.details == {"failed_action": "write new", "done_actions": []}


def test_a_diff_never_shows_a_secret_but_says_that_it_changes() -> None:
    plan = Plan({"password": Secret("old"), "user": "u"}, {"password": Secret("new"), "user": "u"}, (Action("set password"),))
    shown = engine.diff("user u", plan)
    assert shown["before"] == {"password": "(hidden)", "user": "u"}
    assert shown["after"] == {"password": "(hidden, changes)", "user": "u"}
    assert "old" not in str(shown)
    assert "new" not in str(shown)


def test_an_unchanged_resource_has_the_same_two_sides_although_the_server_knows_more() -> None:
    plan = Plan({"a": 1, "server_side": 2}, {"a": 1})
    shown = engine.diff("x", plan)
    assert shown["before"] == shown["after"] == {"a": 1, "server_side": 2}


class Unreadable(Cell):
    """A cell that cannot be read any more once it was written."""

    def read(self) -> str | None:
        if self.writes:
            raise ReconcileError("The sheet is gone.")
        return super().read()


def test_a_read_that_fails_after_the_actions_says_what_was_done(run_module: t.Any) -> None:
    with pytest.raises(ReconcileError) as caught:
        engine.reconcile(Unreadable("new", "old"), check_mode=False)
    assert caught.value.details == {"done_actions": ["write new"]}
    result = run_module(SimpleNamespace(main=lambda: engine.run(AnsibleModule({}), lambda: Unreadable("new", "old"))))
    assert (result["failed"], result["changed"], result["done_actions"]) == (True, True, ["write new"])


class Gauge(engine.ReadOnly[int]):
    title = "gauge"

    def read(self) -> int:
        return 7

    def facts(self, observed: int | None) -> dict[str, t.Any]:
        return {"value": observed}


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_is_only_looked_at_has_facts_and_no_actions(check_mode: bool) -> None:
    outcome = engine.reconcile(Gauge(), check_mode)
    assert (outcome.changed, outcome.plan.actions, outcome.facts) == (False, (), {"value": 7})
