# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to a topic or a subscription.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field

from .._reconcile.plan import Action


@dataclass(frozen=True)
class Create(Action):
    """when_not_found: what the user can do when something that the new one needs is not there; behind the server's own words."""

    request: Mapping[str, t.Any] = field(default_factory=dict)
    when_not_found: str = ""


@dataclass(frozen=True)
class Update(Action):
    """fields: the named fields' new values.  mask: those fields' names; a field in the mask without a value is cleared."""

    fields: Mapping[str, t.Any] = field(default_factory=dict)
    mask: tuple[str, ...] = ()


@dataclass(frozen=True)
class Delete(Action):
    pass
