"""Requests and answers of the Cloud SQL Admin API that are valid: method, path, query, body, answer.

Their shapes are those of traffic with the real service; the values are made up.
"""

from __future__ import annotations

from cdc_sandbox.google.types import Json

P = "/sql/v1beta4/projects/demo-project"
ONE = f"{P}/instances/pg1"

INSTANCE: Json = {
    "kind": "sql#instance",
    "name": "pg1",
    "project": "demo-project",
    "region": "europe-west1",
    "state": "RUNNABLE",
    "backendType": "SECOND_GEN",
    "instanceType": "CLOUD_SQL_INSTANCE",
    "databaseVersion": "POSTGRES_16",
    "databaseInstalledVersion": "POSTGRES_16_9",
    "connectionName": "demo-project:europe-west1:pg1",
    "createTime": "2026-11-23T06:00:00.123Z",
    "gceZone": "europe-west1-b",
    "etag": "0b1f0cc2",
    "selfLink": "https://sqladmin.googleapis.com/sql/v1beta4/projects/demo-project/instances/pg1",
    "serviceAccountEmailAddress": "p1-a@gcp-sa-cloud-sql.iam.gserviceaccount.com",
    "ipAddresses": [{"type": "PRIVATE", "ipAddress": "10.0.0.3"}],
    "serverCaCert": {
        "kind": "sql#sslCert",
        "cert": "-----BEGIN CERTIFICATE-----",
        "certSerialNumber": "0",
        "commonName": "C=US,O=Google\\, Inc,CN=Google Cloud SQL Server CA",
        "createTime": "2026-11-23T06:00:00Z",
        "expirationTime": "2036-11-23T06:00:00Z",
        "instance": "pg1",
        "sha1Fingerprint": "f00",
    },
    "settings": {
        "kind": "sql#settings",
        "settingsVersion": "1",
        "tier": "db-custom-1-3840",
        "edition": "ENTERPRISE",
        "activationPolicy": "ALWAYS",
        "availabilityType": "ZONAL",
        "pricingPlan": "PER_USE",
        "replicationType": "SYNCHRONOUS",
        "dataDiskSizeGb": "10",
        "dataDiskType": "PD_SSD",
        "storageAutoResize": True,
        "storageAutoResizeLimit": "0",
        "deletionProtectionEnabled": False,
        "connectorEnforcement": "NOT_REQUIRED",
        "backupConfiguration": {
            "kind": "sql#backupConfiguration",
            "enabled": True,
            "startTime": "03:00",
            "transactionLogRetentionDays": 7,
            "backupRetentionSettings": {"retainedBackups": 7, "retentionUnit": "COUNT"},
            "transactionalLogStorageState": "TRANSACTIONAL_LOG_STORAGE_STATE_UNSPECIFIED",
            "backupTier": "STANDARD",
        },
        "ipConfiguration": {
            "ipv4Enabled": False,
            "authorizedNetworks": [{"kind": "sql#aclEntry", "name": "office", "value": "192.0.2.0/24"}],
            "requireSsl": False,
            "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
            "privateNetwork": "projects/demo-project/global/networks/default",
        },
        "locationPreference": {"kind": "sql#locationPreference", "zone": "europe-west1-b"},
        "maintenanceWindow": {"kind": "sql#maintenanceWindow", "day": 7, "hour": 0, "updateTrack": "stable"},
        "databaseFlags": [{"name": "cloudsql.logical_decoding", "value": "on"}],
        "insightsConfig": {"queryPlansPerMinute": 5, "queryStringLength": 1024},
        "userLabels": {"team": "data"},
    },
}

