"""Logging in to the stand-in with Google's own library, and what is refused."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests
from cdc_sandbox.google.types import Json
from google.auth import jwt
from google.auth.crypt import RSASigner
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account
from standin_client import PROJECT, SCOPE, StandIn, create_key, login, new_account


def assertion(key: Json, **claims: Any) -> str:
    """A JWT that the key signed; claims given replace the usual ones."""
    now = int(time.time())
    usual = {"iss": key["client_email"], "sub": key["client_email"], "aud": key["token_uri"], "scope": SCOPE, "iat": now, "exp": now + 3600}
    signer = RSASigner.from_service_account_info(key)
    return str(jwt.encode(signer, {**usual, **claims}).decode())


def exchange(standin: StandIn, token: str) -> requests.Response:
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": token}
    return requests.post(f"{standin.url}/token", data=form, timeout=10)


def self_signed(key: Json) -> AuthorizedSession:
    credentials = service_account.Credentials.from_service_account_info(key, scopes=[SCOPE], always_use_jwt_access=True)
    return AuthorizedSession(credentials)


def test_owner_logs_in_by_jwt_exchange(standin: StandIn) -> None:
    answer = standin.good("GET", PROJECT)
    assert answer["projectNumber"] == "123456789012"
    assert standin.session.credentials.token.startswith("ya29.")


def test_owner_logs_in_by_self_signed_jwt(standin: StandIn) -> None:
    session = self_signed(json.loads(standin.settings.owner_key.read_text()))
    assert standin.call("GET", PROJECT, session=session).status_code == 200
    assert session.credentials.token.count(".") == 2
    assert not session.credentials.token.startswith("ya29.")


def test_key_files_are_for_their_owner_only(standin: StandIn) -> None:
    for path in (standin.settings.owner_key, standin.settings.viewer_key):
        assert path.stat().st_mode & 0o777 == 0o600
    for path in (standin.settings.state / "google").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_no_private_key_and_no_token_is_kept(standin: StandIn) -> None:
    standin.good("GET", PROJECT)
    kept = "".join(path.read_text() for path in (standin.settings.state / "google").iterdir())
    assert "PRIVATE KEY" not in kept
    assert "ya29." not in kept


@pytest.mark.parametrize("header", [None, "Bearer ya29.wrong", "Bearer a.b.c", "Basic eDp5"])
def test_without_a_good_token_the_answer_is_401(standin: StandIn, header: str | None) -> None:
    response = requests.get(standin.url + PROJECT, headers={"Authorization": header} if header else {}, timeout=10)
    assert response.status_code == 401
    assert response.json()["error"]["status"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("end", ["delete", "disable"])
def test_a_key_that_was_deleted_or_disabled_logs_nobody_in(standin: StandIn, end: str) -> None:
    email = new_account(standin)
    key = create_key(standin, email)
    name = f"{standin.account}/{email}/keys/{key['private_key_id']}"
    assert exchange(standin, assertion(key)).status_code == 200
    if end == "delete":
        standin.good("DELETE", name)
    else:
        standin.good("POST", f"{name}:disable")

    with pytest.raises(RefreshError, match=r"invalid_grant.*Invalid JWT Signature\."):
        standin.call("GET", PROJECT, session=login(key))
    assert standin.call("GET", PROJECT, session=self_signed(key)).status_code == 401

    if end == "disable":
        standin.good("POST", f"{name}:enable")
        assert exchange(standin, assertion(key)).status_code == 200


def test_an_expired_key_logs_nobody_in(standin: StandIn) -> None:
    email = new_account(standin)
    key = create_key(standin, email)
    with standin.context.state.changing("iam") as data:
        data["accounts"][email]["keys"][key["private_key_id"]]["validBeforeTime"] = "2026-01-01T00:00:00Z"
    assert exchange(standin, assertion(key)).json() == {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}


def test_a_disabled_account_loses_its_tokens(standin: StandIn) -> None:
    email = new_account(standin)
    key = create_key(standin, email)
    session = login(key)
    assert standin.call("GET", PROJECT, session=session).status_code == 403
    standin.good("POST", f"{standin.account}/{email}:disable")
    token = {"Authorization": f"Bearer {session.credentials.token}"}
    assert requests.get(standin.url + PROJECT, headers=token, timeout=10).status_code == 401
    assert exchange(standin, assertion(key)).status_code == 400


def test_a_token_outlives_the_key_that_got_it(standin: StandIn) -> None:
    email = new_account(standin)
    key = create_key(standin, email)
    session = login(key)
    standin.call("GET", PROJECT, session=session)
    standin.good("DELETE", f"{standin.account}/{email}/keys/{key['private_key_id']}")
    assert standin.call("GET", PROJECT, session=session).status_code == 403


def test_a_recreated_account_is_somebody_else(standin: StandIn) -> None:
    email = new_account(standin)
    session = login(create_key(standin, email))
    standin.call("GET", PROJECT, session=session)
    standin.good("DELETE", f"{standin.account}/{email}")
    standin.good("POST", standin.account, {"accountId": email.partition("@")[0]})
    token = {"Authorization": f"Bearer {session.credentials.token}"}
    assert requests.get(standin.url + PROJECT, headers=token, timeout=10).status_code == 401


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"exp": int(time.time()) + 7300}, "short-lived token"),
        ({"iat": 1000, "exp": 4600}, "short-lived token"),
        ({"exp": "soon"}, "short-lived token"),
        ({"aud": "https://example.com/token"}, "audience"),
        ({"scope": ""}, "Invalid OAuth scope"),
        ({"iss": "nobody@demo-project.iam.gserviceaccount.com"}, "account not found"),
        ({"iss": "viewer@demo-project.iam.gserviceaccount.com"}, "Invalid JWT Signature"),
    ],
)
def test_the_token_endpoint_refuses_a_wrong_claim(standin: StandIn, claims: Json, error: str) -> None:
    response = exchange(standin, assertion(json.loads(standin.settings.owner_key.read_text()), **claims))
    assert response.status_code == 400
    assert error in response.json()["error_description"]


def test_a_changed_jwt_is_refused(standin: StandIn) -> None:
    head, body, signature = assertion(json.loads(standin.settings.owner_key.read_text())).split(".")
    changed = signature[:10] + ("A" if signature[10] != "A" else "B") + signature[11:]
    assert exchange(standin, f"{head}.{body}.{changed}").json()["error_description"] == "Invalid JWT Signature."
    assert exchange(standin, "rubbish").json()["error"] == "invalid_grant"


def test_a_jwt_for_the_token_endpoint_is_no_bearer_token(standin: StandIn) -> None:
    token = assertion(json.loads(standin.settings.owner_key.read_text()))
    assert requests.get(standin.url + PROJECT, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code == 401


def test_another_grant_type_is_refused(standin: StandIn) -> None:
    response = requests.post(f"{standin.url}/token", data={"grant_type": "refresh_token"}, timeout=10)
    assert response.json()["error"] == "unsupported_grant_type"
