# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway to a cluster: who it talks to, what it repeats, and what it says when it is refused."""

from __future__ import annotations

import base64
import dataclasses
import typing as t
from pathlib import Path

import pytest
import urllib3.exceptions
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.cluster import Cluster
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.errors import ApiError
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.login import LoginError, configuration
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.secrets import SecretStore
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput, ReconcileError
from kubernetes_answers import APPLY, FORBIDDEN, HOST, MISSING, NO_NAMESPACE, OPTIONS, FakeApi, installed, status

SECRET = "/api/v1/namespaces/cdc/secrets/shop-db"
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: one
contexts:
- {name: one, context: {cluster: one, user: me}}
- {name: two, context: {cluster: two, user: me}}
clusters:
- {name: one, cluster: {server: "https://one.example.com"}}
- {name: two, cluster: {server: "https://two.example.com"}}
users:
- {name: me, user: {token: sesame}}
"""


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, clock: t.Any) -> t.Iterator[FakeApi]:
    yield from installed(monkeypatch, clock)


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    path = tmp_path / "config"
    path.write_text(KUBECONFIG)
    return str(path)


def read(cluster: Cluster | None = None) -> t.Any:
    return (cluster or Cluster(OPTIONS)).read("v1", "Secret", "cdc", "shop-db")


def test_no_cluster_is_used_that_nobody_named(monkeypatch: pytest.MonkeyPatch, kubeconfig: str) -> None:
    monkeypatch.setenv("KUBECONFIG", kubeconfig)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(InvalidInput, match="Name the cluster"):
        configuration(dataclasses.replace(OPTIONS, host=None))


def test_the_context_of_a_named_kubeconfig(kubeconfig: str) -> None:
    options = dataclasses.replace(OPTIONS, host=None, kubeconfig=kubeconfig)
    assert configuration(options).host == "https://one.example.com"
    assert configuration(dataclasses.replace(options, context="two")).host == "https://two.example.com"
    with pytest.raises(LoginError, match="three"):
        configuration(dataclasses.replace(options, context="three"))


def test_options_stand_above_the_kubeconfig(kubeconfig: str) -> None:
    found = configuration(dataclasses.replace(OPTIONS, kubeconfig=kubeconfig, api_key="mine", validate_certs=False))
    assert found.host == HOST
    assert found.auth_settings()["BearerToken"]["value"] == "Bearer mine"
    assert found.verify_ssl is False


@pytest.mark.parametrize(
    "changes",
    [{"kubeconfig": "/no/such/file"}, {"context": "two", "host": None}, {"ca_cert": "/no/such/file"}],
    ids=["kubeconfig missing", "context without kubeconfig", "ca_cert missing"],
)
def test_options_that_cannot_be_right(changes: dict[str, t.Any]) -> None:
    with pytest.raises(InvalidInput):
        configuration(dataclasses.replace(OPTIONS, **changes))


def test_a_busy_server_is_asked_again_when_it_says(api: FakeApi, clock: t.Any) -> None:
    api.expect("GET", SECRET, status=429, headers={"Retry-After": "3"})
    api.expect("GET", SECRET, status=503)
    api.expect("GET", SECRET, answer={"kind": "Secret"})
    assert read() == {"kind": "Secret"}
    assert clock.slept[0] == 3


def test_a_busy_server_may_name_a_date(api: FakeApi, clock: t.Any) -> None:
    api.expect("GET", SECRET, status=503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}).expect("GET", SECRET)
    read()
    assert clock.slept == [0.0]


def test_a_server_that_answered_before_is_waited_for(api: FakeApi, clock: t.Any) -> None:
    lost = urllib3.exceptions.ProtocolError("Connection aborted.")
    api.expect("GET", SECRET, answer={"kind": "Secret"})
    for _ in range(6):
        api.expect("GET", SECRET, error=lost)
    api.expect("GET", SECRET, answer={"kind": "Secret"})
    cluster = Cluster(OPTIONS)
    assert read(cluster)
    assert read(cluster)
    assert clock.time > 10


def test_a_server_that_never_answered_is_given_up_soon(clock: t.Any) -> None:
    class Closed:
        def request(self, *args: t.Any, **rest: t.Any) -> t.NoReturn:
            raise urllib3.exceptions.ProtocolError("Connection refused")

    with pytest.raises(ReconcileError, match=rf"no answer from {HOST} \(Connection refused\)\. Check the address"):
        read(Cluster(OPTIONS, Closed(), clock))
    assert clock.time <= 10


def test_an_untrusted_server_is_no_matter_of_patience(clock: t.Any) -> None:
    class Untrusted:
        def request(self, *args: t.Any, **rest: t.Any) -> t.NoReturn:
            raise urllib3.exceptions.SSLError("[SSL: X] certificate verify failed: self-signed certificate (_ssl.c:1006)")

    with pytest.raises(LoginError, match=r"\(self-signed certificate\)\. Check ca_cert"):
        read(Cluster(OPTIONS, Untrusted(), clock))
    assert clock.slept == []


def test_impersonation_goes_with_each_request(api: FakeApi) -> None:
    api.expect("GET", SECRET)
    read(Cluster(dataclasses.replace(OPTIONS, impersonate_user="robot")))
    assert api.sent_headers[0]["Impersonate-User"] == "robot"


def test_403_names_verb_resource_and_namespace(api: FakeApi) -> None:
    api.expect("GET", SECRET, status=403, answer=FORBIDDEN)
    with pytest.raises(ApiError, match=r'Reading Secret cdc/shop-db: .*cannot get resource "secrets".*namespace "cdc"\. Grant this'):
        read()


@pytest.mark.parametrize(
    ("code", "answer", "sentence"),
    [
        (401, status(401, "Unauthorized", "Unauthorized"), "does not accept the credentials"),
        (
            422,
            status(422, "Invalid", "x", [{"field": "spec.replicas", "message": "must be positive"}]),
            "invalid: spec.replicas: must be positive",
        ),
        (
            422,
            status(
                422, "Invalid", "x is immutable", [{"field": "spec", "message": 'Forbidden: immutable\n{\n- Class: "a",\n+ Class: "b",\n'}]
            ),
            r'spec: Forbidden: immutable \(- Class: "a", \+ Class: "b"\)\. The field cannot change',
        ),
        (
            500,
            status(500, "", "failed to create typed patch object (a/b; /v1, Kind=X): .dta: field not declared in schema"),
            r"does not fit its kind: \.dta: field not declared in schema\.$",
        ),
        (404, NO_NAMESPACE, 'namespaces "cdc" not found. Make the namespace first'),
        (400, "<html>proxy</html>", "HTTP 400 : <html>proxy</html>"),
    ],
    ids=["401", "invalid", "immutable", "unknown field", "no namespace", "no Kubernetes"],
)
def test_a_refusal_is_one_sentence(api: FakeApi, code: int, answer: t.Any, sentence: str) -> None:
    api.expect("PATCH", SECRET, query=APPLY, body={"apiVersion": "v1", "kind": "Secret", "metadata": NAMED}, status=code, answer=answer)
    with pytest.raises(ApiError, match=sentence) as caught:
        Cluster(OPTIONS).apply({"apiVersion": "v1", "kind": "Secret", "metadata": NAMED})
    assert "\n" not in caught.value.message


NAMED = {"name": "shop-db", "namespace": "cdc"}


def test_kinds_that_the_collection_uses_are_not_looked_up(clock: t.Any) -> None:
    cluster = Cluster(OPTIONS, object(), clock)
    assert cluster.path("v1", "Secret", "cdc", "shop-db") == SECRET
    assert cluster.path("v1", "Namespace", None, "cdc") == "/api/v1/namespaces/cdc"
    assert cluster.path("apps/v1", "Deployment", "cdc", None) == "/apis/apps/v1/namespaces/cdc/deployments"
    assert cluster.path("storage.k8s.io/v1", "StorageClass", None, "ssd") == "/apis/storage.k8s.io/v1/storageclasses/ssd"


def test_a_kind_that_the_cluster_does_not_have(api: FakeApi) -> None:
    with pytest.raises(InvalidInput, match="no kind Cake in v1"):
        Cluster(OPTIONS).read("v1", "Cake", "cdc", "x")


def test_a_missing_group_is_a_missing_kind(api: FakeApi) -> None:
    api.expect("GET", "/apis/bakery.example.com/v1", status=404, answer="404 page not found")
    with pytest.raises(InvalidInput, match="no kind Cake in bakery.example.com/v1"):
        Cluster(OPTIONS).read("bakery.example.com/v1", "Cake", "cdc", "x")


def test_a_secret_is_read_as_bytes(api: FakeApi) -> None:
    api.expect("GET", SECRET, answer={"data": {"key.json": base64.b64encode(b"\x00\xff").decode()}})
    assert SecretStore(Cluster(OPTIONS)).read("cdc", "shop-db") == {"key.json": b"\x00\xff"}


def test_a_missing_secret_is_none_and_an_empty_one_is_not(api: FakeApi) -> None:
    api.expect("GET", SECRET, status=404, answer=MISSING).expect("GET", SECRET, answer={"kind": "Secret"})
    store = SecretStore(Cluster(OPTIONS))
    assert store.read("cdc", "shop-db") is None
    assert store.read("cdc", "shop-db") == {}


def test_a_secret_is_written_by_apply(api: FakeApi) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {**NAMED, "labels": {"app": "debezium"}, "annotations": {}},
        "data": {"key.json": "AP8="},
    }
    api.expect("PATCH", SECRET, query={**APPLY, "force": "true"}, body=body)
    SecretStore(Cluster(OPTIONS)).write("cdc", "shop-db", {"key.json": b"\x00\xff"}, {"app": "debezium"}, {})
