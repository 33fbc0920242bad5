# SPDX-License-Identifier: GPL-3.0-or-later
"""iam_service_account_key_secret: when a key is kept or replaced, what happens when a step fails, and that no output shows it."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest
import requests
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.manifest import sha256, with_secret_data
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.digest import data_digest
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import ReconcileError
from ansible_collections.cdc.gcp.plugins.modules import iam_service_account_key_secret

EMAIL = "debezium@demo.iam.gserviceaccount.com"
KEYS = f"https://iam.googleapis.com/v1/projects/demo/serviceAccounts/{EMAIL}/keys"
PRIVATE = "-----BEGIN PRIVATE KEY-----MIIEvQIBADANBg"
CREATE = {"privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE", "keyAlgorithm": "KEY_ALG_RSA_2048"}


def key_file(key_id: str, email: str = EMAIL) -> bytes:
    return json.dumps({"type": "service_account", "private_key_id": key_id, "private_key": PRIVATE, "client_email": email}).encode()


def listed(key_id: str, **changed: t.Any) -> dict[str, t.Any]:
    times = {"validAfterTime": "2026-01-01T00:00:00Z", "validBeforeTime": "9999-12-31T23:59:59Z"}
    return {"name": f"projects/demo/serviceAccounts/{EMAIL}/keys/{key_id}", "keyType": "USER_MANAGED", **times, **changed}


def created(key_id: str) -> dict[str, t.Any]:
    return {**listed(key_id), "privateKeyData": base64.b64encode(key_file(key_id)).decode()}


class FakeStore:
    """One Secret in memory.  error: what writing raises."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] | None = None
        self.labels: dict[str, str] = {}
        self.error: BaseException | None = None

    def read(self, namespace: str, name: str) -> dict[str, bytes] | None:
        assert (namespace, name) == ("debezium", "publisher")
        return self.data

    def write(self, namespace: str, name: str, data: t.Any, labels: t.Any, annotations: t.Any) -> None:
        if self.error is not None:
            raise self.error
        self.data, self.labels = {**(self.data or {}), **data}, labels


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> FakeStore:
    fake = FakeStore()
    monkeypatch.setattr(iam_service_account_key_secret.SecretStore, "from_params", lambda params: fake)
    return fake


@pytest.fixture
def key_secret(rest: t.Any, store: FakeStore, run_module: t.Any) -> t.Callable[..., dict[str, t.Any]]:
    """Run the module; whatever comes of it, no part of a private key may be in the result."""

    def run(**options: t.Any) -> dict[str, t.Any]:
        given = {"project": "demo", "service_account": EMAIL, "namespace": "debezium", "secret_name": "publisher", **options}
        result = run_module(iam_service_account_key_secret, **given)
        assert "PRIVATE" not in repr(result)
        assert base64.b64encode(PRIVATE.encode()).decode()[:12] not in repr(result)
        return result

    return run


def lists(session: t.Any, *keys: dict[str, t.Any], times: int = 1) -> None:
    for _ in range(times):
        session.expect("GET", KEYS, query={"keyTypes": "USER_MANAGED"}, answer={"keys": list(keys)} if keys else {})


def test_without_a_secret_a_key_is_made_and_stored(rest: t.Any, store: FakeStore, key_secret: t.Any) -> None:
    lists(rest, times=2)
    rest.expect("POST", KEYS, body=CREATE, answer=created("k1"))
    lists(rest)
    lists(rest, listed("k1"), times=4)
    result = key_secret(labels={"app": "debezium"})
    assert store.data == {"key.json": key_file("k1")}
    assert store.labels == {"app": "debezium"}
    assert result["actions"] == [f"create a key of {EMAIL} and store it, because there is no such Secret"]
    assert (result["private_key_id"], result["valid_until"], result["replaced_key_id"]) == ("k1", "9999-12-31T23:59:59+00:00", None)
    stored = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "publisher"}}
    assert result["sha256"] == sha256(with_secret_data(stored, None, store.data)), "as kubernetes_object returns it"
    assert result["diff"]["before"] == {}
    assert result["diff"]["after"]["private_key_id"] == "(a new key)"


