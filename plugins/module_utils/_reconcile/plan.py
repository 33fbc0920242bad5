# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan is.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field

State = Mapping[str, t.Any]
"""What a person sees of a resource: plain data, `Secret` for what must not show."""


@dataclass(frozen=True)
class Action:
    """One request that brings the resource nearer to what is wanted.  Packages subclass it with what `apply` needs.

    summary: what it does, as a person would say it: "create topic shop.changes".
    notice: a sentence to say before it is done, of an action that users of the resource will feel.
    """

    summary: str
    notice: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Plan:
    """The steps from what exists to what is wanted.

    before: the resource as it is, or None when it does not exist.
    after: the resource as it will be, or None when it will not exist.
    actions: what to do, in order; none means that nothing changes.
    warnings: what the user should know although it is not an error.
    facts: further values for the module's result, known from the plan alone (for example `pending_tables`).
    """

    before: State | None
    after: State | None
    actions: tuple[Action, ...] = ()
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, t.Any] = field(default_factory=dict)

    @property
    def notices(self) -> tuple[str, ...]:
        """What to say before the actions are done."""
        return tuple(action.notice for action in self.actions if action.notice)