OPERATION: Json = {
    "kind": "sql#operation",
    "name": "0f0c3e0a-0000-4000-8000-000000000001",
    "operationType": "UPDATE",
    "status": "DONE",
    "insertTime": "2026-11-23T06:00:00Z",
    "startTime": "2026-11-23T06:00:01Z",
    "endTime": "2026-11-23T06:00:02Z",
    "selfLink": "https://sqladmin.googleapis.com/sql/v1beta4/projects/demo-project/operations/1",
    "targetId": "pg1",
    "targetLink": "https://sqladmin.googleapis.com/sql/v1beta4/projects/demo-project/instances/pg1",
    "targetProject": "demo-project",
    "user": "owner@demo-project.iam.gserviceaccount.com",
    "error": {"kind": "sql#operationErrors", "errors": [{"kind": "sql#operationError", "code": "INTERNAL_ERROR", "message": "it failed"}]},
}

INSERT: Json = {
    "name": "pg1",
    "region": "europe-west1",
    "databaseVersion": "POSTGRES_16",
    "rootPassword": "made-up",
    "settings": {
        key: value for key, value in INSTANCE["settings"].items() if key not in ("kind", "settingsVersion", "insightsConfig", "userLabels")
    },
}

Sample = tuple[str, str, dict[str, list[str]], Json, Json]

SAMPLES: list[Sample] = [
    ("POST", f"{P}/instances", {}, INSERT, OPERATION),
    ("GET", ONE, {"alt": ["json"]}, {}, INSTANCE),
    ("GET", f"{P}/instances", {"maxResults": ["5"]}, {}, {"kind": "sql#instancesList", "items": [INSTANCE]}),
    ("PATCH", ONE, {}, {"settings": {"databaseFlags": [{"name": "max_wal_senders", "value": "10"}], "dataDiskSizeGb": "20"}}, OPERATION),
    ("PUT", ONE, {}, {"settings": {"settingsVersion": "3", "tier": "db-custom-2-7680"}}, OPERATION),
    ("DELETE", ONE, {}, {}, OPERATION),
    ("POST", f"{ONE}/restart", {}, {}, OPERATION),
    ("POST", f"{ONE}/users", {}, {"name": "app", "instance": "pg1", "password": "made-up", "type": "BUILT_IN"}, OPERATION),
    ("PUT", f"{ONE}/users", {"name": ["app"]}, {"password": "made-up"}, OPERATION),
    ("DELETE", f"{ONE}/users", {"name": ["app"]}, {}, OPERATION),
    (
        "GET",
        f"{ONE}/users",
        {},
        {},
        {
            "kind": "sql#usersList",
            "items": [{"kind": "sql#user", "name": "postgres", "host": "", "instance": "pg1", "project": "demo-project", "etag": "x"}],
        },
    ),
    ("POST", f"{ONE}/databases", {}, {"name": "app", "charset": "UTF8", "collation": "en_US.UTF8"}, OPERATION),
    (
        "GET",
        f"{ONE}/databases/app",
        {},
        {},
        {
            "kind": "sql#database",
            "name": "app",
            "charset": "UTF8",
            "collation": "en_US.UTF8",
            "instance": "pg1",
            "project": "demo-project",
            "etag": "x",
        },
    ),
    ("GET", f"{P}/operations/1", {}, {}, OPERATION),
    ("GET", f"{P}/operations", {"instance": ["pg1"]}, {}, {"kind": "sql#operationsList", "items": [OPERATION]}),
    (
        "GET",
        f"{ONE}/connectSettings",
        {},
        {},
        {
            "kind": "sql#connectSettings",
            "databaseVersion": "POSTGRES_16",
            "backendType": "SECOND_GEN",
            "region": "europe-west1",
            "ipAddresses": INSTANCE["ipAddresses"],
            "serverCaCert": INSTANCE["serverCaCert"],
            "pscEnabled": False,
        },
    ),
    (
        "POST",
        f"{ONE}/executeSql",
        {},
        {"sqlStatement": "SELECT 1", "database": "app", "autoIamAuthn": True, "rowLimit": "10"},
        {
            "results": [{"columns": [{"name": "one", "type": "INT4"}], "rows": [{"values": [{"value": "1"}]}]}],
            "messages": [{"severity": "INFO", "message": "done"}],
            "status": {"code": 0},
        },
    ),
]