def test_a_good_key_is_kept(rest: t.Any, store: FakeStore, key_secret: t.Any) -> None:
    store.data = {"key.json": key_file("k1"), "other": b"x"}
    lists(rest, listed("k0"), listed("k1"))
    result = key_secret(max_age_days=36500, rotate_before_days=30)
    assert (result["changed"], result["private_key_id"], result["key_ids"]) == (False, "k1", ["k0", "k1"])


@pytest.mark.parametrize(
    ("data", "keys", "options", "reason"),
    [
        ({"key.json": key_file("k1")}, [], {}, "IAM does not know key k1 any more"),
        ({"key.json": key_file("k1")}, [listed("k1", disabled=True)], {}, "key k1 is disabled"),
        ({"key.json": key_file("k1")}, [listed("k1", validBeforeTime="2026-01-02T00:00:00Z")], {}, "valid only until 2026-01-02"),
        (
            {"key.json": key_file("k1")},
            [listed("k1", validBeforeTime="2126-01-02T00:00:00Z")],
            {"rotate_before_days": 36500},
            "valid only until 2126",
        ),
        ({"key.json": key_file("k1")}, [listed("k1")], {"max_age_days": 0}, "was made at 2026-01-01"),
        ({"key.json": key_file("k1", "a@b.example.com")}, [listed("k1")], {}, "belongs to a@b.example.com"),
        ({"key.json": b"no json"}, [], {}, "no key file under key.json"),
        ({"key.json": b"[]"}, [], {}, "no key file under key.json"),
        ({"other": b""}, [], {}, "no key file under key.json"),
    ],
)
def test_why_a_new_key_is_needed(
    rest: t.Any, store: FakeStore, key_secret: t.Any, data: t.Any, keys: t.Any, options: dict[str, int], reason: str
) -> None:
    store.data = data
    lists(rest, *keys)
    result = key_secret(check=True, **options)
    assert result["changed"] is True
    assert reason in result["actions"][0]
    assert len(result["actions"]) == 1
    assert store.data == data


def test_check_mode_before_the_account_exists(rest: t.Any, key_secret: t.Any) -> None:
    rest.expect("GET", KEYS, query={"keyTypes": "USER_MANAGED"}, status=404, answer={"error": {"code": 404, "message": "Unknown"}})
    result = key_secret(check=True)
    assert (result["changed"], result["private_key_id"], result["sha256"]) == (True, None, None)


def test_when_storing_fails_the_new_key_is_deleted_again(rest: t.Any, store: FakeStore, key_secret: t.Any) -> None:
    store.error = ReconcileError("Namespace debezium does not exist.")
    lists(rest, times=2)
    rest.expect("POST", KEYS, body=CREATE, answer=created("k1"))
    lists(rest, listed("k1"), times=3)
    rest.expect("DELETE", f"{KEYS}/k1")
    assert key_secret()["msg"] == "Namespace debezium does not exist."


def test_an_interrupted_run_deletes_the_new_key_too(rest: t.Any, store: FakeStore, key_secret: t.Any) -> None:
    store.error = KeyboardInterrupt()
    lists(rest, times=2)
    rest.expect("POST", KEYS, body=CREATE, answer=created("k1"))
    lists(rest, listed("k1"), times=3)
    rest.expect("DELETE", f"{KEYS}/k1")
    with pytest.raises(KeyboardInterrupt):
        key_secret()


def test_a_key_that_can_neither_be_stored_nor_deleted_is_named(rest: t.Any, store: FakeStore, key_secret: t.Any) -> None:
    store.error = ReconcileError("The cluster is gone.")
    lists(rest, times=2)
    rest.expect("POST", KEYS, body=CREATE, answer=created("k1"))
    lists(rest, listed("k1"), times=3)
    rest.expect("DELETE", f"{KEYS}/k1", status=403, answer={"error": {"code": 403, "message": "no", "status": "PERMISSION_DENIED"}})
    message = key_secret()["msg"]
    assert "new key k1" in message
    assert "The cluster is gone." in message


