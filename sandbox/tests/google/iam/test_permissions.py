"""Who may do what: roles of the project's and of an account's policy, and the refusals in each service's own words."""

from __future__ import annotations

import pytest
from cdc_sandbox.google.contract.discovery import directory
from cdc_sandbox.google.iam import permissions, roles
from google.auth.transport.requests import AuthorizedSession
from standin_client import PROJECT, StandIn, create_key, grant, login, new_account


@pytest.fixture
def member(standin: StandIn) -> tuple[str, AuthorizedSession]:
    """A fresh account without any role, logged in."""
    email = new_account(standin)
    return email, login(create_key(standin, email))


def test_each_permission_that_a_method_needs_is_in_the_owners_role() -> None:
    needed = {permission for permission in permissions.METHODS.values() if permission}
    assert needed <= roles.OWNER


def test_each_method_in_the_table_is_googles() -> None:
    assert permissions.METHODS.keys() <= directory().ids


def test_each_served_method_is_refused_without_a_role(standin: StandIn, member: tuple[str, AuthorizedSession]) -> None:
    email, session = member
    account, key = f"{standin.account}/{standin.email('owner')}", f"{standin.account}/{standin.email('owner')}/keys/{'0' * 40}"
    secrets = f"{PROJECT}/locations/europe-west1/secrets"
    network = "network=projects/123456789012/global/networks/default"
    paths = {
        "iam.projects.serviceAccounts.create": ("POST", standin.account),
        "iam.projects.serviceAccounts.list": ("GET", standin.account),
        "iam.projects.serviceAccounts.get": ("GET", account),
        "iam.projects.serviceAccounts.patch": ("PATCH", account),
        "iam.projects.serviceAccounts.update": ("PUT", account),
        "iam.projects.serviceAccounts.delete": ("DELETE", account),
        "iam.projects.serviceAccounts.undelete": ("POST", f"{account}:undelete"),
        "iam.projects.serviceAccounts.enable": ("POST", f"{account}:enable"),
        "iam.projects.serviceAccounts.disable": ("POST", f"{account}:disable"),
        "iam.projects.serviceAccounts.getIamPolicy": ("POST", f"{account}:getIamPolicy"),
        "iam.projects.serviceAccounts.setIamPolicy": ("POST", f"{account}:setIamPolicy"),
        "iam.projects.serviceAccounts.keys.create": ("POST", f"{account}/keys"),
        "iam.projects.serviceAccounts.keys.upload": ("POST", f"{account}/keys:upload"),
        "iam.projects.serviceAccounts.keys.list": ("GET", f"{account}/keys"),
        "iam.projects.serviceAccounts.keys.get": ("GET", key),
        "iam.projects.serviceAccounts.keys.delete": ("DELETE", key),
        "iam.projects.serviceAccounts.keys.enable": ("POST", f"{key}:enable"),
        "iam.projects.serviceAccounts.keys.disable": ("POST", f"{key}:disable"),
        "cloudresourcemanager.projects.get": ("GET", PROJECT),
        "cloudresourcemanager.projects.getIamPolicy": ("POST", f"{PROJECT}:getIamPolicy"),
        "cloudresourcemanager.projects.setIamPolicy": ("POST", f"{PROJECT}:setIamPolicy"),
        "secretmanager.projects.locations.secrets.create": ("POST", f"{secrets}?secretId=s"),
        "secretmanager.projects.locations.secrets.get": ("GET", f"{secrets}/s"),
        "secretmanager.projects.locations.secrets.delete": ("DELETE", f"{secrets}/s"),
        "secretmanager.projects.locations.secrets.addVersion": ("POST", f"{secrets}/s:addVersion"),
        "secretmanager.projects.locations.secrets.versions.access": ("GET", f"{secrets}/s/versions/1:access"),
        "secretmanager.projects.locations.secrets.versions.get": ("GET", f"{secrets}/s/versions/1"),
        "secretmanager.projects.locations.secrets.versions.enable": ("POST", f"{secrets}/s/versions/1:enable"),
        "secretmanager.projects.locations.secrets.versions.disable": ("POST", f"{secrets}/s/versions/1:disable"),
        "servicenetworking.services.connections.list": ("GET", f"/v1/services/servicenetworking.googleapis.com/connections?{network}"),
    }
    assert paths.keys() == {method for method, permission in permissions.METHODS.items() if permission and not method.startswith("sql.")}
    for method_id, (method, path) in paths.items():
        response = standin.call(method, path, session=session)
        assert response.status_code == 403, method_id
        expected = f"Permission '{permissions.METHODS[method_id]}' denied on resource (or it may not exist)."
        if method_id.startswith("cloudresourcemanager"):
            expected = "The caller does not have permission"
        assert response.json()["error"]["message"] == expected


