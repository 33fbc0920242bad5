"""A stand-in that runs in the test's process, as a test talks to it: sessions of real google-auth, and what several tests need."""

from __future__ import annotations

import base64
import itertools
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import requests
from cdc_sandbox.google import server
from cdc_sandbox.google.application import Application
from cdc_sandbox.google.call import Context
from cdc_sandbox.google.types import Json
from cdc_sandbox.settings import Settings
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account

PROJECT = "/v1/projects/demo-project"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def login(key: Json | Path) -> AuthorizedSession:
    """Log in with a key file or its content by JWT exchange."""
    info = json.loads(key.read_bytes()) if isinstance(key, Path) else key
    return AuthorizedSession(service_account.Credentials.from_service_account_info(info, scopes=[SCOPE]))


@dataclass
class StandIn:
    """A running stand-in.  The paths that its methods take begin with a slash."""

    settings: Settings
    application: Application

    @property
    def context(self) -> Context:
        return self.application.context

    @property
    def url(self) -> str:
        return self.settings.google_endpoint

    @property
    def account(self) -> str:
        """Path of the project's service accounts."""
        return f"/v1/projects/{self.settings.project}/serviceAccounts"

    def email(self, account_id: str) -> str:
        return f"{account_id}@{self.settings.project}.iam.gserviceaccount.com"

    @cached_property
    def session(self) -> AuthorizedSession:
        """The owner."""
        return login(self.settings.owner_key)

    @cached_property
    def viewer(self) -> AuthorizedSession:
        return login(self.settings.viewer_key)

    def call(self, method: str, path: str, body: Json | None = None, session: AuthorizedSession | None = None) -> requests.Response:
        """One request, by the owner unless somebody else is named."""
        response: requests.Response = (session or self.session).request(method, self.url + path, json=body)
        return response

    def good(self, method: str, path: str, body: Json | None = None) -> Json:
        """The answer to a request of the owner's that must succeed."""
        response = self.call(method, path, body)
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    def control(self, method: str, name: str, body: Json | None = None) -> Json:
        """A request to the control API."""
        response = requests.request(method, f"{self.url}/_sandbox/{name}", json=body, timeout=10)
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    def fault(self, name: str, **other: object) -> None:
        self.control("POST", "faults", {"name": name, **other})

    def violations(self) -> list[Json]:
        """What callers got wrong since the last `DELETE violations`."""
        found: list[Json] = self.application.journal.violations()["requests"]
        return found


_numbers = itertools.count(1)


def new_account(standin: StandIn, **fields: str) -> str:
    """Create a service account that no other test uses; gives its e-mail."""
    answer = standin.good("POST", standin.account, {"accountId": f"account-{next(_numbers)}", "serviceAccount": fields})
    return str(answer["email"])


def create_key(standin: StandIn, email: str) -> Json:
    """Create a key; gives the content of the key file."""
    answer = standin.good("POST", f"{standin.account}/{email}/keys", {})
    content: Json = json.loads(base64.b64decode(answer["privateKeyData"]))
    return content


def project_policy(standin: StandIn) -> Json:
    """The project's policy, with conditions."""
    return standin.good("POST", f"{PROJECT}:getIamPolicy", {"options": {"requestedPolicyVersion": 3}})


def grant(standin: StandIn, role: str, member: str) -> Json:
    """Add a binding to the project's policy; gives the new policy."""
    policy = project_policy(standin)
    policy["bindings"].append({"role": role, "members": [member]})
    return standin.good("POST", f"{PROJECT}:setIamPolicy", {"policy": policy})


@contextmanager
def running(settings: Settings) -> Iterator[StandIn]:
    """The stand-in over `settings`; may be entered again after it was left, as a stand-in that was restarted."""
    listener, application = server.make(settings)
    thread = threading.Thread(target=listener.serve_forever, name="stand-in")
    thread.start()
    try:
        yield StandIn(settings, application)
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
        for function in application.context.on_stop:
            function()
    assert application.journal.violations()["answers"] == []
