# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway to a cluster: what it repeats, and what it says when it is refused."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
import urllib3.exceptions
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.cluster import Cluster
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.errors import ApiError
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.login import LoginError
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput, ReconcileError
from kubernetes_answers import APPLY, FORBIDDEN, HOST, NO_NAMESPACE, OPTIONS, FakeApi, status

SECRET = "/api/v1/namespaces/cdc/secrets/shop-db"


def read(cluster: Cluster | None = None) -> t.Any:
    return (cluster or Cluster(OPTIONS)).read("v1", "Secret", "cdc", "shop-db")


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
            r"does not match its kind: \.dta: field not declared in schema\.$",
        ),
        (404, NO_NAMESPACE, 'namespaces "cdc" not found. Create the namespace first'),
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
