# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an instance is left as it is, and what restarts it.  PRIVATE to the collection.  Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping

from .._reconcile.errors import InvalidInput, ReconcileError, Refused
from . import fields
from .instance_options import Found, Wanted

Json = Mapping[str, t.Any]

RESTARTING = ("database_version", "edition", "tier", "private_network")

REGULAR = "CLOUD_SQL_INSTANCE"

OTHER_TYPES = {
    "READ_REPLICA_INSTANCE": "a read replica",
    "READ_POOL_INSTANCE": "a read pool",
    "ON_PREMISES_INSTANCE": "the representation of a server outside Cloud SQL",
}
"""Values of `instanceType` (discovery document) other than that of an instance that can be captured."""


def check_possible(wanted: Wanted, now: Json, instance: Json) -> None:
    """Raise what no option makes possible, or only one that is not given, before anything else is planned."""
    if instance.get("state") == "FAILED":
        raise ReconcileError(
            f"Instance {wanted.name} is in state FAILED. Check its operations; delete it, and use another name for the next one,"
            " because this one stays reserved for a week."
        )
    kind = instance.get("instanceType", REGULAR)
    if kind != REGULAR:
        primary = instance.get("masterInstanceName", "").rpartition(":")[2]
        raise Refused(
            f"Instance {wanted.name} is {OTHER_TYPES.get(kind, f'of type {kind}')}{f' of {primary}' if primary else ''}. Change data"
            " capture needs a primary instance, because PostgreSQL takes a publication only there. Set name (cdc_instance of a pipeline)"
            f" to {primary or 'a primary instance'}."
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


def refusals(wanted: Wanted, changes: Json, now: Json, found: Found) -> Iterator[str]:
    """Why the changes are not made without the user's word."""
    network = changes.get("private_network")
    if network is not None and not wanted.allow_network_change:
        has = f"the private network {now['private_network']}" if now["private_network"] else "no private network"
        yield (
            f"Instance {wanted.name} has {has}. With private_network={network} it would get another address, and clients that use the"
            " present one would lose it. Set allow_network_change=true (cloudsql_allow_network_change: true of a pipeline) to change the"
            " network, or leave private_network out."
        )
    if decoding_starts(changes, now):
        # Cloud SQL: "Cannot change flag cloudsql.logical_decoding to value [default] on replica … when value is on on primary"
        # (terraform-google-sql-db#462).
        behind = [name for name, replica in found.replicas.items() if not _decodes(replica)]
        if behind:
            yield (
                f"The flag {fields.LOGICAL_DECODING} cannot be switched on at instance {wanted.name} alone: its replicas"
                f" {', '.join(behind)} do not have it, and Cloud SQL refuses replicas that differ from their primary in it. Set it on them"
                " first (gcloud sql instances patch REPLICA --database-flags=…, with all flags of the replica; this restarts the replica),"
                " then run again."
            )
    restarts = restart_reasons(changes, now, found.restart_flags)
    if restarts and wanted.restart == "refuse":
        yield (
            f"This would restart instance {wanted.name} (changes of {', '.join(restarts)}): its sessions would end, and it would be"
            " unavailable for a while. Set restart=allow (cloudsql_restart: allow of a pipeline) to allow it, or leave these options"
            " unchanged."
        )


def _decodes(instance: Json) -> bool:
    return bool(fields.view(instance)["database_flags"].get(fields.LOGICAL_DECODING) == "on")


def changed_flags(changes: Json, now: Json) -> set[str]:
    """Names of the flags that `changes` sets, alters or takes away."""
    target = changes.get("database_flags", now["database_flags"])
    return {name for name in {*target, *now["database_flags"]} if target.get(name) != now["database_flags"].get(name)}


def restart_reasons(changes: Json, now: Json, restart_flags: frozenset[str]) -> list[str]:
    """What of `changes` restarts the instance; nothing restarts one that is stopped and stays so.

    Tier and flags: gcloud's `sql instances patch`.  Flags: what flags.list says.  A first private network: "Configure private IP"; what
    the move to another one does to sessions is nowhere documented, so it counts as a restart.
    """
    if now["activation_policy"] == "NEVER" and changes.get("activation_policy") != "ALWAYS":
        return []
    reasons = [option for option in RESTARTING if option in changes]
    return reasons + [f"flag {name}" for name in sorted(changed_flags(changes, now) & restart_flags)]


def decoding_starts(changes: Json, now: Json) -> bool:
    """Whether `changes` switches logical decoding on."""
    flag = fields.LOGICAL_DECODING
    return flag in changed_flags(changes, now) and changes["database_flags"].get(flag) == "on"
