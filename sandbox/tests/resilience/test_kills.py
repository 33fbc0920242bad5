# SPDX-License-Identifier: GPL-3.0-or-later
"""After `kill -9` of any part, `status` names it and `up` brings it back with its data."""

from __future__ import annotations

import os
import signal
import subprocess
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import google.auth.transport.requests
import psycopg
import pytest
import requests
from cdc_sandbox.kubernetes import cluster as kubernetes
from cdc_sandbox.process import running_pid, wait_until
from google.oauth2 import service_account

from .conftest import Sandbox

pytestmark = pytest.mark.timeout(300)

INSTANCE = "resilience"
PASSWORD = "resilience ü $"
TOPIC = "topics/resilience"
SUBSCRIPTION = "subscriptions/resilience"
PARTS = {
    "Google APIs": ["google"],
    INSTANCE: [f"postgresql-{INSTANCE}"],
    "Pub/Sub (TLS)": ["pubsub"],
    "metadata server": ["metadata"],
    "etcd": ["etcd"],
    "kube-apiserver": ["kube-apiserver"],
    "kube-controller-manager": ["kube-controller-manager"],
    "kube-scheduler": ["kube-scheduler"],
    "volume provisioner": ["volumes"],
    "containerd": ["containerd"],
    "kubelet": ["kubelet"],
}
"""Name in the output of `status` -> names of the pid files."""
MANIFEST = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: resilience}
provisioner: cdc-sandbox.example.com/local
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: resilience, namespace: default}
spec: {accessModes: [ReadWriteOnce], storageClassName: resilience, resources: {requests: {storage: 1Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: resilience, namespace: default}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: writer
      image: busybox:1
      command: [sh, -c, "test -f /data/file || echo written > /data/file; cat /data/file; exec sleep 1000000"]
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: resilience}}]
"""


@dataclass
class World:
    """A running sandbox with an instance, a topic with a subscription and a policy, and a pod with a volume."""

    sandbox: Sandbox

    def google(self, method: str, path: str, **rest: t.Any) -> t.Any:
        """A request to the stand-in as the project's owner."""
        settings = self.sandbox.settings
        credentials = service_account.Credentials.from_service_account_file(
            str(settings.owner_key), scopes=["https://www.googleapis.com/auth/cloud-platform"]
        )
        session = google.auth.transport.requests.AuthorizedSession(credentials)
        answer = session.request(method, f"{settings.google_endpoint}/v1/projects/{settings.project}/{path}", timeout=60, **rest)
        assert answer.ok, answer.text
        return answer.json()

    def pubsub(self, method: str, path: str, **rest: t.Any) -> t.Any:
        """A request to Pub/Sub's plain endpoint."""
        settings = self.sandbox.settings
        url = f"http://{settings.pubsub_plain_endpoint}/v1/projects/{settings.project}/{path}"
        answer = requests.request(method, url, timeout=30, **rest)
        assert answer.ok, answer.text
        return answer.json()

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        done = self._run_kubectl(*arguments, text=text)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run_kubectl(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [kubernetes.kubectl(self.sandbox.settings), *arguments]
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=90)

    def file(self) -> str:
        """The pod's file, as soon as the kubelet knows the pod: after a start it learns its pods from the API server."""
        test = ("exec", "resilience", "--", "true")
        wait_until(lambda: self._run_kubectl(*test).returncode == 0, 30, "kubectl exec does not reach the pod")
        return self.kubectl("exec", "resilience", "--", "cat", "/data/file")

    def rows(self) -> list[t.Any]:
        """The rows of the instance's table, read as its user `postgres`."""
        with self.connect() as connection:
            return connection.execute("SELECT name FROM kept").fetchall()

    def address(self) -> str:
        """The instance's public address."""
        found = self.google("GET", f"instances/{INSTANCE}")["ipAddresses"]
        (address,) = [each["ipAddress"] for each in found if each["type"] == "PRIMARY"]
        return str(address)

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=self.address(), user="postgres", dbname="postgres", password=PASSWORD, sslmode="require", autocommit=True
        )

    def kept(self) -> dict[str, t.Any]:
        """Everything that must survive a kill."""
        return {
            "instance": self.google("GET", f"instances/{INSTANCE}")["settings"]["userLabels"],
            "rows": self.rows(),
            "topic": self.pubsub("GET", TOPIC),
            "subscription": self.pubsub("GET", SUBSCRIPTION),
            "policy": self.pubsub("GET", f"{TOPIC}:getIamPolicy"),
            "claim": self.kubectl("get", "pvc", "resilience", "--output", "jsonpath={.metadata.uid} {.status.phase}"),
            "file": self.file(),
        }

    def kill(self, *names: str) -> None:
        """Send SIGKILL to programs, by the names of their pid files, and wait until they are gone."""
        for name in names:
            file = self.sandbox.settings.state / "pids" / f"{name}.pid"
            pid = running_pid(file)
            assert pid is not None, name
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda file=file: running_pid(file) is None, 10, f"{name} does not end")  # type: ignore[misc]


