"""The control API under `/_sandbox/`: what the Pub/Sub server asks on each publish."""

from __future__ import annotations

import json
import time

import pytest
import requests
from cdc_sandbox.google.types import Json
from google.auth import jwt
from google.auth.transport.requests import Request
from standin_client import PROJECT, StandIn, create_key, login, new_account

PUBLISH = "pubsub.topics.publish"


def self_signed_token(key: Json) -> str:
    """As Google's Pub/Sub libraries make one: for an audience, without asking the token endpoint."""
    credentials = jwt.Credentials.from_service_account_info(key, audience="https://pubsub.googleapis.com/")
    credentials.refresh(Request())
    return str(credentials.token.decode())


def check(standin: StandIn, token: str, policy: Json | None = None, project: str = "demo-project") -> Json:
    return standin.control("POST", "check", {"token": token, "permission": PUBLISH, "project": project, "policy": policy})


def publisher(email: str) -> Json:
    return {"bindings": [{"role": "roles/pubsub.publisher", "members": [f"serviceAccount:{email}"]}]}


def test_the_topics_policy_lets_a_publisher_in(standin: StandIn) -> None:
    email = new_account(standin)
    session = login(create_key(standin, email))
    session.credentials.refresh(Request())
    token = session.credentials.token
    assert check(standin, token) == {"status": "denied", "member": f"serviceAccount:{email}"}
    assert check(standin, token, publisher(email)) == {"status": "ok", "member": f"serviceAccount:{email}"}
    assert check(standin, token, publisher("somebody@else.example"))["status"] == "denied"


def test_the_projects_policy_counts_in_its_own_project_only(standin: StandIn) -> None:
    standin.good("GET", PROJECT)
    token = standin.session.credentials.token
    assert check(standin, token)["status"] == "ok"
    assert check(standin, token, project="123456789012")["status"] == "ok"
    assert check(standin, token, project="other")["status"] == "denied"
    assert check(standin, token, project="demo-host")["status"] == "ok"
    viewer = login(standin.settings.viewer_key)
    viewer.credentials.refresh(Request())
    get = {"token": viewer.credentials.token, "permission": "pubsub.topics.get", "policy": None}
    statuses = [standin.control("POST", "check", {**get, "project": project})["status"] for project in ("demo-project", "210987654321")]
    assert statuses == ["ok", "denied"]
    assert check(standin, token, publisher(standin.email("owner")), project="other")["status"] == "ok"


def test_a_deleted_key_is_unauthenticated(standin: StandIn) -> None:
    email = new_account(standin)
    key = create_key(standin, email)
    token = self_signed_token(key)
    assert check(standin, token, publisher(email))["status"] == "ok"
    standin.good("DELETE", f"{standin.account}/{email}/keys/{key['private_key_id']}")
    assert check(standin, token, publisher(email)) == {"status": "unauthenticated"}
    assert check(standin, "", publisher(email)) == {"status": "unauthenticated"}


def test_a_check_is_quick(standin: StandIn) -> None:
    token = self_signed_token(json.loads(standin.settings.owner_key.read_text()))
    body = {"token": token, "permission": PUBLISH, "project": "demo-project", "policy": None}
    with requests.Session() as session:
        session.post(f"{standin.url}/_sandbox/check", json=body, timeout=10)
        started = time.perf_counter()
        for _ in range(100):
            session.post(f"{standin.url}/_sandbox/check", json=body, timeout=10)
    seconds = (time.perf_counter() - started) / 100
    print(f"check: {seconds * 1000:.2f} ms with a self-signed JWT, client included")
    # Client and server share this process, so this is far more than the server's own time.
    assert seconds < 0.02


def test_members_that_do_not_exist_are_named(standin: StandIn) -> None:
    missing, there = standin.email("nobody"), standin.email("owner")
    members = [
        f"serviceAccount:{missing}",
        f"serviceAccount:{there}",
        "user:a@example.com",
        "serviceAccount:x@other.iam.gserviceaccount.com",
    ]
    unique_id = standin.good("GET", f"{standin.account}/{there}")["uniqueId"]
    known = {"missing": [missing], "ids": {f"serviceAccount:{there}": unique_id}}
    assert standin.control("POST", "members", {"members": members}) == known


def test_an_unknown_endpoint_is_404(standin: StandIn) -> None:
    assert requests.get(f"{standin.url}/_sandbox/nothing", timeout=10).status_code == 404


@pytest.mark.parametrize("data", ["no json", "[]", "{}", '{"token": "x"}'])
def test_a_malformed_question_is_refused(standin: StandIn, data: str) -> None:
    assert requests.post(f"{standin.url}/_sandbox/check", data=data, timeout=10).status_code == 400
