# SPDX-License-Identifier: GPL-3.0-or-later
"""What to change on an instance, and in which order.  PRIVATE to the collection.  Pure."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from .._reconcile.errors import InvalidInput, Refused
from .._reconcile.merge import difference, overlay, shared_map
from .._reconcile.plan import Action, Plan
from .._reconcile.secret import Secret
from . import fields
from .advice import PRIVATE_SERVICES_ACCESS
from .instance_options import Found, Wanted
from .instance_refusals import check_possible, refusals, restart_reasons
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

ORDER: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("version", "database_version", frozenset({"database_version"})),
    ("edition", "edition", frozenset({"edition", "tier"})),
    ("network", "private_network", frozenset({"private_network"})),
)
"""Changes that go alone, in this order: the step, the option that makes it necessary, and the options that go with it.

The API takes version and edition only alone (Terraform's sql_database_instance).  The network comes before everything else, so that an
instance whose public address is to go has another one by then.
"""

DATA_LOSS = (
    "{version}: Debezium 3.6 can silently lose changes when it restarts during a transaction on PostgreSQL 17 or newer (dbz#76,"
    " fixed in 3.7). Stay on POSTGRES_16, or use Debezium 3.7."
)


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
    check_possible(wanted, now, found.instance)
    changes = needed(wanted, now)
    warnings = _version_warnings({**now, **changes})
    if "private_network" in changes:
        warnings += _peering_warnings(wanted, found.peering)
    reasons = [*refusals(wanted, changes, now, found)]
    if reasons:
        raise Refused(" ".join(reasons))
    actions = tuple(_patch(wanted, step, part, changes, now, found) for step, part in _steps(changes))
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


def _patch(wanted: Wanted, step: str, part: Json, changes: Json, now: Json, found: Found) -> Patch:
    """One request.  Stopped or not is decided by all changes together: an instance is started first, and then restarted."""
    policy = {key: value for key, value in changes.items() if key == "activation_policy"}
    restarts = restart_reasons({**policy, **part}, now, found.restart_flags)
    what = f"change {', '.join(sorted(part))} of instance {wanted.name}"
    if not restarts:
        return Patch(what, step, _patch_body(part, now, found.instance or {}))
    notice = (
        f"This restarts instance {wanted.name} (changes of {', '.join(restarts)}): its sessions end, and it is unavailable for a while."
    )
    return Patch(f"{what} (restarts the instance)", step, _patch_body(part, now, found.instance or {}), notice=notice)


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


def _steps(changes: Json) -> list[tuple[str, dict[str, t.Any]]]:
    """`changes` cut into the requests that the API takes, in order."""
    rest = dict(changes)
    steps: list[tuple[str, dict[str, t.Any]]] = []
    policy = rest.pop("activation_policy", None)
    if policy == "ALWAYS":
        steps.append(("start", {"activation_policy": policy}))
    for step, trigger, options in ORDER:
        if trigger in rest:
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
