"""Google's own API client talks to the stand-in: its paths, its parameters, its errors."""

from __future__ import annotations

from typing import Any

import pytest
from google.oauth2 import service_account
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from standin_client import SCOPE, StandIn, new_account


def client(standin: StandIn, api: str, version: str) -> Any:
    credentials = service_account.Credentials.from_service_account_file(str(standin.settings.owner_key), scopes=[SCOPE])
    return build(api, version, credentials=credentials, client_options={"api_endpoint": standin.url}, static_discovery=True)


def test_iam_with_googles_client(standin: StandIn) -> None:
    email = new_account(standin)
    accounts = client(standin, "iam", "v1").projects().serviceAccounts()
    name = f"projects/demo-project/serviceAccounts/{email}"
    assert accounts.get(name=name).execute()["email"] == email
    key = accounts.keys().create(name=name, body={}).execute()["name"]
    listed = accounts.keys().list(name=name, keyTypes=["USER_MANAGED"]).execute()["keys"]
    assert [entry["name"] for entry in listed] == [key]
    accounts.keys().delete(name=key).execute()
    accounts.delete(name=name).execute()
    with pytest.raises(HttpError, match="Unknown service account") as caught:
        accounts.get(name=name).execute()
    assert caught.value.status_code == 404


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_resource_manager_with_googles_client(standin: StandIn, version: str) -> None:
    projects = client(standin, "cloudresourcemanager", version).projects()
    resource = "demo-project" if version == "v1" else "projects/demo-project"
    policy = projects.getIamPolicy(resource=resource, body={"options": {"requestedPolicyVersion": 3}}).execute()
    assert projects.setIamPolicy(resource=resource, body={"policy": policy}).execute()["bindings"] == policy["bindings"]


def test_googles_client_breaks_no_rule(standin: StandIn) -> None:
    standin.control("DELETE", "violations")
    test_iam_with_googles_client(standin)
    assert standin.violations() == []
