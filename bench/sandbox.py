# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bench needs of the sandbox beside the playbooks: its addresses, its logs of requests, a table, and cleaning up."""

from __future__ import annotations

import base64
import http.server
import json
import os
import re
import shlex
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import google.auth.transport.requests
import psycopg
import requests
import yaml
from google.oauth2 import service_account

from .figures import count_google, count_pubsub, new_entries

APP_PASSWORD = "app-pass"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
FORWARDED = ("accept", "authorization", "content-type", "user-agent")


class Sandbox:
    """A sandbox that is up.  environment: what `cdc-sandbox env` prints."""

    def __init__(self, program: Path) -> None:
        if subprocess.run([program, "status"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120).returncode:
            subprocess.run([program, "up"], check=True, timeout=3600)
        printed = subprocess.run([program, "env"], check=True, capture_output=True, text=True, timeout=60).stdout
        words = (shlex.split(line)[1] for line in printed.splitlines())
        self.environment = {name: value for name, _, value in (word.partition("=") for word in words)}
        key = self.environment["GOOGLE_APPLICATION_CREDENTIALS"]
        self.caller = str(json.loads(Path(key).read_text())["client_email"])
        self._google = google.auth.transport.requests.AuthorizedSession(
            service_account.Credentials.from_service_account_file(key, scopes=[SCOPE])
        )
        self._google_endpoint = self.environment["CDC_SANDBOX_GOOGLE"]
        self._pubsub_endpoint = self.environment["CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB"]
        self._project = self.environment["CDC_SANDBOX_PROJECT"]

    @contextmanager
    def counting(self, counts: list[dict[str, int]]) -> Iterator[None]:
        """Add to `counts` the requests that the collection's user made while the block ran."""
        google, pubsub = self._log(self._google_endpoint), self._log(self._pubsub_endpoint)
        yield
        new = new_entries(google, self._log(self._google_endpoint))
        calls = new_entries(pubsub, self._log(self._pubsub_endpoint))
        counts.append(count_google(new, self.caller) | {"pubsub": count_pubsub(calls, self.caller)})

    @staticmethod
    def _log(endpoint: str) -> list[Any]:
        return list(requests.get(f"{endpoint}_sandbox/requests", timeout=30).json()["requests"])

    def create_table(self, name: str) -> None:
        """What the application does: make the table.  name: of the pipeline, whose database and user have it, too."""
        with self._application(name) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS public.mytable (id serial PRIMARY KEY, name text NOT NULL)")

    def streams(self, name: str, seconds: float = 60) -> bool:
        """Whether a row that the application writes arrives on the pipeline's topic."""
        subscription = f"{self._pubsub_endpoint}v1/projects/{self._project}/subscriptions/{name}-look"
        topic = f"projects/{self._project}/topics/{name}.changes"
        requests.put(subscription, json={"topic": topic}, timeout=30).raise_for_status()
        try:
            with self._application(name) as connection:
                connection.execute("INSERT INTO public.mytable (name) VALUES ('bench')")
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                answer = requests.post(f"{subscription}:pull", json={"maxMessages": 10, "returnImmediately": True}, timeout=30)
                if answer.json().get("receivedMessages"):
                    return True
                time.sleep(0.5)
            return False
        finally:
            requests.delete(subscription, timeout=30)

    def _application(self, name: str) -> psycopg.Connection:
        host = self._sql("GET", f"{name}-sql").json()["ipAddresses"][0]["ipAddress"]
        return psycopg.connect(host=host, dbname=name, user=name, password=APP_PASSWORD, sslmode="require", autocommit=True)

    def remove_pipeline(self, name: str, instance: str, namespace: str) -> None:
        """Take away what site.yml made of a pipeline on an instance that stays."""
        self.kubectl("delete", "deployments,secrets,serviceaccounts", "--namespace", namespace, "--selector", f"parent={name}")
        self.kubectl("delete", "secret", "--namespace", namespace, "--ignore-not-found", f"{name}-debezium-sa")
        for topic in (f"{name}.changes", f"{name}-heartbeat"):
            requests.delete(f"{self._pubsub_endpoint}v1/projects/{self._project}/topics/{topic}", timeout=30)
        account = f"{name}-debezium@{self._project}.iam.gserviceaccount.com"
        self._google.delete(f"{self._google_endpoint}v1/projects/{self._project}/serviceAccounts/{account}", timeout=30)
        self._sql("DELETE", f"{instance}/databases/{name}")
        self._sql("DELETE", f"{instance}/users", name=name)

    def remove_deployments(self, namespace: str, pattern: str) -> None:
        """Take away the Deployments whose names match."""
        found = self.kubectl("get", "deployments", "--namespace", namespace, "--output", "name").split()
        names = [each for each in found if re.fullmatch(pattern, each.partition("/")[2])]
        if names:
            self.kubectl("delete", "--namespace", namespace, *names)

    def kubectl(self, *arguments: str) -> str:
        """kubectl's answer; empty when it fails."""
        program = Path(self.environment["CDC_SANDBOX_KUBECONFIG"]).parent / "bin" / "kubectl"
        words = [str(program), "--kubeconfig", self.environment["CDC_SANDBOX_KUBECONFIG"], *arguments]
        return subprocess.run(words, capture_output=True, text=True, timeout=180).stdout

    def _sql(self, method: str, path: str, **query: str) -> requests.Response:
        url = f"{self._google_endpoint}sql/v1beta4/projects/{self._project}/instances/{path}"
        answer: requests.Response = self._google.request(method, url, params=query, timeout=60)
        return answer


class KubernetesCounter:
    """A proxy in front of the API server that counts requests while the block runs.  kubeconfig: one whose server is the proxy.

    The server's own metrics count everybody: controllers, kubelet, other work on the machine.
    """

    def __init__(self, kubeconfig: str) -> None:
        self.count = 0
        document = yaml.safe_load(Path(kubeconfig).read_text())
        cluster = document["clusters"][0]["cluster"]
        upstream, counter, lock = urlsplit(cluster["server"]), self, threading.Lock()
        folder = tempfile.TemporaryDirectory()
        self._folder = folder
        authority = Path(folder.name) / "ca.crt"
        authority.write_bytes(base64.b64decode(cluster.pop("certificate-authority-data")))
        session = requests.Session()
        session.verify = str(authority)
        session.trust_env = False

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                with lock:
                    counter.count += 1
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name: value for name, value in self.headers.items() if name.lower() in FORWARDED}
                found = session.request(self.command, f"https://{upstream.netloc}{self.path}", data=body, headers=headers, timeout=60)
                self.send_response(found.status_code)
                self.send_header("Content-Type", found.headers.get("Content-Type", "application/json"))
                self.send_header("Content-Length", str(len(found.content)))
                self.end_headers()
                self.wfile.write(found.content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        cluster["server"] = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.kubeconfig = os.path.join(folder.name, "kubeconfig")
        Path(self.kubeconfig).write_text(json.dumps(document))

    def __enter__(self) -> KubernetesCounter:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()
