# SPDX-License-Identifier: GPL-3.0-or-later
"""One object: how few requests an unchanged one costs, and what a person may read of a Secret."""

from __future__ import annotations

import base64
import typing as t

from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.cluster import Cluster
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.object import KubernetesObject
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import diff, reconcile
from kubernetes_answers import DRY_RUN, OPTIONS, FakeApi

SECRET = "/api/v1/namespaces/cdc/secrets/shop"


def manifest(properties: str, password: str = "sesame") -> dict[str, t.Any]:
    data = {key: base64.b64encode(text.encode()).decode() for key, text in (("app.properties", properties), ("password", password))}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop", "namespace": "cdc"}, "data": data}


def applied(wanted: dict[str, t.Any]) -> dict[str, t.Any]:
    fields = {"f:data": {f"f:{key}": {} for key in wanted["data"]}}
    entry = {"manager": "cdc.gcp", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields}
    return {**wanted, "type": "Opaque", "metadata": {**wanted["metadata"], "uid": "1", "managedFields": [entry]}}


def lines(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def test_an_unchanged_object_costs_one_request(api: FakeApi) -> None:
    wanted = manifest("a=1")
    api.expect("GET", SECRET, answer=applied(wanted))
    outcome = reconcile(KubernetesObject(Cluster(OPTIONS), wanted), check_mode=False)
    assert not outcome.changed
    assert outcome.facts["sha256"]


def test_a_changed_one_is_tried_by_the_server(api: FakeApi) -> None:
    wanted = manifest("a=2")
    api.expect("GET", SECRET, answer=applied(manifest("a=1"))).expect("PATCH", SECRET, query=DRY_RUN, body=wanted, answer=applied(wanted))
    assert reconcile(KubernetesObject(Cluster(OPTIONS), wanted), check_mode=True).changed


NAMESPACE = "/api/v1/namespaces/prod"


def test_an_object_that_is_only_made_is_left_alone_once_it_is_there(api: FakeApi) -> None:
    wanted = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prod", "labels": {"enforce": "restricted"}}}
    api.expect("GET", NAMESPACE, answer={**wanted, "metadata": {"name": "prod", "labels": {"team": "data"}}})
    assert not reconcile(KubernetesObject(Cluster(OPTIONS), wanted, keep_existing=True), check_mode=False).changed


def test_an_object_that_is_only_made_is_made(api: FakeApi) -> None:
    wanted = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prod", "labels": {"enforce": "restricted"}}}
    api.expect("GET", NAMESPACE, status=404).expect("PATCH", NAMESPACE, query=DRY_RUN, body=wanted, answer=wanted)
    outcome = reconcile(KubernetesObject(Cluster(OPTIONS), wanted, keep_existing=True), check_mode=True)
    assert (outcome.plan.before, (outcome.plan.after or {})["metadata"]["labels"]) == (None, {"enforce": "restricted"})


def test_a_readable_key_shows_what_changes_in_it_and_no_other(api: FakeApi) -> None:
    wanted = manifest("a=1\nb=3")
    api.expect("GET", SECRET, answer=applied(manifest("a=1\nb=2")))
    api.expect("PATCH", SECRET, query=DRY_RUN, body=wanted, answer=applied(wanted))
    secret = KubernetesObject(Cluster(OPTIONS), wanted, readable={"app.properties": lines})
    shown = diff(secret.title, reconcile(secret, check_mode=True).plan)
    assert shown["before"]["data"] == {"app.properties": {"a": "1", "b": "2"}, "password": "(hidden)"}
    assert shown["after"]["data"] == {"app.properties": {"a": "1", "b": "3"}, "password": "(hidden)"}


def test_a_change_that_does_not_show_is_still_one(api: FakeApi) -> None:
    wanted = manifest("# new\na=1")
    api.expect("GET", SECRET, answer=applied(manifest("# old\na=1")))
    api.expect("PATCH", SECRET, query=DRY_RUN, body=wanted, answer=applied(wanted))
    assert reconcile(KubernetesObject(Cluster(OPTIONS), wanted, readable={"app.properties": lines}), check_mode=True).changed


def test_what_is_no_text_stays_hidden(api: FakeApi) -> None:
    wanted = {**manifest(""), "data": {"app.properties": base64.b64encode(b"\xff").decode()}}
    api.expect("GET", SECRET, answer=applied(wanted))
    secret = KubernetesObject(Cluster(OPTIONS), wanted, readable={"app.properties": lines})
    assert diff(secret.title, reconcile(secret, check_mode=True).plan)["before"]["data"] == {"app.properties": "(hidden)"}
