"""Keys of service accounts: what is answered, what is kept back, and how many there may be."""

from __future__ import annotations

import base64
import datetime
import json
import re

import pytest
from cdc_sandbox.google.types import Json
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth.exceptions import RefreshError
from standin_client import PROJECT, SCOPE, StandIn, create_key, login, new_account

KEY_FILE_FIELDS = {
    "type",
    "project_id",
    "private_key_id",
    "private_key",
    "client_email",
    "client_id",
    "auth_uri",
    "token_uri",
    "auth_provider_x509_cert_url",
    "client_x509_cert_url",
    "universe_domain",
}


def user_keys(standin: StandIn, email: str) -> list[Json]:
    answer = standin.good("GET", f"{standin.account}/{email}/keys?keyTypes=USER_MANAGED")
    keys: list[Json] = answer.get("keys", [])
    return keys


def test_create_answers_the_key_file_once(standin: StandIn) -> None:
    email = new_account(standin)
    answer = standin.good("POST", f"/v1/projects/-/serviceAccounts/{email}/keys", {"privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE"})
    assert re.fullmatch(rf"projects/demo-project/serviceAccounts/{re.escape(email)}/keys/[0-9a-f]{{40}}", answer["name"])
    assert answer["validBeforeTime"] == "9999-12-31T23:59:59Z"
    assert (answer["keyOrigin"], answer["keyType"], answer["keyAlgorithm"]) == ("GOOGLE_PROVIDED", "USER_MANAGED", "KEY_ALG_RSA_2048")
    content = json.loads(base64.b64decode(answer["privateKeyData"]))
    assert set(content) == KEY_FILE_FIELDS
    assert content["private_key_id"] == answer["name"].rpartition("/")[2]
    assert content["token_uri"] == f"{standin.url}/token"
    again = standin.good("GET", f"/v1/{answer['name']}")
    assert again == {field: answer[field] for field in answer if field not in ("privateKeyData", "privateKeyType")}


def test_the_list_has_system_managed_keys_unless_asked_otherwise(standin: StandIn) -> None:
    email = new_account(standin)
    key_id = create_key(standin, email)["private_key_id"]
    everything = standin.good("GET", f"{standin.account}/{email}/keys")["keys"]
    assert {key["keyType"] for key in everything} == {"USER_MANAGED", "SYSTEM_MANAGED"}
    assert [key["name"].rpartition("/")[2] for key in user_keys(standin, email)] == [key_id]
    assert not any(field.startswith("privateKey") for key in everything for field in key)


def test_an_account_without_user_keys_has_no_keys_field(standin: StandIn) -> None:
    assert standin.good("GET", f"{standin.account}/{new_account(standin)}/keys?keyTypes=USER_MANAGED") == {}


def test_the_public_half_belongs_to_the_private_one(standin: StandIn) -> None:
    email = new_account(standin)
    key = create_key(standin, email)
    private = serialization.load_pem_private_key(key["private_key"].encode(), None)
    name = f"{standin.account}/{email}/keys/{key['private_key_id']}"
    certificate = base64.b64decode(standin.good("GET", f"{name}?publicKeyType=TYPE_X509_PEM_FILE")["publicKeyData"])
    assert x509.load_pem_x509_certificate(certificate).public_key() == private.public_key()
    raw = base64.b64decode(standin.good("GET", f"{name}?publicKeyType=TYPE_RAW_PUBLIC_KEY")["publicKeyData"])
    assert serialization.load_pem_public_key(raw) == private.public_key()


def test_a_disabled_key_says_so(standin: StandIn) -> None:
    email = new_account(standin)
    name = f"{standin.account}/{email}/keys/{create_key(standin, email)['private_key_id']}"
    assert standin.good("POST", f"{name}:disable", {}) == {}
    assert user_keys(standin, email)[0]["disabled"] is True
    assert standin.good("POST", f"{name}:enable", {}) == {}
    assert "disabled" not in standin.good("GET", name)


def test_a_deleted_key_is_gone(standin: StandIn) -> None:
    email = new_account(standin)
    name = f"{standin.account}/{email}/keys/{create_key(standin, email)['private_key_id']}"
    assert standin.good("DELETE", name) == {}
    assert standin.call("GET", name).status_code == 404
    assert standin.call("DELETE", name).status_code == 404
    assert user_keys(standin, email) == []


def test_the_eleventh_key_is_refused(standin: StandIn) -> None:
    email = new_account(standin)
    for _ in range(10):
        create_key(standin, email)
    response = standin.call("POST", f"{standin.account}/{email}/keys", {})
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["status"], error["message"]) == ("FAILED_PRECONDITION", "Precondition check failed.")
    assert len(user_keys(standin, email)) == 10