@pytest.fixture(scope="module")
def world(sandbox: Sandbox) -> Iterator[World]:
    sandbox.run("up")
    made = World(sandbox)
    body = {
        "name": INSTANCE,
        "region": sandbox.settings.region,
        "databaseVersion": "POSTGRES_16",
        "rootPassword": PASSWORD,
        "settings": {"tier": "db-g1-small", "edition": "ENTERPRISE", "userLabels": {"team": "data"}},
    }
    operation = made.google("POST", "instances", json=body)["name"]
    wait_until(lambda: made.google("GET", f"operations/{operation}")["status"] == "DONE", 120, "the instance is not made")
    with made.connect() as connection:
        connection.execute("CREATE TABLE kept (name text)")
        connection.execute("INSERT INTO kept VALUES ('written')")
    made.pubsub("PUT", TOPIC, json={"labels": {"team": "data"}})
    made.pubsub("PUT", SUBSCRIPTION, json={"topic": f"projects/{sandbox.settings.project}/{TOPIC}", "enableMessageOrdering": True})
    policy = {"bindings": [{"role": "roles/pubsub.viewer", "members": ["user:someone@example.com"]}]}
    made.pubsub("POST", f"{TOPIC}:setIamPolicy", json={"policy": policy})
    made.kubectl("apply", "--filename", "-", text=MANIFEST)
    made.kubectl("wait", "pod", "resilience", "--for=condition=Ready", "--timeout=60s")
    yield made
    sandbox.run("down")


@pytest.fixture(scope="module")
def kept(world: World) -> dict[str, t.Any]:
    return world.kept()


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_is_named_and_comes_back_with_its_data(world: World, kept: dict[str, t.Any], part: str) -> None:
    assert set(world.sandbox.states().values()) == {"running"}
    world.kill(*PARTS[part])
    assert world.sandbox.states()[part] == "down"
    assert f"{part} (down)" in world.sandbox.run("status", code=1).splitlines()[-1]

    output = world.sandbox.run("up", seconds=120)

    assert set(world.sandbox.states().values()) == {"running"}
    assert world.kept() == kept
    assert ("messages that were not delivered are lost" in output) == (part == "Pub/Sub (TLS)")


def test_everything_comes_back_after_a_kill_of_all_parts_as_by_a_power_cut(world: World, kept: dict[str, t.Any]) -> None:
    pids = [running_pid(file) for file in Path(world.sandbox.settings.state, "pids").glob("*.pid")]
    for pid in pids:
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    world.sandbox.run("status", code=1)
    world.sandbox.run("up", seconds=120)
    assert set(world.sandbox.states().values()) == {"running"}
    assert world.kept() == kept


def test_a_busy_backend_of_a_killed_server_does_not_write_beside_the_new_one(world: World, kept: dict[str, t.Any]) -> None:
    with world.connect() as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        os.kill(row[0], signal.SIGSTOP)  # it cannot notice that its server is gone
        world.kill(f"postgresql-{INSTANCE}")
        world.sandbox.run("up", seconds=120)
        assert not Path(f"/proc/{row[0]}/cwd").exists()
    assert world.kept() == kept


def test_an_instance_whose_address_was_taken_away_is_named_and_gets_it_back(world: World, kept: dict[str, t.Any]) -> None:
    address = world.address()
    subprocess.run(["ip", "address", "delete", f"{address}/32", "dev", "lo"], check=True, timeout=20)
    assert f"{INSTANCE} (unreachable at {address}:5432)" in world.sandbox.run("status", code=1).splitlines()[-1]
    world.sandbox.run("up", seconds=120)
    assert set(world.sandbox.states().values()) == {"running"}
    assert world.kept() == kept


@pytest.mark.parametrize("part", ["Google APIs", INSTANCE, "Pub/Sub (TLS)", "metadata server", "kube-apiserver"])
def test_a_part_that_hangs_is_named(world: World, part: str) -> None:
    (name,) = PARTS[part]
    pid = running_pid(world.sandbox.settings.state / "pids" / f"{name}.pid")
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        last_line = world.sandbox.run("status", code=1).splitlines()[-1]
        assert f"{part} (not answering)" in last_line
        assert world.sandbox.states()[part] == "not answering"
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: set(world.sandbox.states().values()) == {"running"}, 30, "it goes on")
