# SPDX-License-Identifier: GPL-3.0-or-later
"""One table: option of cloudsql_instance <-> field of the API's DatabaseInstance, both ways.  PRIVATE to the collection.  Pure.

A *view* is an instance in the shape of the module's options.  What the API leaves out, or writes as a string, is normalised here
once (gcp-apis: a diff rule that is idempotent), so that everything else compares plain values.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .._reconcile.errors import InvalidInput

Json = Mapping[str, t.Any]
Convert = Callable[[t.Any], t.Any]


def _same(value: t.Any) -> t.Any:
    return value


def _boolean(value: t.Any) -> bool:
    """An absent boolean is false: Google's JSON leaves out default values."""
    return bool(value)


def _integer(value: t.Any) -> int | None:
    """int64 is a string in Google's JSON."""
    return None if value is None else int(value)


def network_path(value: str, project: str) -> str:
    """A network as "projects/P/global/networks/N", from that, from its URL, or from its bare name in `project`."""
    found = re.search(r"projects/[^/]+/global/networks/[^/]+$", value)
    if found:
        return found.group()
    if "/" in value:
        raise InvalidInput(f"private_network must be a network's name or projects/PROJECT/global/networks/NAME, not {value!r}.")
    return f"projects/{project}/global/networks/{value}"


def _network_tail(value: t.Any) -> str | None:
    return network_path(value, "") if value else None


def flag_value(value: t.Any) -> str:
    """A database flag as the API has it, always a string: YAML reads on and off as booleans, and numbers as numbers."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _flags(value: t.Any) -> dict[str, str]:
    return {flag["name"]: flag.get("value", "") for flag in value or ()}


def _flag_list(value: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value[name]} for name in sorted(value)]


def _networks(value: t.Any) -> dict[str, str]:
    return {entry["value"]: entry.get("name", "") for entry in value or ()}


def _network_list(value: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": network, **({"name": value[network]} if value[network] else {})} for network in sorted(value)]


def _retained(value: t.Any) -> int | None:
    return None if value is None else value.get("retainedBackups")


@dataclass(frozen=True)
class Field:
    """option: dotted name in the view.  path: dotted name in the API.  decode, encode: from the API's value, and to it."""

    option: str
    path: str
    decode: Convert = _same
    encode: Convert = _same


FIELDS: tuple[Field, ...] = (
    Field("database_version", "databaseVersion"),
    Field("region", "region"),
    Field("edition", "settings.edition"),
    Field("tier", "settings.tier"),
    Field("activation_policy", "settings.activationPolicy"),
    Field("availability_type", "settings.availabilityType"),
    Field("disk_type", "settings.dataDiskType"),
    Field("disk_size_gb", "settings.dataDiskSizeGb", _integer, str),
    Field("disk_autoresize", "settings.storageAutoResize", _boolean),
    Field("disk_autoresize_limit_gb", "settings.storageAutoResizeLimit", _integer, str),
    Field("backup.enabled", "settings.backupConfiguration.enabled", _boolean),
    Field("backup.start_time", "settings.backupConfiguration.startTime"),
    Field("backup.point_in_time_recovery", "settings.backupConfiguration.pointInTimeRecoveryEnabled", _boolean),
    Field("backup.transaction_log_retention_days", "settings.backupConfiguration.transactionLogRetentionDays"),
    Field(
        "backup.retained_backups",
        "settings.backupConfiguration.backupRetentionSettings",
        _retained,
        lambda value: {"retainedBackups": value, "retentionUnit": "COUNT"},
    ),
    Field("maintenance_window.day", "settings.maintenanceWindow.day"),
    Field("maintenance_window.hour", "settings.maintenanceWindow.hour"),
    Field("maintenance_window.update_track", "settings.maintenanceWindow.updateTrack"),
    Field("private_network", "settings.ipConfiguration.privateNetwork", _network_tail),
    Field("public_ip", "settings.ipConfiguration.ipv4Enabled", _boolean),
    Field("ssl_mode", "settings.ipConfiguration.sslMode"),
    Field("authorized_networks", "settings.ipConfiguration.authorizedNetworks", _networks, _network_list),
    Field("labels", "settings.userLabels", lambda value: dict(value or {})),
    Field("database_flags", "settings.databaseFlags", _flags, _flag_list),
    Field("deletion_protection", "settings.deletionProtectionEnabled", _boolean),
    Field(
        "data_api",
        "settings.dataApiAccess",
        lambda value: value == "ALLOW_DATA_API",
        lambda value: "ALLOW_DATA_API" if value else "DISALLOW_DATA_API",
    ),
)

LOGICAL_DECODING = "cloudsql.logical_decoding"
"""The flag that sets `wal_level` to logical, which cannot be set itself."""

SHARED: tuple[str, ...] = ("labels", "database_flags", "authorized_networks")
"""Maps that others may write to as well: merged unless the user wants them exact."""


def view(instance: Json) -> dict[str, t.Any]:
    """The API's instance in the shape of the module's options."""
    found: dict[str, t.Any] = {}
    for field in FIELDS:
        _put(found, field.option, field.decode(_get(instance, field.path)))
    return found


def body(values: Json) -> dict[str, t.Any]:
    """The API's instance for option-shaped `values`; keys that `values` lacks are left out."""
    made: dict[str, t.Any] = {}
    for field in FIELDS:
        value = _get(values, field.option)
        if value is not None:
            _put(made, field.path, field.encode(value))
    return made


def addresses(instance: Json) -> dict[str, str]:
    """IP address by its type (PRIMARY, PRIVATE, OUTGOING): the first that stays, or else the first that is going to be retired."""
    found: dict[str, str] = {}
    for entry in sorted(instance.get("ipAddresses", ()), key=lambda entry: "timeToRetire" in entry):
        if "ipAddress" in entry and "type" in entry:
            found.setdefault(entry["type"], entry["ipAddress"])
    return found


def major_version(database_version: str) -> int:
    """POSTGRES_16 -> 16.  Raises InvalidInput for anything but PostgreSQL."""
    found = re.match(r"POSTGRES_(\d+)", database_version)
    if not found:
        raise InvalidInput(f"Only PostgreSQL is supported: database_version must be like POSTGRES_16, not {database_version!r}.")
    return int(found.group(1))


def _get(tree: Json, path: str) -> t.Any:
    value: t.Any = tree
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value


def _put(tree: dict[str, t.Any], path: str, value: t.Any) -> None:
    *parents, last = path.split(".")
    for key in parents:
        tree = tree.setdefault(key, {})
    tree[last] = value
