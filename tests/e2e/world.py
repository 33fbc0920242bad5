# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox as tests use it: playbooks and the field's own clients on one side, and a look at what came out on the other."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import time
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import google.auth.transport.requests
import psycopg
import requests
from cdc_sandbox import cli
from cdc_sandbox.kubernetes import cluster
from cdc_sandbox.settings import Settings
from google.oauth2 import service_account

ROOT = Path(__file__).resolve().parents[2]
PASSWORDS = {"CDC_ADMIN_PASSWORD": "admin $ecret", "CDC_USER_PASSWORD": "app 'secret\\", "CDC_REPLICATION_PASSWORD": 'repl ${HOME} "ü\\$'}
NAME = "debezium-demo"
IN_SQL = "debezium_debezium_demo"
"""Replication user, publication and slot of the pipeline NAME."""
WITHOUT_POD = ("--tags", "cloudsql,pubsub,iam")
"""site.yml up to the pod."""


@dataclass(frozen=True)
class Run:
    """One playbook run: what it printed, the numbers of its recap, and the results of its tasks by the task's name."""

    code: int
    output: str
    recap: dict[str, int]
    results: dict[str, dict[str, t.Any]]

    def changed(self) -> list[str]:
        """Titles of the resources that the pipeline's plan changed, or in check mode would change, in order."""
        resources = self.results["Provision the pipeline"]["resources"]
        return [resource["name"] for resource in resources if resource["action"] != "none"]


