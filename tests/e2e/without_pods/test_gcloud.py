# SPDX-License-Identifier: GPL-3.0-or-later
"""Checked with gcloud: what it creates site.yml takes over unchanged, and what site.yml makes it describes as provisioned.

The first tests tell one story in order: a pipeline that people made by hand, with gcloud and kubectl, before they knew the collection.
"""

from __future__ import annotations

import base64
import json
import typing as t
from pathlib import Path

import google.auth.exceptions
import google.auth.transport.requests
import pytest
from google.oauth2 import service_account

from ..gcloud import Gcloud, require
from ..world import PASSWORDS, WITHOUT_POD, World

pytestmark = pytest.mark.timeout(300)

NAME = "gcloud-demo"
INSTANCE = f"{NAME}-sql"
CHANGES, HEARTBEAT, READER = f"{NAME}.changes", f"{NAME}-heartbeat", f"{NAME}-reader"
ACCOUNT = f"{NAME}-debezium@demo-project.iam.gserviceaccount.com"
MEMBER = f"serviceAccount:{ACCOUNT}"
NETWORK = "projects/demo-project/global/networks/default"
FLAGS = {"cloudsql.logical_decoding": "on", "max_wal_senders": "20"}
VARIABLES = {
    "cdc_name": NAME,
    "cdc_namespace": NAME,
    "pubsub_subscriptions": [{"name": READER, "ack_deadline_seconds": 30}],
}


@pytest.fixture(scope="module")
def gcloud(world: World) -> Gcloud:
    require()
    return Gcloud(world)


@pytest.fixture(scope="module")
def key_file(gcloud: Gcloud, world: World) -> Path:
    """A key that gcloud made, of an account that gcloud made."""
    gcloud("iam service-accounts create", f"{NAME}-debezium", "--display-name=Streams of gcloud")
    path = world.folder / "key.json"
    gcloud("iam service-accounts keys create", str(path), f"--iam-account={ACCOUNT}")
    return path


def flags(instance: dict[str, t.Any]) -> dict[str, str]:
    """Database flags of an instance as gcloud describes it."""
    return {flag["name"]: flag["value"] for flag in instance["settings"].get("databaseFlags", [])}


def bindings(policy: dict[str, t.Any]) -> dict[str, list[str]]:
    """Members by role."""
    return {binding["role"]: binding["members"] for binding in policy["bindings"]}


def key_ids(gcloud: Gcloud, account: str) -> list[str]:
    """Ids of the account's keys that people made."""
    keys = gcloud("iam service-accounts keys list", f"--iam-account={account}", "--managed-by=user")
    return [key["name"].rsplit("/", 1)[1] for key in keys]


def test_the_lines_of_make_status_work_as_they_are_printed(world: World) -> None:
    require()
    lines = [line.strip() for line in world.sandbox("status").split("To look around, paste:\n")[1].splitlines()]
    pasted = [line for line in lines if not line.startswith("psql")]
    assert "gcloud sql instances list; gcloud pubsub topics list" in pasted
    done = world.command("bash", "-e", "-c", "\n".join(pasted))
    assert done.returncode == 0, done.stderr
    listed = world.google().get(f"{world.settings.google_endpoint}/sql/v1beta4/projects/{world.settings.project}/instances").json()
    topics = world.pubsub("GET", "topics").json()
    assert all(instance["name"] in done.stdout for instance in listed.get("items", []))
    assert all(topic["name"] in done.stdout for topic in topics.get("topics", []))
    assert ("Listed 0 items." in done.stderr) == (not listed.get("items") or not topics.get("topics"))


def test_gcloud_creates_and_patches_a_cloud_sql_instance(gcloud: Gcloud) -> None:
    gcloud(
        "sql instances create",
        *(INSTANCE, "--database-version=POSTGRES_16", "--edition=enterprise", "--tier=db-custom-1-3840", "--region=europe-west1"),
        *("--database-flags=cloudsql.logical_decoding=on", "--no-assign-ip", f"--network={NETWORK}", "--backup-start-time=03:00"),
        *("--maintenance-window-day=SAT", "--maintenance-window-hour=3", "--deletion-protection"),
        f"--root-password={PASSWORDS['CDC_ADMIN_PASSWORD']}",
    )
    gcloud("sql databases create", NAME, f"--instance={INSTANCE}")
    gcloud("sql users create", NAME, f"--instance={INSTANCE}", f"--password={PASSWORDS['CDC_USER_PASSWORD']}")
    gcloud("sql instances patch", INSTANCE, f"--database-flags={','.join(f'{name}={value}' for name, value in FLAGS.items())}")
    instance = gcloud("sql instances describe", INSTANCE)
    assert (instance["state"], flags(instance)) == ("RUNNABLE", FLAGS)
    assert instance["settings"]["backupConfiguration"]["startTime"] == "03:00"
    assert gcloud("sql databases describe", NAME, f"--instance={INSTANCE}")["charset"] == "UTF8"


