"""A stand-in for tests of Cloud SQL: its state lies where PostgreSQL's user may enter, and its instances have loopback addresses."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import requests
from cdc_sandbox import settings as sandbox_settings
from cdc_sandbox.google.types import Json
from cdc_sandbox.postgresql.cluster import stop_all
from cdc_sandbox.settings import Settings
from standin_client import StandIn, free_port

INSTANCES = "/sql/v1beta4/projects/demo-project/instances"
OPERATIONS = "/sql/v1beta4/projects/demo-project/operations"
PASSWORD = "made-up-of-postgres"
NETWORK = "projects/demo-project/global/networks/default"


@contextmanager
def temporary_settings(network: str) -> Iterator[Settings]:
    """Settings for one test file; its clusters are stopped at the end.  network: a number N such that no other file uses 127.N.0.0/16."""
    folder = Path(tempfile.mkdtemp(prefix="cdc-cloudsql-"))
    folder.chmod(0o755)
    (folder / "state").mkdir()
    settings = Settings(state=folder / "state", cache=sandbox_settings.load().cache, google_port=free_port())
    settings = replace(settings, private_instance_network=f"127.{network}.1", public_instance_network=f"127.{network}.2")
    try:
        yield settings
    finally:
        stop_all(settings)
        shutil.rmtree(folder)


def body(name: str, **settings: object) -> Json:
    """A small valid instance.  settings: added to its settings."""
    return {
        "name": name,
        "databaseVersion": "POSTGRES_16",
        "region": "europe-west1",
        "rootPassword": PASSWORD,
        "settings": {"edition": "ENTERPRISE", "tier": "db-custom-1-3840", **settings},
    }


def wait(cloud: StandIn, operation: Json, seconds: float = 60) -> Json:
    """Poll an operation until it is DONE."""
    deadline = time.monotonic() + seconds
    while operation["status"] != "DONE":
        assert time.monotonic() < deadline, operation
        time.sleep(0.1)
        operation = cloud.good("GET", f"{OPERATIONS}/{operation['name']}")
    return operation


def done(cloud: StandIn, method: str, path: str, content: Json | None = None) -> Json:
    """Send a change to an instance's path and wait; it must succeed."""
    operation = wait(cloud, cloud.good(method, INSTANCES + path, content))
    assert "error" not in operation, operation
    return operation


def create(cloud: StandIn, name: str, **settings: object) -> Json:
    """Create an instance and give it as GET answers it."""
    done(cloud, "POST", "", body(name, **settings))
    return cloud.good("GET", f"{INSTANCES}/{name}")


def refused(answer: requests.Response) -> tuple[int, str, str]:
    """HTTP status, reason and text of a refusal."""
    error = answer.json()["error"]
    return answer.status_code, error["errors"][0]["reason"], error["message"]


def query(instance: Json, text: str, user: str = "postgres", password: str = PASSWORD) -> object:
    """The first value of a query, asked over TLS at the instance's first address."""
    host = instance["ipAddresses"][0]["ipAddress"]
    with psycopg.connect(host=host, user=user, password=password, dbname="postgres", sslmode="require") as connection:
        row = connection.execute(text.encode()).fetchone()
    assert row is not None
    return row[0]