def test_an_uploaded_key_logs_in(standin: StandIn) -> None:
    email = new_account(standin)
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "unused")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    data = base64.b64encode(certificate.public_bytes(serialization.Encoding.PEM)).decode()
    answer = standin.good("POST", f"{standin.account}/{email}/keys:upload", {"publicKeyData": data})
    assert answer["keyOrigin"] == "USER_PROVIDED"
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key = {
        "type": "service_account",
        "client_email": email,
        "private_key_id": answer["name"].rpartition("/")[2],
        "private_key": pem.decode(),
        "token_uri": f"{standin.url}/token",
    }
    session = login(key)
    assert SCOPE in session.credentials.scopes
    # Logged in, and known to hold no role.
    assert standin.call("GET", PROJECT, session=session).status_code == 403
    bad = base64.b64encode(b"no certificate").decode()
    assert standin.call("POST", f"{standin.account}/{email}/keys:upload", {"publicKeyData": bad}).status_code == 400


def test_an_organisation_can_forbid_keys(standin: StandIn) -> None:
    email = new_account(standin)
    standin.fault("key_creation_forbidden")
    response = standin.call("POST", f"{standin.account}/{email}/keys", {})
    error = response.json()["error"]
    assert (response.status_code, error["status"]) == (400, "FAILED_PRECONDITION")
    assert error["message"] == "Key creation is not allowed on this service account."
    assert error["details"][0]["violations"][0]["type"] == "constraints/iam.disableServiceAccountKeyCreation"
    assert user_keys(standin, email) == []


@pytest.mark.parametrize(
    ("shape", "code", "status", "text"),
    [
        ("new", 400, "FAILED_PRECONDITION", "Precondition check failed."),
        ("old", 429, "RESOURCE_EXHAUSTED", "Maximum number of keys on account reached."),
    ],
)
def test_the_limit_of_keys_has_two_shapes(standin: StandIn, shape: str, code: int, status: str, text: str) -> None:
    standin.fault("key_limit", options={"shape": shape})
    path = f"{standin.account}/{new_account(standin)}/keys"
    response = standin.call("POST", path, {})
    error = response.json()["error"]
    assert (response.status_code, error["status"], error["message"]) == (code, status, text)
    if shape == "old":
        assert error["details"] == [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "86401s"}]
    standin.good("POST", path, {})


def test_the_managed_constraint_is_named_in_the_message(standin: StandIn) -> None:
    standin.fault("key_creation_forbidden", options={"managed": True})
    response = standin.call("POST", f"{standin.account}/{new_account(standin)}/keys", {})
    assert (response.status_code, response.json()["error"]["status"]) == (400, "FAILED_PRECONDITION")
    assert "constraints/iam.managed.disableServiceAccountKeyCreation" in response.json()["error"]["message"]


def test_an_organisation_can_end_keys_early(standin: StandIn) -> None:
    standin.fault("key_expires", options={"hours": 8})
    path = f"{standin.account}/{new_account(standin)}/keys"
    key = standin.good("POST", path, {})
    left = datetime.datetime.fromisoformat(key["validBeforeTime"]) - datetime.datetime.now(datetime.UTC)
    assert 7.9 < left.total_seconds() / 3600 <= 8
    assert standin.good("GET", f"/v1/{key['name']}")["validBeforeTime"] == key["validBeforeTime"]


def test_an_expired_key_stays_in_the_list_and_logs_nobody_in(standin: StandIn) -> None:
    standin.fault("key_expires", options={"hours": -1})
    email = new_account(standin)
    key = create_key(standin, email)
    listed = standin.good("GET", f"{standin.account}/{email}/keys?keyTypes=USER_MANAGED")["keys"]
    assert [entry["name"].rpartition("/")[2] for entry in listed] == [key["private_key_id"]]
    with pytest.raises(RefreshError):
        standin.call("GET", standin.account, session=login(key))


def test_a_new_key_may_not_be_found_yet(standin: StandIn) -> None:
    standin.fault("key_unknown", options={"reads": 2})
    key = standin.good("POST", f"{standin.account}/{new_account(standin)}/keys", {})["name"]
    assert [standin.call("GET", f"/v1/{key}").status_code for _ in range(3)] == [404, 404, 200]


def test_the_journal_holds_no_private_key(standin: StandIn) -> None:
    create_key(standin, new_account(standin))
    journal = standin.control("GET", "requests")["requests"]
    created = [entry for entry in journal if entry["method_id"] == "iam.projects.serviceAccounts.keys.create" and entry["status"] == 200]
    assert created
    assert {entry["answer"]["privateKeyData"] for entry in created} == {"********"}
