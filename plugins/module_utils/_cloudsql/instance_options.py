# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user named of an instance, and what was read of it.  PRIVATE to the collection.  Pure."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field

from .._reconcile.errors import InvalidInput
from .._reconcile.merge import without_none
from .._reconcile.secret import Secret
from . import fields
from .peering import Peering

Json = Mapping[str, t.Any]


@dataclass(frozen=True)
class Wanted:
    """What the user named.

    values: option-shaped, without the shared maps; only what was given.
    shared: maps to merge, by option; a value of None takes the key away.  exact: options whose other keys go.
    new_instance: further values for an instance that does not exist yet, where `values` names nothing.
    """

    name: str
    project: str
    values: Json
    shared: Mapping[str, Mapping[str, str | None]]
    exact: frozenset[str]
    root_password: Secret | None
    restart: str
    allow_network_change: bool
    allow_major_upgrade: bool
    new_instance: Json = field(default_factory=dict)

    @property
    def network(self) -> str | None:
        """The private network of the instance, also when only a new one is to have it."""
        found: str | None = self.values.get("private_network", self.new_instance.get("private_network"))
        return found

    @classmethod
    def from_params(cls, params: Json) -> Wanted:
        """From a module's parameters.  Raises InvalidInput for values that cannot be right."""
        name, project = params["name"], params["project"]
        if not re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", name) or len(f"{project}:{name}") > 98:
            raise InvalidInput(
                f"Instance name {name!r} must be lower-case letters, digits and hyphens, start with a letter, and make no more than 98"
                " characters together with the project and a colon."
            )
        options = {field.option.partition(".")[0] for field in fields.FIELDS} - set(fields.SHARED)
        values = without_none({option: params[option] for option in options})
        if "private_network" in values:
            values["private_network"] = fields.network_path(values["private_network"], project)
        if "database_version" in values:
            fields.major_version(values["database_version"])
        password = params["root_password"]
        return cls(
            name=name,
            project=project,
            values=values,
            shared={option: _texts(option, params[option]) for option in fields.SHARED if params[option] is not None},
            exact=frozenset(option for option in fields.SHARED if params[f"{option}_exact"]),
            root_password=Secret(password) if password else None,
            restart=params["restart"],
            allow_network_change=params["allow_network_change"],
            allow_major_upgrade=params["allow_major_upgrade"],
            new_instance=params.get("new_instance") or {},
        )


def instance_params(**given: t.Any) -> dict[str, t.Any]:
    """Parameters of cloudsql_instance with nothing but `given`, as Ansible would hand them over."""
    options = {field.option.partition(".")[0] for field in fields.FIELDS}
    defaults: dict[str, t.Any] = {
        **dict.fromkeys(options),
        **{f"{option}_exact": False for option in fields.SHARED},
        "root_password": None,
        "restart": "refuse",
        "allow_network_change": False,
        "allow_major_upgrade": False,
    }
    unknown = set(given) - {*defaults, "name", "project", "state", "allow_delete", "timeout", "poll_interval", "new_instance"}
    if unknown:
        raise AssertionError(f"cloudsql_instance has no option {', '.join(sorted(unknown))}")
    return {**defaults, **given}


@dataclass(frozen=True)
class Found:
    """What was read.

    instance: as the API gives it, or None.  restart_flags: flags whose change restarts; read only when flags are to change.
    peering: of the wanted private network; read only when the instance is to get that network.
    replicas: read replicas by name, as the API gives them; read only when logical decoding is to be switched on.
    """

    instance: Json | None
    restart_flags: frozenset[str] = frozenset()
    peering: Peering = Peering(True)
    replicas: Mapping[str, Json] = field(default_factory=dict)


def _texts(option: str, given: Json) -> dict[str, str | None]:
    """A shared map's values as the API has them, always strings; None stays, and takes the key away."""
    convert = fields.flag_value if option == "database_flags" else str
    return {str(key): None if value is None else convert(value) for key, value in given.items()}