@pytest.mark.parametrize(
    "lost",
    [
        {"error": requests.exceptions.ReadTimeout("t")},
        {"status": 503},
        {"answer": {"name": "a/keys/k2"}},
        {"error": requests.ConnectionError()},
    ],
)
def test_a_lost_answer_is_not_repeated_and_the_unknown_key_goes(rest: t.Any, key_secret: t.Any, lost: dict[str, t.Any]) -> None:
    lists(rest, listed("k1"), times=2)
    rest.expect("POST", KEYS, body=CREATE, **lost)
    lists(rest, listed("k1"))
    lists(rest, listed("k1"), listed("k2"))
    rest.expect("DELETE", f"{KEYS}/k2")
    assert "(k2) was deleted again; run again" in key_secret()["msg"]


def test_two_unknown_keys_are_not_deleted(rest: t.Any, key_secret: t.Any) -> None:
    lists(rest, times=2)
    rest.expect("POST", KEYS, body=CREATE, status=500)
    lists(rest, listed("k1"), listed("k2"))
    assert "k1, k2 may be unused" in key_secret()["msg"]


def test_ten_keys_are_the_limit(rest: t.Any, store: FakeStore, key_secret: t.Any) -> None:
    ten = [listed(f"k{number}") for number in range(10)]
    lists(rest, *ten)
    result = key_secret()
    assert "has 10 user-managed keys, and 10 is the limit" in result["msg"]
    lists(rest, *ten)
    assert [action.split()[0] for action in key_secret(check=True, delete_key_ids=["k3"])["actions"]] == ["delete", "create"]


def test_a_policy_against_keys_names_the_way_without_keys(rest: t.Any, key_secret: t.Any) -> None:
    violation = {"type": "constraints/iam.disableServiceAccountKeyCreation", "subject": "x"}
    details = [{"@type": "type.googleapis.com/google.rpc.PreconditionFailure", "violations": [violation]}]
    error = {"code": 400, "message": "Key creation is not allowed on this service account.", "status": "FAILED_PRECONDITION"}
    lists(rest, times=2)
    rest.expect("POST", KEYS, body=CREATE, status=400, answer={"error": {**error, "details": details}})
    assert "Workload Identity Federation for GKE" in key_secret()["msg"]


def test_old_keys_stay_unless_their_deletion_is_asked_for(rest: t.Any, store: FakeStore, key_secret: t.Any) -> None:
    store.data = {"key.json": key_file("k1")}
    lists(rest, listed("k0"), listed("k1"), times=2)
    rest.expect("POST", KEYS, body=CREATE, answer=created("k2"))
    lists(rest, listed("k0"), listed("k1"), listed("k2"), times=3)
    rest.expect("DELETE", f"{KEYS}/k1")
    lists(rest, listed("k0"), listed("k2"))
    result = key_secret(max_age_days=0, delete_replaced_key=True)
    assert (result["replaced_key_id"], result["key_ids"]) == ("k1", ["k0", "k2"])
    assert result["diff"]["after"]["key_ids"] == ["k0", "(a new key)"]


def test_named_keys_are_deleted_but_never_the_one_in_use(rest: t.Any, store: FakeStore, key_secret: t.Any) -> None:
    store.data = {"key.json": key_file("k1")}
    lists(rest, listed("k0"), listed("k1"))
    rest.expect("DELETE", f"{KEYS}/k0")
    lists(rest, listed("k1"))
    assert key_secret(delete_key_ids=["k0", "gone"])["actions"] == [f"delete key k0 of {EMAIL}"]
    lists(rest, listed("k1"))
    assert key_secret(delete_key_ids=["k0"])["changed"] is False
    lists(rest, listed("k1"))
    assert "is the key that Secret debezium/publisher holds" in key_secret(delete_key_ids=["k1"])["msg"]


def test_a_list_that_flaps_makes_no_second_key(rest: t.Any, store: FakeStore, key_secret: t.Any) -> None:
    store.data = {"key.json": key_file("k1")}
    lists(rest)
    lists(rest, listed("k1"))
    assert "run again" in key_secret()["msg"]


def test_the_digest_tells_names_and_values_apart() -> None:
    digests = {data_digest(data) for data in ({}, {"a": b"b"}, {"ab": b""}, {"a": b"b", "c": b""}, {"a": b"", "bc": b""})}
    assert len(digests) == 5