def test_gcloud_creates_and_patches_topics_and_a_subscription(gcloud: Gcloud) -> None:
    gcloud("pubsub topics create", CHANGES, "--labels=team=data")
    gcloud("pubsub topics create", HEARTBEAT)
    gcloud("pubsub subscriptions create", READER, f"--topic={CHANGES}", "--enable-message-ordering", "--expiration-period=never")
    gcloud("pubsub topics update", CHANGES, "--update-labels=tier=gold")
    gcloud("pubsub subscriptions update", READER, "--ack-deadline=30")
    assert gcloud("pubsub topics describe", CHANGES)["labels"] == {"team": "data", "tier": "gold"}
    subscription = gcloud("pubsub subscriptions describe", READER)
    assert (subscription["enableMessageOrdering"], subscription["ackDeadlineSeconds"]) == (True, 30)


def test_google_auth_logs_in_with_a_key_that_gcloud_made(world: World, gcloud: Gcloud, key_file: Path) -> None:
    account = f"{world.settings.google_endpoint}/v1/projects/{world.settings.project}/serviceAccounts/{ACCOUNT}"
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    credentials = service_account.Credentials.from_service_account_file(str(key_file), scopes=scopes)
    by_exchange = google.auth.transport.requests.AuthorizedSession(credentials)
    by_own_signature = google.auth.transport.requests.AuthorizedSession(credentials.with_always_use_jwt_access(True))
    for session in (by_exchange, by_own_signature):
        assert session.get(account).status_code == 403, "logged in, but no binding lets it look at itself"
    gcloud("iam service-accounts add-iam-policy-binding", ACCOUNT, f"--member={MEMBER}", "--role=roles/iam.serviceAccountUser")
    world.control("requests", "DELETE")
    for session in (by_exchange, by_own_signature):
        assert session.get(account).json()["email"] == ACCOUNT
    log = [(entry["method_id"], entry["caller"], entry["status"]) for entry in world.control("requests")["requests"]]
    assert log == [("iam.projects.serviceAccounts.get", ACCOUNT, 200)] * 2


def test_a_key_that_gcloud_deleted_logs_nobody_in(world: World, gcloud: Gcloud, key_file: Path) -> None:
    second = world.folder / "second.json"
    gcloud("iam service-accounts keys create", str(second), f"--iam-account={ACCOUNT}")
    (key_id,) = set(key_ids(gcloud, ACCOUNT)) - {json.loads(key_file.read_text())["private_key_id"]}
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    credentials = service_account.Credentials.from_service_account_file(str(second), scopes=scopes)
    credentials.refresh(google.auth.transport.requests.Request())
    gcloud("iam service-accounts keys delete", key_id, f"--iam-account={ACCOUNT}")
    with pytest.raises(google.auth.exceptions.RefreshError, match="Invalid JWT Signature"):
        credentials.refresh(google.auth.transport.requests.Request())
    own = google.auth.transport.requests.AuthorizedSession(credentials.with_always_use_jwt_access(True))
    answer = own.get(f"{world.settings.google_endpoint}/v1/projects/{world.settings.project}/serviceAccounts/{ACCOUNT}")
    assert answer.status_code == 401