@dataclass
class World:
    """One sandbox, and who works in it.

    user: numeric id that programs run as, None for the caller's own.  python: an interpreter that this user may run.
    folder: where programs and tests hand each other files.
    """

    settings: Settings
    folder: Path
    user: int | None = None
    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    outputs: list[str] = field(default_factory=list)

    def command(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a program as the user, to its end."""
        return subprocess.run(
            words,
            env={**self.environment, **environment},
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2400,
        )

    def sandbox(self, *words: str) -> str:
        """A command of the sandbox that must succeed; what it printed."""
        done = self.command(self.python, "-m", "cdc_sandbox.cli", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def playbook(self, name: str, *options: str, variables: dict[str, t.Any] | None = None, passwords: dict[str, str] | None = None) -> Run:
        """Run a playbook of the collection against the sandbox's example inventory.

        passwords: by the names of `PASSWORDS`, which are the default.
        """
        recorded = self.folder / f"results-{len(self.outputs)}.jsonl"
        recorded.touch()
        recorded.chmod(0o666)
        words, environment = self.playbook_command(name, *options, variables=variables, passwords=passwords)
        done = self.command(*words, **environment, RECORDER_FILE=str(recorded))
        results = {task: result for _, task, result in map(json.loads, recorded.read_text().splitlines())}
        output = done.stdout + done.stderr
        self.outputs.append(output)
        recap = dict.fromkeys(("ok", "changed", "unreachable", "failed", "skipped"), 0)
        for number in re.finditer(r"^\S+\s+: (ok=.*)$", done.stdout, re.MULTILINE):
            for pair in number[1].split():
                key, value = pair.split("=")
                recap[key] = recap.get(key, 0) + int(value)
        return Run(done.returncode, output, recap, results)

    def playbook_command(
        self, name: str, *options: str, variables: dict[str, t.Any] | None = None, passwords: dict[str, str] | None = None
    ) -> tuple[list[str], dict[str, str]]:
        """The words that run a playbook of the collection against the sandbox's example inventory, and their environment."""
        words = [self.python, "-m", "ansible", "playbook", "-i", str(ROOT / "inventories/sandbox.yml"), str(ROOT / "playbooks" / name)]
        words += options
        if variables:
            words += ["-e", json.dumps(variables)]
        environment = {
            **cli.environment(self.settings),
            **(passwords or PASSWORDS),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests/callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "recorder",
        }
        return words, environment

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

    def application(self, name: str = NAME, password: str = PASSWORDS["CDC_USER_PASSWORD"], user: str | None = None) -> psycopg.Connection:
        """The application's own connection to a pipeline's database, as it would make it; or that of another user."""
        return psycopg.connect(
            host=self.instance_address(name),
            dbname=name,
            user=user or name,
            password=password,
            sslmode="require",
            autocommit=True,
        )

    def create_table(self, name: str = NAME, password: str = PASSWORDS["CDC_USER_PASSWORD"]) -> None:
        """The application makes the captured table of a pipeline."""
        with self.application(name, password) as connection:
            connection.execute("CREATE TABLE public.mytable (id serial PRIMARY KEY, name text NOT NULL)")

    def insert(self, name: str, *values: str, password: str = PASSWORDS["CDC_USER_PASSWORD"]) -> None:
        """The application of a pipeline writes rows into its table."""
        with self.application(name, password) as connection:
            for value in values:
                connection.execute("INSERT INTO public.mytable (name) VALUES (%s)", [value])

    def control(self, path: str, method: str = "GET", **rest: t.Any) -> t.Any:
        """A control endpoint of the stand-in."""
        answer = requests.request(method, f"{self.settings.google_endpoint}/_sandbox/{path}", timeout=10, **rest)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def writes(self) -> list[str]:
        """Method ids of the writing calls that the stand-in answered since its log was cleared (control("requests", "DELETE"))."""
        methods = [str(entry["method_id"]) for entry in self.control("requests")["requests"]]
        return [method for method in methods if method != "token" and method.rsplit(".", 1)[-1] not in ("get", "list", "getIamPolicy")]

    def pubsub(self, method: str, path: str, **rest: t.Any) -> requests.Response:
        """Pub/Sub's plain endpoint over REST."""
        return requests.request(
            method, f"http://{self.settings.pubsub_plain_endpoint}/v1/projects/{self.settings.project}/{path}", timeout=30, **rest
        )

    def pubsub_log(self) -> list[t.Any]:
        """The calls that the Pub/Sub server answered since it started, with caller and outcome."""
        return list(requests.get(f"http://{self.settings.pubsub_plain_endpoint}/_sandbox/requests", timeout=10).json()["requests"])

    def kubectl(self, *arguments: str) -> t.Any:
        """kubectl's answer, from JSON where `--output json` asks for it.  It must succeed."""
        done = self.command(str(cluster.kubectl(self.settings)), *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if "json" in arguments else done.stdout

    def pods(self, namespace: str = "debezium") -> list[t.Any]:
        return list(self.kubectl("get", "pods", "--namespace", namespace, "--output", "json")["items"])

    def pod(self, name: str) -> t.Any:
        """The one pod of a pipeline."""
        (found,) = [pod for pod in self.pods() if pod["metadata"]["labels"]["parent"] == name]
        return found

    def namespaces(self) -> set[str]:
        return {item["metadata"]["name"] for item in self.kubectl("get", "namespaces", "--output", "json")["items"]}

    def processes(self) -> list[str]:
        """Command lines of the programs of this sandbox that run."""
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = file.read_bytes().decode(errors="replace").replace("\0", " ")
            except (FileNotFoundError, ProcessLookupError):
                continue  # It ended while we looked.
            if str(self.settings.state) in words:
                found.append(words)
        return found


class Subscription:
    """A subscription of the test's own, read by unary pull."""

    def __init__(self, world: World, name: str, topic: str) -> None:
        self._world, self._name = world, name
        answer = world.pubsub("PUT", f"subscriptions/{name}", json={"topic": f"projects/{world.settings.project}/topics/{topic}"})
        assert answer.ok, answer.text
        self.events: list[dict[str, t.Any]] = []

    def pull(self) -> list[dict[str, t.Any]]:
        """Take what is there, acknowledge it, and give back the new events."""
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
        until(lambda: condition(self.events) or bool(self.pull()) and condition(self.events), seconds, lambda: f"{len(self.events)} events")
        return self.events


def until(condition: Callable[[], t.Any], seconds: float, what: str | Callable[[], str]) -> t.Any:
    """Wait for a condition, asked every 0.2 s.  what: is awaited; or what there is, told at the end."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what if isinstance(what, str) else what()}"
        time.sleep(0.2)


def names(events: list[dict[str, t.Any]]) -> set[str]:
    """The `name` column of the rows that events are about."""
    return {event["after"]["name"] for event in events if event.get("after")}
