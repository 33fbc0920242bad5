"""Regional secrets: kept in versions, read by who may, and in no log."""

from __future__ import annotations

import base64

from google.auth.transport.requests import AuthorizedSession
from standin_client import PROJECT, StandIn, create_key, grant, login, new_account

SECRETS = f"{PROJECT}/locations/europe-west1/secrets"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def add(standin: StandIn, secret: str, text: str) -> str:
    """Add a version; gives its name."""
    return str(standin.good("POST", f"{SECRETS}/{secret}:addVersion", {"payload": {"data": encoded(text)}})["name"])


def member(standin: StandIn, role: str) -> AuthorizedSession:
    email = new_account(standin)
    grant(standin, role, f"serviceAccount:{email}")
    return login(create_key(standin, email))


def test_versions_of_a_secret(standin: StandIn) -> None:
    made = standin.good("POST", f"{SECRETS}?secretId=versions", {"labels": {"team": "data"}})
    assert made["name"] == f"{SECRETS.removeprefix('/v1/')}/versions"
    assert standin.good("GET", f"{SECRETS}/versions") == made
    assert standin.call("POST", f"{SECRETS}?secretId=versions", {}).status_code == 409
    assert standin.call("GET", f"{SECRETS}/versions/versions/latest:access").status_code == 404
    first, second = add(standin, "versions", "one"), add(standin, "versions", "two")
    assert (first.rpartition("/")[2], second.rpartition("/")[2]) == ("1", "2")
    for version, text in (("1", "one"), ("2", "two"), ("latest", "two")):
        answer = standin.good("GET", f"{SECRETS}/versions/versions/{version}:access")
        assert answer["payload"]["data"] == encoded(text)
    assert answer["name"] == second
    assert standin.call("GET", f"{SECRETS}/versions/versions/3:access").status_code == 404
    standin.good("DELETE", f"{SECRETS}/versions")
    assert standin.call("GET", f"{SECRETS}/versions").status_code == 404


def test_a_version_has_a_state(standin: StandIn) -> None:
    standin.good("POST", f"{SECRETS}?secretId=states", {})
    name = add(standin, "states", "one")
    path = f"/v1/{name}"
    version = standin.good("GET", path)
    assert (version["name"], version["state"]) == (name, "ENABLED")
    assert standin.good("GET", f"{SECRETS}/states/versions/latest") == version
    disabled = standin.good("POST", f"{path}:disable", {"etag": version["etag"]})
    assert (disabled["state"], standin.good("GET", path)) == ("DISABLED", disabled)
    assert disabled["etag"] != version["etag"]
    refusal = standin.call("GET", f"{path}:access")
    assert (refusal.status_code, refusal.json()["error"]["status"]) == (400, "FAILED_PRECONDITION")
    assert "DISABLED" in refusal.json()["error"]["message"]
    assert standin.call("POST", f"{path}:enable", {"etag": version["etag"]}).status_code == 400
    assert standin.good("POST", f"{path}:enable", {})["state"] == "ENABLED"
    assert standin.good("GET", f"{path}:access")["payload"]["data"] == encoded("one")
    assert standin.call("GET", f"{SECRETS}/states/versions/2").status_code == 404
    assert standin.call("POST", f"{SECRETS}/states/versions/2:enable", {}).status_code == 404


def test_who_may_see_and_enable_a_version(standin: StandIn) -> None:
    standin.good("POST", f"{SECRETS}?secretId=seen", {})
    path = f"/v1/{add(standin, 'seen', 'one')}"
    viewer, accessor = member(standin, "roles/viewer"), member(standin, "roles/secretmanager.secretAccessor")
    assert standin.call("GET", path, session=viewer).status_code == 200
    assert standin.call("GET", path, session=accessor).status_code == 403
    assert standin.call("POST", f"{path}:enable", {}, session=viewer).status_code == 403


def test_who_may_read_a_secret(standin: StandIn) -> None:
    standin.good("POST", f"{SECRETS}?secretId=guarded", {})
    add(standin, "guarded", "one")
    path = f"{SECRETS}/guarded/versions/1:access"
    assert standin.call("GET", path, session=member(standin, "roles/secretmanager.secretAccessor")).status_code == 200
    for role in ("roles/viewer", "roles/editor"):
        assert standin.call("GET", path, session=member(standin, role)).status_code == 403


def test_what_is_refused(standin: StandIn) -> None:
    assert standin.call("POST", f"{SECRETS}?secretId=a.b", {}).status_code == 400
    assert standin.call("POST", f"{SECRETS}?secretId=ab", {"replication": {"automatic": {}}}).status_code == 400
    assert standin.call("POST", f"{SECRETS}?secretId=ab", {"labels": {"Bad Key!": "x"}}).status_code == 400
    assert standin.call("POST", f"{SECRETS}/absent:addVersion", {"payload": {"data": encoded("x")}}).status_code == 404
    standin.good("POST", f"{SECRETS}?secretId=empty", {})
    assert standin.call("POST", f"{SECRETS}/empty:addVersion", {"payload": {}}).status_code == 400


def test_no_secret_is_in_the_log(standin: StandIn) -> None:
    standin.good("POST", f"{SECRETS}?secretId=hidden", {})
    add(standin, "hidden", "the-hidden-word")
    standin.good("GET", f"{SECRETS}/hidden/versions/latest:access")
    assert encoded("the-hidden-word") not in str(standin.control("GET", "requests"))
