"""Whole conversations that were recorded at Google's, held again with the stand-in: each answer has the same fields and values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from cdc_sandbox.google.types import Json
from cloudsql_client import INSTANCES, OPERATIONS, temporary_settings, wait
from recorded import BYTES, TIME, differences, same
from standin_client import StandIn, running

NEVER = "9999-12-31T23:59:59Z"
NUMBER = re.compile(r"\d{21}")
UNKNOWN_ACCOUNT = {
    "error": {
        "code": 404,
        "errors": [{"domain": "global", "message": "Unknown service account", "reason": "notFound"}],
        "message": "Unknown service account",
        "status": "NOT_FOUND",
    }
}


def hold(cloud: StandIn, method: str, path: str, body: Json | None, status: int, recorded: Any) -> Json:
    """Send one request of a conversation and compare its answer; gives the answer."""
    answer: Json = same(cloud.call(method, path, body), status, recorded)
    return answer


def test_service_account(standin: StandIn) -> None:
    """basic/iam/v1beta1/iamserviceaccount/iamserviceaccount-full at 81600a78cd."""
    email = standin.email("recorded")
    path = f"{standin.account}/{email}"
    account = {
        "description": "reads the log",
        "displayName": "Reader",
        "email": email,
        "etag": BYTES,
        "name": path.removeprefix("/v1/"),
        "oauth2ClientId": NUMBER,
        "projectId": "demo-project",
        "uniqueId": NUMBER,
    }
    given = {"description": "reads the log", "displayName": "Reader"}
    hold(standin, "GET", path, None, 404, UNKNOWN_ACCOUNT)
    hold(standin, "POST", standin.account, {"accountId": "recorded", "serviceAccount": given}, 200, account)
    etag = hold(standin, "GET", path, None, 200, account)["etag"]
    changed = {"description": "read the log", "displayName": "Was reader"}
    patch = {"serviceAccount": {**changed, "etag": etag}, "updateMask": "description,display_name"}
    hold(standin, "PATCH", path, patch, 200, {**changed, "name": account["name"]})
    hold(standin, "GET", path, None, 200, {**account, **changed})
    hold(standin, "DELETE", path, None, 200, {})


def test_service_account_key(standin: StandIn) -> None:
    """basic/iam/v1beta1/iamserviceaccountkey/iamserviceaccountkey at 2018d05e05, and the list of mockgcp/mockiam at 13d73dd580.

    The recording has no publicKeyData; the API's reference has it when publicKeyType is asked for, and so has the sandbox.
    """
    email = standin.email("recorded-key")
    path = f"{standin.account}/{email}"
    standin.good("POST", standin.account, {"accountId": "recorded-key", "serviceAccount": {}})
    key = {
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "keyOrigin": "GOOGLE_PROVIDED",
        "keyType": "USER_MANAGED",
        "name": re.compile(rf"{path.removeprefix('/v1/')}/keys/[0-9a-f]{{40}}"),
        "validAfterTime": TIME,
        "validBeforeTime": NEVER,
    }
    asked = {"keyAlgorithm": "KEY_ALG_RSA_2048", "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE"}
    with_the_secret = {**key, "privateKeyData": BYTES, "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE"}
    made = hold(standin, "POST", f"/v1/projects/-/serviceAccounts/{email}/keys", asked, 200, with_the_secret)
    name = f"/v1/{made['name']}"
    hold(standin, "GET", f"{name}?publicKeyType=TYPE_X509_PEM_FILE", None, 200, {**key, "publicKeyData": BYTES})
    hold(standin, "GET", f"/v1/projects/-/serviceAccounts/{email}/keys?keyTypes=USER_MANAGED", None, 200, {"keys": [key]})
    hold(standin, "DELETE", name, None, 200, {})
    hold(standin, "DELETE", path, None, 200, {})


@pytest.fixture(scope="module")
def cloud() -> Iterator[StandIn]:
    with temporary_settings("84") as settings, running(settings) as standin:
        yield standin


def operation(cloud: StandIn, kind: str, status: str, target: str = "") -> dict[str, Any]:
    """An operation as it was recorded: what has not happened yet has no time."""
    base = f"{cloud.url}/sql/v1beta4/projects/demo-project"
    times = {"PENDING": ("insertTime",), "DONE": ("insertTime", "startTime", "endTime")}[status]
    return {
        **dict.fromkeys(times, TIME),
        "kind": "sql#operation",
        "name": re.compile(r"[0-9a-f-]{36}"),
        "operationType": kind,
        "selfLink": re.compile(rf"{base}/operations/[0-9a-f-]{{36}}"),
        "status": status,
        "targetId": "recorded",
        "targetLink": f"{base}/instances/recorded{target}",
        "targetProject": "demo-project",
        "user": cloud.email("owner"),
    }


def change(cloud: StandIn, method: str, path: str, body: Json | None, kind: str) -> None:
    """A change of the instance, which is pending first, and done in the end."""
    begun = hold(cloud, method, path, body, 200, operation(cloud, kind, "PENDING"))
    wait(cloud, begun)
    hold(cloud, "GET", f"{OPERATIONS}/{begun['name']}", None, 200, operation(cloud, kind, "DONE"))


def test_instance_with_flags_users_and_databases(cloud: StandIn) -> None:
    """basic/sql/v1beta1: sqlinstance-databaseflags at 06d3fba7ce, sqluser-full at 0591114596, sqldatabasebasic at 10cfc603ff.

    The last two are MySQL's, as is the host of a user that they name; the second flag is another one here.
    """
    path = f"{INSTANCES}/recorded"
    nothing = "The Cloud SQL instance does not exist."
    error = {"code": 404, "errors": [{"domain": "global", "message": nothing, "reason": "instanceDoesNotExist"}], "message": nothing}
    hold(cloud, "GET", path, None, 404, {"error": error})

    flag = {"name": "log_connections", "value": "on"}
    sent = {
        "activationPolicy": "ALWAYS",
        "availabilityType": "ZONAL",
        "dataDiskType": "PD_SSD",
        "databaseFlags": [flag],
        "edition": "ENTERPRISE",
        "locationPreference": {"kind": "sql#locationPreference", "zone": "us-central1-a"},
        "pricingPlan": "PER_USE",
        "storageAutoResize": True,
        "tier": "db-custom-1-3840",
        "userLabels": {"cnrm-test": "true"},
    }
    body = {"databaseVersion": "POSTGRES_16", "name": "recorded", "region": "us-central1", "settings": sent}
    change(cloud, "POST", INSTANCES, body, "CREATE")
    instance: dict[str, Any] = {
        "backendType": "SECOND_GEN",
        "connectionName": "demo-project:us-central1:recorded",
        "createTime": TIME,
        "databaseInstalledVersion": re.compile(r"POSTGRES_16_\d+"),
        "databaseVersion": "POSTGRES_16",
        "etag": BYTES,
        "gceZone": "us-central1-a",
        "geminiConfig": {
            "activeQueryEnabled": False,
            "entitled": False,
            "googleVacuumMgmtEnabled": False,
            "indexAdvisorEnabled": False,
            "oomSessionCancelEnabled": False,
        },
        "includeReplicasForMajorVersionUpgrade": False,  # newer than this recording; in sqluser-full
        "instanceType": "CLOUD_SQL_INSTANCE",
        "ipAddresses": [{"ipAddress": re.compile(r"[\d.]+"), "type": kind} for kind in ("PRIMARY", "OUTGOING")],
        "kind": "sql#instance",
        "maintenanceVersion": re.compile(r"POSTGRES_16_\d+\.R\d{8}\.\d\d_\d\d"),
        "name": "recorded",
        "project": "demo-project",
        "region": "us-central1",
        "satisfiesPzi": True,  # newer than this recording; in sqluser-full
        "selfLink": f"{cloud.url}{path}",
        "serverCaCert": {
            "cert": re.compile(r"-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n?"),
            "certSerialNumber": re.compile(r"\d+"),
            "commonName": re.compile(r".+"),
            "createTime": TIME,
            "expirationTime": TIME,
            "instance": "recorded",
            "kind": "sql#sslCert",
            "sha1Fingerprint": re.compile(r"[0-9a-f]{40}"),
        },
        "settings": {
            **sent,
            "authorizedGaeApplications": [],
            "backupConfiguration": {
                "backupRetentionSettings": {"retainedBackups": 7, "retentionUnit": "COUNT"},
                "backupTier": "STANDARD",  # newer than this recording; in sqluser-full
                "enabled": False,
                "kind": "sql#backupConfiguration",
                "startTime": "12:00",
                "transactionLogRetentionDays": 7,
                "transactionalLogStorageState": "TRANSACTIONAL_LOG_STORAGE_STATE_UNSPECIFIED",
            },
            "connectorEnforcement": "NOT_REQUIRED",
            "dataDiskSizeGb": "10",
            "deletionProtectionEnabled": False,
            "ipConfiguration": {
                "authorizedNetworks": [],
                "ipv4Enabled": True,
                "requireSsl": False,
                "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
            },
            "kind": "sql#settings",
            "replicationLagMaxSeconds": 31536000,  # newer than this recording; in sqluser-full
            "replicationType": "SYNCHRONOUS",
            "settingsVersion": re.compile(r"\d+"),
            "storageAutoResizeLimit": "0",
        },
        "serviceAccountEmailAddress": re.compile(r"p\d+-[a-z0-9]+@gcp-sa-cloud-sql.iam.gserviceaccount.com"),
        "sqlNetworkArchitecture": "NEW_NETWORK_ARCHITECTURE",
        "state": "RUNNABLE",
        # mockgcp/mocksql/testdata/instance/postgres at 57ca5cd84f, after its upgrade to 16
        "upgradableDatabaseVersions": [
            {"displayName": f"PostgreSQL {major}", "majorVersion": f"POSTGRES_{major}", "name": f"POSTGRES_{major}"} for major in (17, 18)
        ],
    }
    hold(cloud, "GET", path, None, 200, instance)

    user = {"etag": BYTES, "host": "", "instance": "recorded", "kind": "sql#user", "name": "postgres", "project": "demo-project"}
    hold(cloud, "GET", f"{path}/users", None, 200, {"items": [user], "kind": "sql#usersList"})
    created = {"instance": "recorded", "name": "app", "password": "made-up-1"}
    hold(cloud, "POST", f"{path}/users", created, 200, operation(cloud, "CREATE_USER", "DONE"))
    both = {"items": [{**user, "name": "app"}, user], "kind": "sql#usersList"}
    hold(cloud, "GET", f"{path}/users", None, 200, both)
    changed = {"instance": "recorded", "name": "app", "password": "made-up-2"}
    hold(cloud, "PUT", f"{path}/users?name=app", changed, 200, operation(cloud, "UPDATE_USER", "DONE"))
    hold(cloud, "DELETE", f"{path}/users?name=app", None, 200, operation(cloud, "DELETE_USER", "DONE"))

    missing = {"domain": "global", "message": "Not Found", "reason": "notFound"}
    database = f"{path}/databases/shop"
    hold(cloud, "GET", database, None, 404, {"error": {"code": 404, "errors": [missing], "message": "Not Found", "status": "NOT_FOUND"}})
    created = {"charset": "UTF8", "instance": "recorded", "name": "shop"}
    hold(cloud, "POST", f"{path}/databases", created, 200, operation(cloud, "CREATE_DATABASE", "DONE", "/databases/shop"))
    shop = {
        "charset": "UTF8",
        "collation": "en_US.UTF8",
        "etag": BYTES,
        "instance": "recorded",
        "kind": "sql#database",
        "name": "shop",
        "project": "demo-project",
        "selfLink": f"{cloud.url}{database}",
    }
    hold(cloud, "GET", database, None, 200, shop)

    second = {"name": "log_min_duration_statement", "value": "500"}
    patch = {"settings": {"databaseFlags": [flag, second]}}
    change(cloud, "PATCH", path, patch, "UPDATE")
    instance["settings"]["databaseFlags"] = [flag, second]
    hold(cloud, "GET", path, None, 200, instance)
    change(cloud, "DELETE", path, None, "DELETE")


def test_an_answer_that_differs_is_told() -> None:
    recorded = {"a": TIME, "b": [{"c": 1}], "d": "10", "e": True}
    answer = {"a": "today", "b": [{"c": 1, "x": 2}], "d": 10}
    assert differences(recorded, answer) == [
        r"a: 'today' is not like \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z",
        "b[].x: only the sandbox has it",
        "d: Google said '10', the sandbox 10",
        "e: only Google has it",
    ]
    assert differences({"a": {"b": 1}}, {"a": {}}, ["a.b"]) == []
