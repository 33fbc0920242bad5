# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the Google modules against the sandbox's stand-in and its Pub/Sub, on ports of their own, with faults switched on."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import requests
from ansible_collections.cdc.gcp.tests.unit.conftest import RunModule, run_module  # noqa: F401 - a fixture, used by its name
from cdc_sandbox.google import server as google
from cdc_sandbox.postgresql.cluster import stop_all
from cdc_sandbox.progress import Progress
from cdc_sandbox.pubsub import server as pubsub
from cdc_sandbox.settings import Settings, load


@dataclass(frozen=True)
class Cloud:
    """The sandbox's Google APIs and Pub/Sub, and how to run a module against them."""

    settings: Settings
    run: RunModule

    @property
    def options(self) -> dict[str, t.Any]:
        """The shared options, logged in as the project's owner."""
        google_apis = (
            "sql_endpoint",
            "iam_endpoint",
            "iam_credentials_endpoint",
            "resource_manager_endpoint",
            "service_networking_endpoint",
        )
        return {
            **dict.fromkeys(google_apis, f"{self.settings.google_endpoint}/"),
            "pubsub_endpoint": f"http://{self.settings.pubsub_plain_endpoint}/",
            "project": self.settings.project,
            "auth_kind": "serviceaccount",
            "service_account_file": str(self.settings.owner_key),
            "retry_timeout": 20,
        }

    def email(self, account_id: str) -> str:
        return f"{account_id}@{self.settings.project}.iam.gserviceaccount.com"

    def module(self, module: ModuleType, **params: t.Any) -> dict[str, t.Any]:
        """Run a module."""
        return self.run(module, **{**self.options, **params})

    def good(self, module: ModuleType, **params: t.Any) -> dict[str, t.Any]:
        """Run a module that must not fail."""
        result = self.module(module, **params)
        assert not result.get("failed"), result["msg"]
        return result

    def control(self, method: str, endpoint: str, body: t.Any = None, pubsub: bool = False) -> t.Any:
        """A request to the control API of the stand-in or of Pub/Sub."""
        root = f"http://{self.settings.pubsub_plain_endpoint}" if pubsub else self.settings.google_endpoint
        answer = requests.request(method, f"{root}/_sandbox/{endpoint}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def fault(self, name: str, pubsub: bool = False, **rest: t.Any) -> None:
        """Switch a fault on.  When the test ends it must have happened as often as `count` says; one without end, at least once."""
        self.control("POST", "faults", {"name": name, **rest}, pubsub)

    def assert_faults_fired(self) -> None:
        """Every fault that is on has happened as often as it was asked for: else the test has not met what it is about."""
        on = [fault for at_pubsub in (False, True) for fault in self.control("GET", "faults", pubsub=at_pubsub)["on"]]
        waiting = [fault for fault in on if fault["count"] > 0 or fault["fired"] == 0]
        assert not waiting, f"faults that were switched on and did not happen: {waiting}"

    def switch_faults_off(self) -> None:
        for at_pubsub in (False, True):
            self.control("DELETE", "faults", pubsub=at_pubsub)


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """Running servers; Pub/Sub's program is built in the user's own cache, once.  PostgreSQL's own user can enter the folder."""
    folder = Path(tempfile.mkdtemp(prefix="cdc-gcp-test-"))
    folder.chmod(0o755)
    (folder / "state").mkdir()
    made = Settings(
        state=folder / "state",
        private_instance_network="127.88.1",
        public_instance_network="127.88.2",
        cache=load().cache,
        node_address="127.0.0.1",
        google_port=_free_port(),
        pubsub_port=_free_port(),
        pubsub_tls_port=_free_port(),
    )
    listener, application = google.make(made)
    thread = threading.Thread(target=listener.serve_forever, name="stand-in")
    thread.start()
    try:
        pubsub.up(made, Progress())
        yield made
    finally:
        pubsub.down(made)
        listener.shutdown()
        thread.join()
        listener.server_close()
        for function in application.context.on_stop:
            function()
        stop_all(made)
        shutil.rmtree(folder)
    found = application.journal.violations()
    assert found["requests"] == found["answers"] == []


@pytest.fixture
def cloud(settings: Settings, run_module: RunModule) -> Iterator[Cloud]:  # noqa: F811 - pytest hands the fixture in by its name
    """The servers.  At the end, every fault that the test switched on must have happened; none outlives the test."""
    made = Cloud(settings, run_module)
    yield made
    try:
        made.assert_faults_fired()
    finally:
        made.switch_faults_off()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
