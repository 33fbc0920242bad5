"""Requests are found in Google's discovery documents and checked as Google's front end checks them."""

from __future__ import annotations

import pytest
import requests
from cdc_sandbox.google.call import Call, Handler
from cdc_sandbox.google.contract.discovery import Route, directory
from cdc_sandbox.google.types import Json
from standin_client import PROJECT, StandIn, new_account

INSTANCES = "/sql/v1beta4/projects/p/instances"


def route(method: str, path: str) -> Route:
    found = directory().route(method, path)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("method", "path", "method_id", "version", "parameters"),
    [
        ("POST", INSTANCES, "sql.instances.insert", "v1beta4", {"project": "p"}),
        ("POST", "/v1/projects/p/instances", "sql.instances.insert", "v1", {"project": "p"}),
        ("PATCH", f"{INSTANCES}/i", "sql.instances.patch", "v1beta4", {"project": "p", "instance": "i"}),
        ("GET", f"{INSTANCES}/i/users/a%2Fb", "sql.users.get", "v1beta4", {"project": "p", "instance": "i", "name": "a/b"}),
        ("GET", f"{INSTANCES}/i/connectSettings", "sql.connect.get", "v1beta4", {"project": "p", "instance": "i"}),
        ("GET", "/v1/projects/p", "cloudresourcemanager.projects.get", "v1", {"projectId": "p"}),
        ("GET", "/v3/projects/p", "cloudresourcemanager.projects.get", "v3", {"name": "projects/p"}),
        ("POST", "/v1/projects/p:getIamPolicy", "cloudresourcemanager.projects.getIamPolicy", "v1", {"resource": "p"}),
        (
            "GET",
            "/v1/projects/p/serviceAccounts/a%40b",
            "iam.projects.serviceAccounts.get",
            "v1",
            {"name": "projects/p/serviceAccounts/a@b"},
        ),
        (
            "POST",
            "/v1/projects/-/serviceAccounts/a@b/keys/k:disable",
            "iam.projects.serviceAccounts.keys.disable",
            "v1",
            {"name": "projects/-/serviceAccounts/a@b/keys/k"},
        ),
    ],
)
def test_a_request_is_one_method(method: str, path: str, method_id: str, version: str, parameters: dict[str, str]) -> None:
    found = route(method, path)
    assert (found.method.id, found.method.version, found.parameters) == (method_id, version, parameters)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/nothing"),
        ("PUT", "/v1/projects/p/serviceAccounts/a@b:disable"),
        ("PATCH", "/v1/projects/p"),
        ("GET", "/sql/v1/projects/p/instances"),
    ],
)
def test_what_no_document_has_is_no_method(method: str, path: str) -> None:
    assert directory().route(method, path) is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"nme": "i"}, 'Invalid JSON payload received. Unknown name "nme": Cannot find field.'),
        ({"settings": {"teir": "x"}}, "Invalid JSON payload received. Unknown name \"teir\" at 'settings': Cannot find field."),
        (
            {"settings": {"databaseFlags": [{"nam": "x"}]}},
            "Invalid JSON payload received. Unknown name \"nam\" at 'settings.databaseFlags[0]': Cannot find field.",
        ),
        ({"name": 5}, "Invalid value at 'name' (TYPE_STRING), 5"),
        ({"settings": {"dataDiskSizeGb": "ten"}}, "Invalid value at 'settings.dataDiskSizeGb' (TYPE_INT64), \"ten\""),
        ({"settings": {"dataDiskSizeGb": True}}, "Invalid value at 'settings.dataDiskSizeGb' (TYPE_INT64), true"),
        ({"settings": {"storageAutoResize": "true"}}, "Invalid value at 'settings.storageAutoResize' (TYPE_BOOL), \"true\""),
        ({"settings": {"edition": "CHEAP"}}, "Invalid value at 'settings.edition' (TYPE_ENUM), \"CHEAP\""),
        ({"settings": {"maintenanceWindow": {"day": 2**31}}}, "Invalid value at 'settings.maintenanceWindow.day' (TYPE_INT32), 2147483648"),
        ({"settings": []}, "Invalid value at 'settings' (TYPE_MESSAGE), []"),
        ({"settings": {"databaseFlags": {}}}, "Invalid value at 'settings.databaseFlags' (TYPE_MESSAGE), {}"),
        ({"settings": {"userLabels": {"a": 1}}}, "Invalid value at 'settings.userLabels.a' (TYPE_STRING), 1"),
    ],
)
def test_a_malformed_body_is_refused_in_googles_words(body: Json, message: str) -> None:
    report = route("POST", INSTANCES).method.check_request(body)
    assert [violation.message for violation in report.violations] == [message]


@pytest.mark.parametrize("size", [10, "10"])
def test_a_request_may_write_int64_as_number_or_string_and_an_answer_only_as_string(size: object) -> None:
    body = {"settings": {"dataDiskSizeGb": size}}
    assert route("POST", INSTANCES).method.check_request(body).violations == []
    assert (route("GET", f"{INSTANCES}/i").method.check_answer(body).violations == []) == isinstance(size, str)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("etag", ["", "BwYBUFm4BPE="], ["BwYBUFm4BPE", "é", "a_b-"]),
        ("version", [1], ["1", 1.5, True]),
        ("bindings", [[], [{"role": "r", "members": ["m"]}]], [{}, ["r"], [{"rôle": "r"}], None]),
    ],
)
def test_an_answer_is_checked_strictly(field: str, good: list[object], bad: list[object]) -> None:
    method = route("POST", "/v1/projects/p:getIamPolicy").method
    assert [value for value in good if method.check_answer({field: value}).violations] == []
    assert [value for value in bad if not method.check_answer({field: value}).violations] == []


