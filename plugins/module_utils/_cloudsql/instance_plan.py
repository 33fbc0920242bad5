# SPDX-License-Identifier: GPL-3.0-or-later
"""What to change on an instance, in which order, and what restarts it.  PRIVATE to the collection.  Pure."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field

from .._reconcile.errors import InvalidInput, ReconcileError, Refused
from .._reconcile.merge import difference, overlay, shared_map, without_none
from .._reconcile.plan import Action, Plan
from .._reconcile.secret import Secret
from . import fields
from .advice import PRIVATE_SERVICES_ACCESS
from .peering import Peering

Json = Mapping[str, t.Any]

NEW_INSTANCE: dict[str, t.Any] = {
    "database_version": "POSTGRES_16",
    "edition": "ENTERPRISE",
    "tier": "db-custom-1-3840",
    "activation_policy": "ALWAYS",
    "availability_type": "ZONAL",
    "disk_type": "PD_SSD",
    "disk_autoresize": True,
    "backup": {"enabled": True},
    "ssl_mode": "ENCRYPTED_ONLY",
    "deletion_protection": True,
}
"""What a new instance gets where the user named nothing.  An existing one keeps what it has.

The edition is always sent, because the API's own default depends on the version: ENTERPRISE_PLUS from POSTGRES_16 on, which
refuses db-custom tiers.  The API's own sslMode lets passwords and rows cross the network in clear text.
"""

ORDER: tuple[tuple[str, frozenset[str]], ...] = (
    ("version", frozenset({"database_version"})),
    ("edition", frozenset({"edition", "tier"})),
)
"""Changes that the API takes only alone, each in its own request and in this order (Terraform's sql_database_instance)."""

RESTARTING = ("database_version", "edition", "tier")

DATA_LOSS = (
    "{version}: Debezium 3.6 can silently lose changes when it restarts during a transaction on PostgreSQL 17 or newer (dbz#76,"
    " fixed in 3.7). Stay on POSTGRES_16, or use Debezium 3.7."
)


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
        "restart": "allow",
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
    """

    instance: Json | None
    restart_flags: frozenset[str] = frozenset()
    peering: Peering = Peering(True)


@dataclass(frozen=True)
class Create(Action):
    """body: of instances.insert, without the password."""

    body: Json
    root_password: Secret | None


@dataclass(frozen=True)
class Patch(Action):
    """step: names this request among the plan's, so that it can be found again after a new look.  body: of instances.patch."""

    step: str
    body: Json


@dataclass(frozen=True)
class Delete(Action):
    """Delete the instance."""


def plan_present(wanted: Wanted, found: Found) -> Plan:
    """How to bring the instance to what is wanted."""
    if found.instance is None:
        return _plan_create(wanted, found.peering)
    now = fields.view(found.instance)
    _check_possible(wanted, now, found.instance)
    changes = needed(wanted, now)
    warnings = _version_warnings({**now, **changes})
    if "private_network" in changes:
        warnings += _peering_warnings(wanted, found.peering)
    restarts = restart_reasons(changes, now, found.restart_flags)
    if restarts:
        what = f"instance {wanted.name} (changes of {', '.join(restarts)})"
        if wanted.restart == "refuse":
            raise Refused(f"This would restart {what}, and restart=refuse is set. Set restart=allow, or leave these options unchanged.")
        warnings += (f"This restarts {what}: its sessions end, and it is unavailable for a while.",)
    actions = tuple(
        Patch(f"change {', '.join(sorted(part))} of instance {wanted.name}", step, _patch_body(part, now, found.instance))
        for step, part in _steps(changes)
    )
    plain = {option: value for option, value in changes.items() if option not in fields.SHARED}
    maps = {option: value for option, value in changes.items() if option in fields.SHARED}
    return Plan(now, {**overlay(now, plain), **maps}, actions, warnings)


def plan_absent(wanted: Wanted, found: Found, allow_delete: bool) -> Plan:
    """How to delete the instance; `deletion_protection: false` in the same task disables the API's own protection first."""
    if found.instance is None:
        return Plan(None, None)
    now = fields.view(found.instance)
    if not allow_delete:
        raise Refused(
            f"Instance {wanted.name} exists, and deleting it destroys its databases and backups. Set allow_delete=true to allow it."
        )
    actions: list[Action] = []
    if now["deletion_protection"]:
        if wanted.values.get("deletion_protection") is not False:
            raise Refused(f"Instance {wanted.name} is protected against deletion. Set deletion_protection=false in the same task.")
        off = {"deletion_protection": False}
        actions.append(
            Patch(f"disable the deletion protection of instance {wanted.name}", "unprotect", _patch_body(off, now, found.instance))
        )
    actions.append(Delete(f"delete instance {wanted.name}, its databases and its automatic backups"))
    return Plan(now, None, tuple(actions))


def needed(wanted: Wanted, now: Json) -> dict[str, t.Any]:
    """The options that differ, with the values that they should have; shared maps whole."""
    changes = difference(wanted.values, now)
    if changes.get("tier", "").casefold() == (now["tier"] or "").casefold():
        changes.pop("tier", None)
    size = changes.get("disk_size_gb")
    if size is not None and size < (now["disk_size_gb"] or 0):
        if not changes.get("disk_autoresize", now["disk_autoresize"]):
            raise InvalidInput(f"disk_size_gb={size}: the disk has {now['disk_size_gb']} GB already, and disks cannot shrink.")
        del changes["disk_size_gb"]
    for option, value in wanted.shared.items():
        target = _target(wanted, option, value, now[option])
        if target != now[option]:
            changes[option] = target
    return changes


def changed_flags(changes: Json, now: Json) -> set[str]:
    """Names of the flags that `changes` sets, alters or takes away."""
    target = changes.get("database_flags", now["database_flags"])
    return {name for name in {*target, *now["database_flags"]} if target.get(name) != now["database_flags"].get(name)}


def restart_reasons(changes: Json, now: Json, restart_flags: frozenset[str]) -> list[str]:
    """What of `changes` restarts the instance; nothing restarts one that is stopped and stays so.

    Tier and flags: gcloud's `sql instances patch`.  Flags: what flags.list says.  A first private network: "Configure private IP".
    """
    if now["activation_policy"] == "NEVER" and changes.get("activation_policy") != "ALWAYS":
        return []
    reasons = [option for option in RESTARTING if option in changes]
    if "private_network" in changes and now["private_network"] is None:
        reasons.append("private_network")
    return reasons + [f"flag {name}" for name in sorted(changed_flags(changes, now) & restart_flags)]


def _plan_create(wanted: Wanted, peering: Peering) -> Plan:
    named = overlay(wanted.new_instance, wanted.values)
    values = overlay({**NEW_INSTANCE, "public_ip": "private_network" not in named}, named)
    values.update({option: _target(wanted, option, value, {}) for option, value in wanted.shared.items()})
    if "region" not in values:
        raise InvalidInput(f"Instance {wanted.name} does not exist; region is required to create it.")
    if values["edition"] == "ENTERPRISE_PLUS" and re.match(r"db-(custom|f1|g1)-", values["tier"]):
        raise InvalidInput(f"edition=ENTERPRISE_PLUS does not support tier {values['tier']}; use one like db-perf-optimized-N-2.")
    if not values["public_ip"] and "private_network" not in values:
        raise InvalidInput("An instance needs an address: give private_network, or set public_ip=true.")
    warnings = _version_warnings(values) + _peering_warnings(wanted, peering)
    body = {"name": wanted.name, **fields.body(values)}
    after = {**values, **({"root_password": wanted.root_password} if wanted.root_password else {})}
    return Plan(None, after, (Create(f"create instance {wanted.name}", body, wanted.root_password),), warnings)


def _check_possible(wanted: Wanted, now: Json, instance: Json) -> None:
    if instance.get("state") == "FAILED":
        raise ReconcileError(
            f"Instance {wanted.name} is in state FAILED. Check its operations; delete it, and use another name for the next one,"
            " because this one stays reserved for a week."
        )
    region = wanted.values.get("region")
    if region is not None and region != now["region"]:
        raise InvalidInput(f"Instance {wanted.name} is in region {now['region']}; it cannot be moved to {region}.")
    has = fields.major_version(now["database_version"])
    wants = fields.major_version(wanted.values.get("database_version", now["database_version"]))
    if wants < has:
        raise InvalidInput(f"Instance {wanted.name} has {now['database_version']}; it cannot be downgraded.")
    if wants > has and not wanted.allow_major_upgrade:
        raise Refused(
            f"Instance {wanted.name} has {now['database_version']}. A major upgrade to {wanted.values['database_version']} cannot be"
            " undone, takes the instance offline, and needs every replication slot dropped first."
            " Set allow_major_upgrade=true to allow it."
        )


def _steps(changes: Json) -> list[tuple[str, dict[str, t.Any]]]:
    """`changes` cut into the requests that the API takes, in order."""
    rest = dict(changes)
    steps: list[tuple[str, dict[str, t.Any]]] = []
    policy = rest.pop("activation_policy", None)
    if policy == "ALWAYS":
        steps.append(("start", {"activation_policy": policy}))
    for step, options in ORDER:
        if (step == "edition" and "edition" in rest) or (step == "version" and "database_version" in rest):
            steps.append((step, {option: rest.pop(option) for option in sorted(options) if option in rest}))
    if rest:
        steps.append(("settings", rest))
    if policy == "NEVER":
        steps.append(("stop", {"activation_policy": policy}))
    return steps


def _patch_body(changes: Json, now: Json, instance: Json) -> dict[str, t.Any]:
    """Body of instances.patch.

    A map merges, so a label goes by null.  A list replaces the whole list, and an authorised network keeps its expiry.
    The settingsVersion makes the server refuse a concurrent change.
    """
    made = fields.body(changes)
    settings = made.setdefault("settings", {})
    if "labels" in changes:
        gone = dict.fromkeys(sorted(now["labels"].keys() - changes["labels"].keys()))
        settings["userLabels"] = {**difference(changes["labels"], now["labels"]), **gone}
    if "authorized_networks" in changes:
        old = instance["settings"].get("ipConfiguration", {}).get("authorizedNetworks", ())
        expiry = {entry["value"]: {"expirationTime": entry["expirationTime"]} for entry in old if "expirationTime" in entry}
        entries = settings["ipConfiguration"]["authorizedNetworks"]
        settings["ipConfiguration"]["authorizedNetworks"] = [{**entry, **expiry.get(entry["value"], {})} for entry in entries]
    version = instance["settings"].get("settingsVersion")
    if version is not None:
        settings["settingsVersion"] = version
    return made


def _target(wanted: Wanted, option: str, value: Mapping[str, str | None], now: Mapping[str, str]) -> dict[str, str]:
    kept = {key: item for key, item in value.items() if item is not None}
    return shared_map(kept, now, exact=option in wanted.exact, absent=[key for key, item in value.items() if item is None])


def _texts(option: str, given: Json) -> dict[str, str | None]:
    """A shared map's values as the API has them, always strings; None stays, and takes the key away."""
    convert = fields.flag_value if option == "database_flags" else str
    return {str(key): None if value is None else convert(value) for key, value in given.items()}


def _version_warnings(values: Json) -> tuple[str, ...]:
    version = values["database_version"]
    return (DATA_LOSS.format(version=version),) if fields.major_version(version) >= 17 else ()


def _peering_warnings(wanted: Wanted, peering: Peering) -> tuple[str, ...]:
    network = wanted.network
    if peering.connected is None:
        return (f"Whether network {network} has private services access could not be checked: {peering.reason}",)
    if not peering.connected:
        raise InvalidInput(f"Network {network} is not connected to Google's services. {PRIVATE_SERVICES_ACCESS}")
    return ()
