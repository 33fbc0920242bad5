# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Cloud SQL Admin API answers, for the tests of the sql_* modules; shapes as recorded from the real service."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._gcp import client

API = "https://sqladmin.googleapis.com/sql/v1beta4"
PROJECT = f"{API}/projects/demo"
INSTANCE = f"{PROJECT}/instances/shop"
INSTANCE_MISSING = {
    "error": {
        "code": 404,
        "message": "The Cloud SQL instance does not exist.",
        "errors": [{"reason": "instanceDoesNotExist", "domain": "global", "message": "The Cloud SQL instance does not exist."}],
    }
}
NOT_AUTHORIZED = {
    "error": {"code": 403, "message": "The client is not authorized to make this request.", "errors": [{"reason": "notAuthorized"}]}
}
BUSY = {
    "error": {
        "code": 409,
        "message": "Operation failed because another operation was already in progress.",
        "errors": [{"reason": "operationInProgress"}],
    }
}
NOT_FOUND = {"error": {"code": 404, "message": "Not Found", "status": "NOT_FOUND", "errors": [{"reason": "notFound"}]}}
STALE = {"error": {"code": 412, "message": "Condition does not match.", "errors": [{"reason": "staleData", "domain": "global"}]}}
DONE = {"kind": "sql#operation", "name": "op", "status": "DONE"}
PENDING = {"kind": "sql#operation", "name": "op", "status": "PENDING"}

_INSTANCE: dict[str, t.Any] = {
    "kind": "sql#instance",
    "name": "shop",
    "project": "demo",
    "state": "RUNNABLE",
    "databaseVersion": "POSTGRES_16",
    "region": "europe-west1",
    "connectionName": "demo:europe-west1:shop",
    "selfLink": INSTANCE,
    "ipAddresses": [{"type": "PRIVATE", "ipAddress": "10.20.0.3"}],
    "serverCaCert": {"kind": "sql#sslCert", "cert": "-----BEGIN CERTIFICATE-----"},
    "settings": {
        "kind": "sql#settings",
        "settingsVersion": "1",
        "activationPolicy": "ALWAYS",
        "availabilityType": "ZONAL",
        "dataDiskSizeGb": "10",
        "dataDiskType": "PD_SSD",
        "storageAutoResize": True,
        "storageAutoResizeLimit": "0",
        "deletionProtectionEnabled": True,
        "edition": "ENTERPRISE",
        "tier": "db-custom-1-3840",
        "backupConfiguration": {
            "kind": "sql#backupConfiguration",
            "enabled": True,
            "startTime": "12:00",
            "transactionLogRetentionDays": 7,
            "backupRetentionSettings": {"retainedBackups": 7, "retentionUnit": "COUNT"},
        },
        "ipConfiguration": {
            "authorizedNetworks": [],
            "privateNetwork": "https://compute.googleapis.com/compute/v1/projects/demo/global/networks/default",
            "requireSsl": False,
            "sslMode": "ENCRYPTED_ONLY",
        },
    },
}


def instance(settings: dict[str, t.Any] | None = None, **changed: t.Any) -> dict[str, t.Any]:
    """A running instance in a private network; `settings` and fields laid over it."""
    made = copy.deepcopy(_INSTANCE)
    made.update(changed)
    made["settings"].update(settings or {})
    return made


def connect(monkeypatch: pytest.MonkeyPatch, session: t.Any, clock: t.Any) -> None:
    """Let every client of the run talk to `session` and live by `clock`."""
    monkeypatch.setattr(client.Client, "_open", lambda self: session)
    monkeypatch.setattr(client, "Clock", lambda: clock)


def unchanged(result: dict[str, t.Any]) -> bool:
    """Whether a run went well and changed nothing; a failed run has `changed: False` too."""
    return not result.get("failed") and result["changed"] is False


def expect_patch(session: t.Any, settings: dict[str, t.Any], **rest: t.Any) -> None:
    """The next request changes `settings` and nothing else, of the instance as it was first read."""
    session.expect("PATCH", INSTANCE, body={"settings": {"settingsVersion": "1", **settings}}, **{"answer": DONE, **rest})