@pytest.mark.parametrize(("time", "good"), [("2026-11-23T06:00:00Z", True), ("2026-11-23T06:00:00.123+01:00", True), ("2026-11-23", False)])
def test_a_time_is_written_as_rfc_3339(time: str, good: bool) -> None:
    report = route("GET", f"{INSTANCES}/i").method.check_answer({"createTime": time})
    assert (report.violations == []) == good


def test_a_request_may_hold_null_and_url_safe_base64() -> None:
    method = route("POST", "/v1/projects/p:setIamPolicy").method
    assert method.check_request({"policy": {"etag": "a_b-", "bindings": None}}).violations == []


@pytest.mark.parametrize(
    ("mask", "good"),
    [
        ("description,display_name", True),
        ("displayName", True),
        ("*", True),
        ("descriptoin", False),
        ("serviceAccount.description", False),
    ],
)
def test_an_update_mask_names_known_fields(mask: str, good: bool) -> None:
    body = {"serviceAccount": {}, "updateMask": mask}
    report = route("PATCH", "/v1/projects/p/serviceAccounts/a@b").method.check_request(body)
    assert (report.violations == []) == good


@pytest.mark.parametrize(
    ("query", "good"),
    [
        ({"alt": ["json"], "prettyPrint": ["false"], "$alt": ["json;enum-encoding=int"]}, True),
        ({"maxResults": ["5"]}, True),
        ({"maxResults": ["five"]}, False),
        ({"alt": ["xml"]}, False),
        ({"filter": ["a", "b"]}, False),
        ({"filtre": ["a"]}, False),
    ],
)
def test_query_parameters_have_names_and_types(query: dict[str, list[str]], good: bool) -> None:
    assert (route("GET", INSTANCES).method.check_query(query).violations == []) == good


def test_a_required_query_parameter_is_missed() -> None:
    users = route("DELETE", f"{INSTANCES}/i/users").method
    required = [name for name, schema in users.query.items() if schema.get("required")]
    assert [violation.path for violation in users.check_query({}).violations] == required


def test_output_only_fields_in_a_request_are_only_warned_about(standin: StandIn) -> None:
    standin.control("DELETE", "violations")
    new_account(standin)
    body = {"accountId": "read-only-sent", "serviceAccount": {"email": "x"}}
    standin.good("POST", standin.account, body)
    found = standin.control("GET", "violations")
    assert found["counts"] == {"requests": 0, "answers": 0, "warnings": 1}
    assert found["warnings"][0]["field"] == "serviceAccount.email"


def test_the_server_refuses_and_counts_a_malformed_request(standin: StandIn) -> None:
    standin.control("DELETE", "violations")
    response = standin.call("POST", f"{standin.account}?foo=1", {"acountId": "x", "serviceAccount": {"displayNam": "y"}})
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["status"] == "INVALID_ARGUMENT"
    assert error["details"][0]["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    text = 'Invalid JSON payload received. Unknown name "foo": Cannot bind query parameter.'
    assert error["details"][0]["fieldViolations"][0]["description"].startswith(text)
    assert "Unknown name \"displayNam\" at 'serviceAccount': Cannot find field." in error["message"]
    assert [violation["field"] for violation in standin.violations()] == ["foo", "", "serviceAccount"]
    standin.control("DELETE", "violations")
    assert standin.violations() == []


def test_an_unknown_path_and_a_wrong_verb_are_googles_404_page(standin: StandIn) -> None:
    standin.control("DELETE", "violations")
    for method, path in (("GET", "/v2/<projects>"), ("PATCH", PROJECT)):
        response = standin.call(method, path)
        assert response.status_code == 404
        assert response.headers["Content-Type"].startswith("text/html")
    assert len(standin.violations()) == 2


@pytest.mark.parametrize("data", ["{", "[]", '"text"'])
def test_a_body_that_is_no_object_is_refused(standin: StandIn, data: str) -> None:
    response = standin.session.post(standin.url + standin.account, data=data)
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith("Invalid JSON payload received.")


def test_a_known_method_that_is_not_served_says_so(standin: StandIn) -> None:
    response = standin.call("POST", f"{PROJECT}:getAncestry", {})
    assert response.status_code == 501
    assert "cloudresourcemanager.projects.getAncestry" in response.json()["error"]["message"]


def test_an_answer_of_ours_that_breaks_the_contract_is_500_and_counted(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    def unfinished(call: Call) -> Json:
        raise KeyError("lost")

    method_id = "cloudresourcemanager.projects.get"
    handlers: list[Handler] = [lambda call: {"projectNumber": 5}, lambda call: {"nmae": "x"}, unfinished]
    for handler in handlers:
        monkeypatch.setitem(standin.application._handlers, method_id, handler)
        assert standin.call("GET", PROJECT).status_code == 500
    assert standin.control("GET", "violations")["counts"]["answers"] == 3
    standin.control("DELETE", "violations")


def test_a_path_is_matched_as_it_was_sent(standin: StandIn) -> None:
    encoded = standin.email("owner").replace("@", "%40")
    response = requests.get(
        f"{standin.url}{standin.account}/{encoded}",
        headers={"Authorization": f"Bearer {standin.session.credentials.token}"},
        timeout=10,
    )
    assert response.json()["email"] == standin.email("owner")
