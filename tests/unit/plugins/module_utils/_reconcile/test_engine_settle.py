# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources that take their time after the last action: the engine waits for them, also when nothing was to be done."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile import engine
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import DeadlineExceeded
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.plan import Action, Plan


class Kettle:
    """Water that is heated by one action, and hot only some time later."""

    title = "kettle"

    def __init__(self, heated: bool, broken: bool = False) -> None:
        self.heated, self.broken, self.hot = heated, broken, False

    def read(self) -> str | None:
        return "hot" if self.hot else "warm" if self.heated else None

    def plan(self, observed: str | None) -> Plan:
        return Plan(None, None, () if observed else (Action("switch on"),))

    def apply(self, action: Action) -> None:
        self.heated = True

    def settle(self, observed: str | None) -> str | None:
        if self.broken:
            raise DeadlineExceeded("Waited 5 s for the kettle.")
        self.hot = True
        return self.read()

    def facts(self, observed: str | None) -> dict[str, t.Any]:
        return {"water": observed}


@pytest.mark.parametrize("heated", [False, True], ids=["after an action", "nothing to do"])
def test_settles_and_returns_what_then_is(heated: bool) -> None:
    outcome = engine.reconcile(Kettle(heated), check_mode=False)
    assert outcome.facts == {"water": "hot"}
    assert outcome.changed is not heated


@pytest.mark.parametrize("heated", [False, True], ids=["something to do", "nothing to do"])
def test_check_mode_never_settles(heated: bool) -> None:
    assert engine.reconcile(Kettle(heated), check_mode=True).facts["water"] != "hot"


def test_a_failure_to_settle_tells_what_was_done_before() -> None:
    with pytest.raises(DeadlineExceeded) as caught:
        engine.reconcile(Kettle(False, broken=True), check_mode=False)
    assert caught.value.details == {"done_actions": ["switch on"]}