def test_site_adopts_what_gcloud_and_kubectl_made(world: World, gcloud: Gcloud, key_file: Path) -> None:
    gcloud("iam service-accounts update", ACCOUNT, "--description=patched by gcloud")
    for role in ("roles/pubsub.publisher", "roles/pubsub.viewer"):
        gcloud("pubsub topics add-iam-policy-binding", CHANGES, f"--member={MEMBER}", f"--role={role}")
    policy = gcloud("pubsub topics get-iam-policy", CHANGES)
    assert bindings(policy) == {"roles/pubsub.publisher": [MEMBER], "roles/pubsub.viewer": [MEMBER]}
    copied = world.folder / "policy.json"
    copied.write_text(json.dumps({"bindings": policy["bindings"]}))
    gcloud("pubsub topics set-iam-policy", HEARTBEAT, str(copied))
    world.kubectl("create", "namespace", NAME)
    world.kubectl("label", "namespace", NAME, "pod-security.kubernetes.io/enforce=baseline")
    world.kubectl("create", "secret", "generic", f"{NAME}-debezium-sa", "--namespace", NAME, f"--from-file=key.json={key_file}")

    run = world.site(*WITHOUT_POD, variables=VARIABLES)
    inside_the_database = [
        "replication user debezium_gcloud_demo",
        "Debezium's objects in schema debezium",
        "publication debezium_gcloud_demo",
        "record of captured tables",
    ]
    assert run.changed() == inside_the_database, "what no Google client can make"
    namespace = world.kubectl("get", "namespace", NAME, "--output", "json")["metadata"]["labels"]
    assert namespace["pod-security.kubernetes.io/enforce"] == "baseline", "labels of a namespace that exists stay"
    window = gcloud("sql instances describe", INSTANCE)["settings"]["maintenanceWindow"]
    assert (window["day"], window["hour"]) == (6, 3), "what no variable names stays"

    assert flags(gcloud("sql instances describe", INSTANCE)) == FLAGS, "a flag of others stays"
    assert gcloud("pubsub topics describe", CHANGES)["labels"] == {"team": "data", "tier": "gold"}, "labels of others stay"
    account = gcloud("iam service-accounts describe", ACCOUNT)
    assert (account["displayName"], account["description"]) == ("Streams of gcloud", "patched by gcloud")
    assert bindings(gcloud("pubsub topics get-iam-policy", HEARTBEAT)) == bindings(policy)
    assert key_ids(gcloud, ACCOUNT) == [json.loads(key_file.read_text())["private_key_id"]]


def test_a_flag_that_gcloud_took_away_is_put_back_and_the_others_stay(world: World, gcloud: Gcloud) -> None:
    gcloud("sql instances patch", INSTANCE, "--database-flags=max_wal_senders=30")
    run = world.site("--tags", "cloudsql", variables={**VARIABLES, "cloudsql_restart": "allow"})
    assert run.changed() == [f"instance {INSTANCE}"]
    assert flags(gcloud("sql instances describe", INSTANCE)) == {**FLAGS, "max_wal_senders": "30"}


def test_gcloud_describes_what_site_made(site_made: str, gcloud: Gcloud, world: World) -> None:
    instance = gcloud("sql instances describe", f"{site_made}-sql")
    settings = instance["settings"]
    assert (instance["state"], instance["databaseVersion"], instance["region"]) == ("RUNNABLE", "POSTGRES_16", "europe-west1")
    assert (settings["edition"], settings["tier"], settings["availabilityType"]) == ("ENTERPRISE", "db-custom-1-3840", "ZONAL")
    assert (settings["userLabels"], flags(instance)) == ({"team": "data"}, {"cloudsql.logical_decoding": "on"})
    assert (settings["ipConfiguration"]["ipv4Enabled"], settings["ipConfiguration"]["privateNetwork"]) == (False, NETWORK)
    assert settings["ipConfiguration"]["sslMode"] == "ENCRYPTED_ONLY"
    assert (settings["maintenanceWindow"]["day"], settings["maintenanceWindow"]["hour"]) == (7, 12)
    assert settings["deletionProtectionEnabled"] is True
    databases = {database["name"] for database in gcloud("sql databases list", f"--instance={site_made}-sql")}
    assert databases == {"postgres", site_made}
    users = {user["name"] for user in gcloud("sql users list", f"--instance={site_made}-sql")}
    assert {"postgres", site_made} <= users

    project = f"projects/{world.settings.project}"
    changes = f"{project}/topics/{site_made}.changes"
    assert gcloud("pubsub topics describe", f"{site_made}.changes") == {"name": changes, "labels": {"team": "data"}}
    subscription = gcloud("pubsub subscriptions describe", f"{site_made}-reader")
    assert (subscription["topic"], subscription["enableMessageOrdering"], subscription["expirationPolicy"]) == (changes, True, {})

    email = f"{site_made}-debezium@{world.settings.project}.iam.gserviceaccount.com"
    assert gcloud("iam service-accounts describe", email)["displayName"] == f"{site_made}-debezium"
    member = [f"serviceAccount:{email}"]
    for topic in (f"{site_made}.changes", f"{site_made}-heartbeat"):
        policy = gcloud("pubsub topics get-iam-policy", topic)
        assert bindings(policy) == {"roles/pubsub.publisher": member, "roles/pubsub.viewer": member}
    secret = world.kubectl("get", "secret", f"{site_made}-debezium-sa", "--namespace", site_made, "--output", "json")
    stored = json.loads(base64.b64decode(secret["data"]["key.json"]))
    assert key_ids(gcloud, email) == [stored["private_key_id"]]