def test_the_viewer_may_look_and_not_touch(standin: StandIn) -> None:
    assert standin.call("GET", PROJECT, session=standin.viewer).status_code == 200
    assert standin.call("GET", standin.account, session=standin.viewer).status_code == 200
    assert standin.call("POST", standin.account, {"accountId": "by-the-viewer"}, session=standin.viewer).status_code == 403
    assert standin.call("POST", f"{PROJECT}:setIamPolicy", {"policy": {}}, session=standin.viewer).status_code == 403


def test_a_project_role_takes_effect_and_ends(standin: StandIn, member: tuple[str, AuthorizedSession]) -> None:
    email, session = member
    assert standin.call("GET", standin.account, session=session).status_code == 403
    policy = grant(standin, "roles/iam.serviceAccountAdmin", f"serviceAccount:{email}")
    assert standin.call("GET", standin.account, session=session).status_code == 200
    policy["bindings"] = [binding for binding in policy["bindings"] if binding["role"] != "roles/iam.serviceAccountAdmin"]
    standin.good("POST", f"{PROJECT}:setIamPolicy", {"policy": policy})
    assert standin.call("GET", standin.account, session=session).status_code == 403


def test_a_role_on_one_account_is_for_that_account(standin: StandIn, member: tuple[str, AuthorizedSession]) -> None:
    email, session = member
    target = new_account(standin)
    policy = {"bindings": [{"role": "roles/iam.serviceAccountKeyAdmin", "members": [f"serviceAccount:{email}"]}]}
    standin.good("POST", f"{standin.account}/{target}:setIamPolicy", {"policy": policy})
    assert standin.call("POST", f"{standin.account}/{target}/keys", {}, session=session).status_code == 200
    assert standin.call("POST", f"/v1/projects/-/serviceAccounts/{target}/keys", {}, session=session).status_code == 200
    assert standin.call("POST", f"{standin.account}/{email}/keys", {}, session=session).status_code == 403
    assert standin.call("DELETE", f"{standin.account}/{target}", session=session).status_code == 403


@pytest.mark.parametrize("resource", [PROJECT, "/v3/projects/demo-project", "account"])
def test_a_caller_learns_which_permissions_it_has(standin: StandIn, resource: str) -> None:
    path = f"{standin.account}/{new_account(standin)}" if resource == "account" else resource
    wanted = {"permissions": ["iam.serviceAccounts.get", "iam.serviceAccountKeys.create", "nonsense.things.get"]}
    assert standin.good("POST", f"{path}:testIamPermissions", wanted) == {"permissions": wanted["permissions"][:2]}
    seen = standin.call("POST", f"{path}:testIamPermissions", wanted, session=standin.viewer)
    assert seen.json() == {"permissions": ["iam.serviceAccounts.get"]}


def test_permissions_on_one_account_are_asked_for_there(standin: StandIn, member: tuple[str, AuthorizedSession]) -> None:
    email, session = member
    target = new_account(standin)
    policy = {"bindings": [{"role": "roles/iam.serviceAccountKeyAdmin", "members": [f"serviceAccount:{email}"]}]}
    standin.good("POST", f"{standin.account}/{target}:setIamPolicy", {"policy": policy})
    wanted = {"permissions": ["iam.serviceAccountKeys.create"]}
    assert standin.call("POST", f"{standin.account}/{target}:testIamPermissions", wanted, session=session).json() == wanted
    assert standin.call("POST", f"{standin.account}/{email}:testIamPermissions", wanted, session=session).json() == {}
    assert standin.call("POST", f"{PROJECT}:testIamPermissions", wanted, session=session).json() == {}
    assert standin.call("POST", f"{PROJECT}:testIamPermissions", {"permissions": ["iam.*"]}).status_code == 400
    assert standin.call("POST", "/v1/projects/other:testIamPermissions", wanted).status_code == 403


def test_cloud_sql_refuses_in_its_own_words(standin: StandIn, member: tuple[str, AuthorizedSession]) -> None:
    body = permissions.denied("sql", "cloudsql.instances.create").render("sql")["error"]
    message = "The client is not authorized to make this request."
    assert body == {"code": 403, "message": message, "errors": [{"message": message, "domain": "global", "reason": "notAuthorized"}]}
