"""Cloud SQL's defaults: what a GET gives back of an instance for which only a few fields were sent.

They were recorded from the real service: POSTGRES_16, edition ENTERPRISE.  What is absent there when unset is absent here, 64-bit
numbers are strings, and lists that were cleared disappear.
"""

from __future__ import annotations

import copy
import hashlib
from typing import Any

from ..types import Json
from .validation import network_path

ABSENT_WHEN_EMPTY = ("databaseFlags", "userLabels", "denyMaintenancePeriods")
INT64 = ("dataDiskSizeGb", "storageAutoResizeLimit", "dataDiskProvisionedIops", "dataDiskProvisionedThroughput")


def default_edition(database_version: str) -> str:
    """PostgreSQL 16 and newer are ENTERPRISE_PLUS unless said otherwise, older ones ENTERPRISE."""
    return "ENTERPRISE_PLUS" if int(database_version.removeprefix("POSTGRES_").split("_")[0]) >= 16 else "ENTERPRISE"


def merge(base: Json, patch: Json) -> Json:
    """PATCH semantics: messages merge, a list or value replaces, null removes."""
    result = copy.deepcopy(base)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], value)
        else:
            result[key] = merge({}, value) if isinstance(value, dict) else copy.deepcopy(value)
    return result


def complete_settings(given: Json, database_version: str, region: str, sent: Json | None = None) -> Json:
    """Settings as the server keeps them: what was given, normalised, and the defaults for the rest.

    sent: the part of `given` that this request sent, where that is not all of it.
    """
    edition = given.get("edition") or default_edition(database_version)
    plus = edition == "ENTERPRISE_PLUS"
    settings = merge(_settings(plus, region), given)
    settings.update(kind="sql#settings", edition=edition)
    settings["backupConfiguration"] = _backup(settings["backupConfiguration"])
    settings["ipConfiguration"] = _network(settings["ipConfiguration"], (sent or given).get("ipConfiguration") or {})
    settings["locationPreference"]["kind"] = "sql#locationPreference"
    if "maintenanceWindow" in settings:
        settings["maintenanceWindow"] = {"day": 7, "hour": 0, **settings["maintenanceWindow"], "kind": "sql#maintenanceWindow"}
    if "insightsConfig" in settings:
        settings["insightsConfig"] = _insights(settings["insightsConfig"])
    for name in INT64:
        if name in settings:
            settings[name] = str(settings[name])
    for name in ABSENT_WHEN_EMPTY:
        if not settings.get(name):
            settings.pop(name, None)
    return settings


def new_instance(body: Json, project: str, project_number: str, created: str) -> Json:
    """The whole resource of a new instance, except for links, addresses and certificates, which come with its cluster."""
    name, version, region = body["name"], body["databaseVersion"], body.get("region", "us-central1")
    instance = {key: copy.deepcopy(value) for key, value in body.items() if key not in ("rootPassword", "settings")}
    settings = complete_settings(body.get("settings", {}), version, region)
    settings["settingsVersion"] = "1"
    instance.update(
        kind="sql#instance",
        project=project,
        name=name,
        region=region,
        databaseVersion=version,
        databaseInstalledVersion=f"{version}_14",
        maintenanceVersion=f"{version}_14.R20261012.00_00",
        state="PENDING_CREATE",
        instanceType="CLOUD_SQL_INSTANCE",
        backendType="SECOND_GEN",
        connectionName=f"{project}:{region}:{name}",
        createTime=created,
        gceZone=_zone(body.get("settings", {}), region),
        serviceAccountEmailAddress=f"p{project_number}-{hashlib.sha256(name.encode()).hexdigest()[:6]}@gcp-sa-cloud-sql.iam.gserviceaccount.com",
        satisfiesPzi=True,
        sqlNetworkArchitecture="NEW_NETWORK_ARCHITECTURE",
        includeReplicasForMajorVersionUpgrade=False,
        geminiConfig={
            "activeQueryEnabled": False,
            "entitled": False,
            "googleVacuumMgmtEnabled": False,
            "indexAdvisorEnabled": False,
            "oomSessionCancelEnabled": False,
        },
        upgradableDatabaseVersions=[
            {"majorVersion": f"POSTGRES_{number}", "name": f"POSTGRES_{number}", "displayName": f"PostgreSQL {number}"}
            for number in (17, 18)
        ],
        settings=settings,
    )
    return instance


def _zone(given: Json, region: str) -> str:
    """Where the instance really is: in the zone that was asked for; else not always in the one that locationPreference shows."""
    wanted = (given.get("locationPreference") or {}).get("zone")
    return wanted or f"{region}-c"


def _settings(plus: bool, region: str) -> Json:
    return {
        "activationPolicy": "ALWAYS",
        "availabilityType": "ZONAL",
        "pricingPlan": "PER_USE",
        "replicationType": "SYNCHRONOUS",
        "dataDiskSizeGb": "20" if plus else "10",
        "dataDiskType": "PD_SSD",
        "storageAutoResize": plus,
        "storageAutoResizeLimit": "0",
        "deletionProtectionEnabled": False,
        "connectorEnforcement": "NOT_REQUIRED",
        "authorizedGaeApplications": [],
        "replicationLagMaxSeconds": 31536000,
        "backupConfiguration": {
            "enabled": plus,
            "startTime": "12:00",
            "transactionLogRetentionDays": 14 if plus else 7,
            "backupRetentionSettings": {"retainedBackups": 15 if plus else 7, "retentionUnit": "COUNT"},
            "transactionalLogStorageState": "CLOUD_STORAGE" if plus else "TRANSACTIONAL_LOG_STORAGE_STATE_UNSPECIFIED",
            "backupTier": "STANDARD",
        },
        "ipConfiguration": {
            "ipv4Enabled": True,
            "authorizedNetworks": [],
            "requireSsl": False,
            "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
        },
        "locationPreference": {"zone": f"{region}-b"},
    }


def _backup(given: Json) -> Json:
    """Point-in-time recovery has two names, and each appears once one of them was sent; PostgreSQL has no binary log."""
    backup = {**given, "kind": "sql#backupConfiguration"}
    backup.pop("binaryLogEnabled", None)
    wanted = backup.get("pointInTimeRecoveryEnabled", backup.get("replicationLogArchivingEnabled"))
    if wanted is not None:
        backup.update(pointInTimeRecoveryEnabled=wanted, replicationLogArchivingEnabled=wanted)
    return backup


def _network(network: Json, given: Json) -> Json:
    """requireSsl is the old name of the strictest sslMode."""
    result = dict(network)
    if given.get("requireSsl") and "sslMode" not in given:
        result["sslMode"] = "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
    result["requireSsl"] = result["sslMode"] == "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
    if result.get("privateNetwork"):
        result["privateNetwork"] = network_path(result["privateNetwork"])
    return result


def _insights(given: Json) -> Json:
    """False booleans are left out of the answer."""
    defaults: dict[str, Any] = {"queryStringLength": 1024, "queryPlansPerMinute": 5}
    return {key: value for key, value in {**defaults, **given}.items() if value is not False}
