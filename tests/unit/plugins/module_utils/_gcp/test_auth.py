# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials of the shared options: how impersonation asks for a token, and where."""

from __future__ import annotations

import json
import typing as t
from types import SimpleNamespace

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._gcp import auth
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import GcpOptions, argument_spec

ACCOUNT = "deployer@demo.iam.gserviceaccount.com"


def options(**changed: t.Any) -> GcpOptions:
    params = {name: spec.get("default") for name, spec in argument_spec().items()}
    caller = {"project": "demo", "auth_kind": "accesstoken", "access_token": "token-of-the-caller"}
    return GcpOptions.from_params({**params, **caller, **changed})


class Google:
    """Answers the request for a token, and remembers it.  Called as google-auth calls its transport."""

    def __init__(self) -> None:
        self.requests: list[dict[str, t.Any]] = []

    def __call__(self, **request: t.Any) -> SimpleNamespace:
        self.requests.append(request)
        answer = {"accessToken": "token-of-the-account", "expireTime": "2100-01-01T00:00:00Z"}
        return SimpleNamespace(status=200, headers={}, data=json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ({}, "https://iamcredentials.googleapis.com"),
        ({"iam_credentials_endpoint": "http://127.0.0.1:8480/"}, "http://127.0.0.1:8480"),
        ({"iam_credentials_endpoint": "https://iamcredentials-eu.p.example.com"}, "https://iamcredentials-eu.p.example.com"),
    ],
)
def test_impersonation_asks_the_endpoint_for_a_token_of_the_account(endpoint: dict[str, str], host: str) -> None:
    google = Google()
    found = auth.credentials(options(impersonate_service_account=ACCOUNT, scopes=["https://www.googleapis.com/auth/pubsub"], **endpoint))
    found.refresh(google)
    (request,) = google.requests
    assert request["url"] == f"{host}/v1/projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken"
    assert request["headers"]["authorization"] == "Bearer token-of-the-caller"
    assert json.loads(request["body"])["scope"] == ["https://www.googleapis.com/auth/pubsub"]
    assert found.token == "token-of-the-account"


def test_without_impersonation_nobody_is_asked() -> None:
    found = auth.credentials(options(iam_credentials_endpoint="http://127.0.0.1:8480/"))
    assert found.token == "token-of-the-caller"


def test_a_quota_project_goes_with_an_impersonated_account() -> None:
    found = auth.credentials(options(impersonate_service_account=ACCOUNT, quota_project="billing"))
    assert found.quota_project_id == "billing"
