# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole pipeline on the sandbox: the fixtures that start it, run playbooks in it, and look at what came out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import typing as t
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import google.auth.transport.requests
import psycopg
import pytest
import requests
from cdc_sandbox import cli, settings
from google.oauth2 import service_account

ROOT = Path(__file__).resolve().parents[2]
PASSWORDS = {"CDC_ADMIN_PASSWORD": "admin $ecret", "CDC_USER_PASSWORD": "app 'secret\\", "CDC_REPLICATION_PASSWORD": 'repl ${HOME} "ü\\$'}
NAME = "debezium-demo"


@dataclass(frozen=True)
class Run:
    """One playbook run: what it printed, and the numbers of its recap."""

    code: int
    output: str
    recap: dict[str, int]

    def changed_tasks(self) -> list[str]:
        """Names of the tasks that changed something."""
        task, found = "", []
        for line in self.output.splitlines():
            if line.startswith("TASK ["):
                task = line.split("[", 1)[1].rsplit("]", 1)[0]
            elif line.startswith("changed:"):
                found.append(task)
        return found


@dataclass
class World:
    """The sandbox as a test uses it: playbooks on one side, the field's own clients on the other."""

    settings: settings.Settings
    outputs: list[str] = field(default_factory=list)

    def playbook(self, name: str, *options: str, variables: dict[str, t.Any] | None = None, passwords: dict[str, str] | None = None) -> Run:
        """Run a playbook of the collection against the sandbox's example inventory.

        passwords: by the names of `PASSWORDS`, which are the default.
        """
        command = ["ansible-playbook", "-i", str(ROOT / "inventories/sandbox.yml"), str(ROOT / "playbooks" / name), *options]
        if variables:
            command += ["-e", json.dumps(variables)]
        environment = {**os.environ, **cli.environment(self.settings), **(passwords or PASSWORDS), "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
        output = done.stdout + done.stderr
        self.outputs.append(output)
        recap = dict.fromkeys(("ok", "changed", "unreachable", "failed", "skipped"), 0)
        for number in re.finditer(r"^\S+\s+: (ok=.*)$", done.stdout, re.MULTILINE):
            for pair in number[1].split():
                key, value = pair.split("=")
                recap[key] = recap.get(key, 0) + int(value)
        return Run(done.returncode, output, recap)

    def site(self, *options: str, variables: dict[str, t.Any] | None = None, passwords: dict[str, str] | None = None) -> Run:
        """Run site.yml; it must succeed."""
        run = self.playbook("site.yml", *options, variables=variables, passwords=passwords)
        assert run.code == 0, run.output[-6000:]
        assert run.recap["failed"] == 0
        return run

    def instance_address(self, name: str = NAME) -> str:
        """Private address of a pipeline's instance, asked from the API as gcloud does."""
        answer = self.google().get(f"{self.settings.google_endpoint}/sql/v1beta4/projects/{self.settings.project}/instances/{name}-sql")
        return str(answer.json()["ipAddresses"][0]["ipAddress"])

    def google(self) -> google.auth.transport.requests.AuthorizedSession:
        """google-auth's session of the project's owner."""
        credentials = service_account.Credentials.from_service_account_file(
            str(self.settings.owner_key), scopes=["https://www.googleapis.com/auth/cloud-platform"]
        )
        return google.auth.transport.requests.AuthorizedSession(credentials)

    def application(self, name: str = NAME, password: str = PASSWORDS["CDC_USER_PASSWORD"]) -> psycopg.Connection:
        """The application's own connection, as it would make it."""
        return psycopg.connect(
            host=self.instance_address(name),
            dbname=name,
            user=name,
            password=password,
            sslmode="require",
            autocommit=True,
        )

    def control(self, path: str, method: str = "GET", **rest: t.Any) -> t.Any:
        """A control endpoint of the stand-in."""
        answer = requests.request(method, f"{self.settings.google_endpoint}/_sandbox/{path}", timeout=10, **rest)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def pubsub(self, method: str, path: str, **rest: t.Any) -> requests.Response:
        """Pub/Sub's plain door over REST."""
        return requests.request(
            method, f"http://{self.settings.pubsub_plain_endpoint}/v1/projects/{self.settings.project}/{path}", timeout=30, **rest
        )

    def pubsub_log(self) -> list[t.Any]:
        """The calls that the Pub/Sub server answered since it started, with caller and outcome."""
        return list(requests.get(f"http://{self.settings.pubsub_plain_endpoint}/_sandbox/requests", timeout=10).json()["requests"])

    def kubectl(self, *arguments: str) -> t.Any:
        """kubectl's JSON answer."""
        from cdc_sandbox.kubernetes import cluster

        done = subprocess.run(
            [cluster.kubectl(self.settings), "--kubeconfig", str(self.settings.kubeconfig), *arguments],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if "json" in arguments else done.stdout

    def pods(self, namespace: str = "debezium") -> list[t.Any]:
        return list(self.kubectl("get", "pods", "--namespace", namespace, "--output", "json")["items"])


class Subscription:
    """A subscription of the test's own, read by unary pull."""

    def __init__(self, world: World, name: str, topic: str) -> None:
        self._world, self._name = world, name
        answer = world.pubsub("PUT", f"subscriptions/{name}", json={"topic": f"projects/{world.settings.project}/topics/{topic}"})
        assert answer.ok, answer.text
        self.events: list[dict[str, t.Any]] = []

    def pull(self) -> list[dict[str, t.Any]]:
        """Take what is there, acknowledge it, and give back the new events."""
        import base64

        answer = self._world.pubsub(
            "POST", f"subscriptions/{self._name}:pull", json={"maxMessages": 1000, "returnImmediately": True}
        ).json()
        messages = answer.get("receivedMessages", [])
        if messages:
            acknowledged = self._world.pubsub(
                "POST", f"subscriptions/{self._name}:acknowledge", json={"ackIds": [m["ackId"] for m in messages]}
            )
            assert acknowledged.ok, acknowledged.text
        events = [json.loads(base64.b64decode(message["message"]["data"])) for message in messages]
        self.events += events
        return events

    def wait(self, condition: Callable[[list[dict[str, t.Any]]], bool], seconds: float = 120) -> list[dict[str, t.Any]]:
        """Pull until `condition(all events so far)` holds."""
        until(lambda: condition(self.events) or bool(self.pull()) and condition(self.events), seconds, f"events so far: {len(self.events)}")
        return self.events


def until(condition: Callable[[], t.Any], seconds: float, what: str) -> t.Any:
    """Wait for a condition, asked every 0.2 s."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.2)


def names(events: list[dict[str, t.Any]]) -> set[str]:
    """The `name` column of the rows that events are about."""
    return {event["after"]["name"] for event in events if event.get("after")}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """test_pipeline.py comes first: its story begins with a project in which there is nothing."""
    items.sort(key=lambda item: item.path.name != "test_pipeline.py")


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """A fresh sandbox, taken down again at the end.  With CDC_E2E_KEEP=1 it is left as the tests left it, to look around.

    At the end no request of any test, and no answer of the stand-in, may have violated Google's discovery documents.
    """
    if os.geteuid() != 0:
        pytest.skip("without root the sandbox's node runs no pod, which this needs; run make e2e as root")
    subprocess.run(["cdc-sandbox", "down"], check=True, timeout=300)
    subprocess.run(["cdc-sandbox", "up"], check=True, timeout=2400)
    sandbox = World(settings.load())
    yield sandbox
    found = sandbox.control("violations")
    if os.environ.get("CDC_E2E_KEEP") != "1":
        subprocess.run(["cdc-sandbox", "down"], check=True, timeout=300)
    assert (found["requests"], found["answers"]) == ([], [])


@pytest.fixture(scope="session")
def site_made(world: World) -> str:
    """Name of a pipeline that site.yml made for the witnesses to look at: everything but the pod, in a namespace of its own."""
    name = "site-demo"
    variables = {
        "cdc_name": name,
        "cdc_namespace": name,
        "cloudsql_labels": {"team": "data"},
        "pubsub_labels": {"team": "data"},
        "pubsub_subscriptions": [{"name": f"{name}-reader"}],
    }
    world.site("--tags", "cloudsql,pubsub,iam", variables=variables)
    return name
