# SPDX-License-Identifier: GPL-3.0-or-later
"""The specification of one variable of the inventory.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

PARTS = ("cloudsql", "pubsub", "iam", "debezium_k8s")
"""The parts of a pipeline; each is also a role."""


@dataclass(frozen=True)
class Variable:
    """One variable.  The documentation of the roles and the README's tables are generated from these.

    type, choices, elements, options: as in an Ansible argument specification.
    default: the value if the user sets none; None for no value.
    derived: how the default derives from other variables, for the documentation; `Pipeline` computes it.
    needed_by: parts that require a value.
    """

    name: str
    description: str | tuple[str, ...]
    type: str = "str"
    default: t.Any = None
    derived: str = ""
    choices: tuple[str, ...] = ()
    elements: str = ""
    options: t.Mapping[str, t.Mapping[str, t.Any]] | None = field(default=None, hash=False)
    needed_by: tuple[str, ...] = ()
    no_log: bool = False

    def argument(self) -> dict[str, t.Any]:
        """The entry of an Ansible argument specification that checks type and choices."""
        entry: dict[str, t.Any] = {"type": self.type}
        if self.choices:
            entry["choices"] = list(self.choices)
        if self.elements:
            entry["elements"] = self.elements
        if self.options is not None:
            entry["options"] = {name: dict(option) for name, option in self.options.items()}
        return entry
