# SPDX-License-Identifier: GPL-3.0-or-later
"""kubernetes_object: every request of a run, and what a person sees of it."""

from __future__ import annotations

import typing as t
from types import SimpleNamespace

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.object import masked_by_type
from ansible_collections.cdc.gcp.plugins.modules import kubernetes_object
from kubernetes_answers import APPLY, CONFLICT, DRY_RUN, FORBIDDEN, HOST, MISSING, NO_NAMESPACE, FakeApi, installed, status

SECRET = "/api/v1/namespaces/cdc/secrets/shop-db"
CLAIM = "/api/v1/namespaces/cdc/persistentvolumeclaims/offsets"
DEFINITION: dict[str, t.Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop-db", "namespace": "cdc"}}
BODY = {**DEFINITION, "data": {"user": "Y2Rj", "password": "c2VzYW1l"}}
LIVE = {**BODY, "type": "Opaque", "metadata": {**DEFINITION["metadata"], "uid": "1", "resourceVersion": "7", "creationTimestamp": "t"}}
GIVEN = {"host": HOST, "definition": DEFINITION, "secret_data": {"user": "cdc", "password": "sesame"}}
CLAIM_GIVEN = {
    "host": HOST,
    "definition": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "offsets", "namespace": "cdc"}},
}
# sha256sum(1) of {"password":"<sum of sesame>","user":"<sum of cdc>"}, made by hand.
SUM = "c1eb91fb7dde70e712c277b5218573050b90845859d17e2203115479904064f8"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, clock: t.Any) -> t.Iterator[FakeApi]:
    yield from installed(monkeypatch, clock)


def test_creates_a_secret_and_never_shows_it(api: FakeApi, run_module: t.Any) -> None:
    api.expect("GET", SECRET, status=404, answer=MISSING).expect("PATCH", SECRET, query=DRY_RUN, body=BODY, answer=LIVE)
    api.expect("PATCH", SECRET, query=APPLY, body=BODY, answer=LIVE)
    api.expect("GET", SECRET, answer=LIVE).expect("PATCH", SECRET, query=DRY_RUN, body=BODY, answer=LIVE)
    result = run_module(kubernetes_object, **GIVEN)
    assert result["changed"]
    assert result["actions"] == ["create Secret cdc/shop-db"]
    assert result["sha256"] == SUM
    assert result["diff"]["before"] == {}
    assert result["diff"]["after"]["data"] == {"user": "(hidden)", "password": "(hidden)"}
    assert "sesame" not in str(result)
    assert "c2VzYW1l" not in str(result)


def test_a_second_run_applies_nothing(api: FakeApi, run_module: t.Any) -> None:
    api.expect("GET", SECRET, answer=LIVE)
    dry_run = {**LIVE, "metadata": {**LIVE["metadata"], "managedFields": [{"manager": "cdc.gcp"}], "generation": 2}}
    api.expect("PATCH", SECRET, query=DRY_RUN, body=BODY, answer=dry_run)
    result = run_module(kubernetes_object, **GIVEN)
    assert not result["changed"]
    assert result["sha256"] == SUM
    assert result["diff"]["before"] == result["diff"]["after"]


def test_check_mode_tells_the_sum_that_will_be(api: FakeApi, run_module: t.Any) -> None:
    old = {**LIVE, "data": {"user": "Y2Rj", "password": "b2xk"}}
    api.expect("GET", SECRET, answer=old).expect("PATCH", SECRET, query=DRY_RUN, body=BODY, answer=LIVE)
    result = run_module(kubernetes_object, check=True, **GIVEN)
    assert result["actions"] == ["update Secret cdc/shop-db"]
    assert result["sha256"] == SUM
    assert result["diff"]["after"]["data"] == {"user": "(hidden)", "password": "(hidden, changes)"}


def test_check_mode_before_the_namespace_exists(api: FakeApi, run_module: t.Any) -> None:
    api.expect("GET", SECRET, status=404, answer=MISSING)
    api.expect("PATCH", SECRET, query=DRY_RUN, body=BODY, status=404, answer=NO_NAMESPACE)
    result = run_module(kubernetes_object, check=True, **GIVEN)
    assert result["actions"] == ["create Secret cdc/shop-db"]
    assert result["sha256"] == SUM
    assert result["live_annotations"] is None


def test_check_mode_tells_the_annotations_that_are_there(api: FakeApi, run_module: t.Any) -> None:
    shown, hidden = {"cdc.gcp/stream": "old"}, {"kubectl.kubernetes.io/last-applied-configuration": "shows the data"}
    live = {**LIVE, "metadata": {**LIVE["metadata"], "annotations": {**shown, **hidden}}}
    after = {**LIVE, "metadata": {**LIVE["metadata"], "annotations": {"cdc.gcp/stream": "new"}}}
    api.expect("GET", SECRET, answer=live).expect("PATCH", SECRET, query=DRY_RUN, body=BODY, answer=after)
    assert run_module(kubernetes_object, check=True, **GIVEN)["live_annotations"] == shown


def test_fields_of_others_are_named_and_kept(api: FakeApi, run_module: t.Any) -> None:
    api.expect("GET", SECRET, answer=LIVE).expect("PATCH", SECRET, query=DRY_RUN, body=BODY, status=409, answer=CONFLICT)
    result = run_module(kubernetes_object, **GIVEN)
    assert result["failed"]
    assert '.data.a: conflict with "kubectl"' in result["msg"]
    assert "force_conflicts=true" in result["msg"]
    assert result["http_status"] == 409


def test_force_conflicts_takes_them_over(api: FakeApi, run_module: t.Any) -> None:
    forced = {"force": "true"}
    api.expect("GET", SECRET, status=404, answer=MISSING)
    api.expect("PATCH", SECRET, query={**DRY_RUN, **forced}, body=BODY, answer=LIVE)
    api.expect("PATCH", SECRET, query={**APPLY, **forced}, body=BODY, answer=LIVE)
    api.expect("GET", SECRET, answer=LIVE).expect("PATCH", SECRET, query={**DRY_RUN, **forced}, body=BODY, answer=LIVE)
    assert run_module(kubernetes_object, force_conflicts=True, **GIVEN)["changed"]


def test_403_is_no_absence(api: FakeApi, run_module: t.Any) -> None:
    api.expect("GET", SECRET, status=403, answer=FORBIDDEN)
    result = run_module(kubernetes_object, **GIVEN)
    assert result["failed"]
    assert 'cannot get resource "secrets"' in result["msg"]


def test_a_deletion_is_waited_for(api: FakeApi, run_module: t.Any, clock: t.Any) -> None:
    api.expect("GET", SECRET, answer=LIVE)
    api.expect("DELETE", SECRET, body={"propagationPolicy": "Foreground"})
    api.expect("GET", SECRET, answer=LIVE).expect("GET", SECRET, status=404, answer=MISSING)
    api.expect("GET", SECRET, status=404, answer=MISSING)
    result = run_module(kubernetes_object, state="absent", host=HOST, definition=DEFINITION)
    assert result["actions"] == ["delete Secret cdc/shop-db"]
    assert result["diff"]["after"] == {}
    assert result["sha256"] is None
    assert len(clock.slept) == 1


def test_a_deletion_that_takes_too_long_says_so(api: FakeApi, run_module: t.Any) -> None:
    api.expect("GET", SECRET, answer=LIVE).expect("DELETE", SECRET, body={"propagationPolicy": "Foreground"})
    api.expect("GET", SECRET, answer=LIVE)
    result = run_module(kubernetes_object, state="absent", host=HOST, definition=DEFINITION, wait_timeout=0)
    assert "Waited 0 s for Secret cdc/shop-db to be deleted" in result["msg"]


def test_absent_twice_and_lost_races_are_fine(api: FakeApi, run_module: t.Any) -> None:
    api.expect("GET", SECRET, status=404, answer=MISSING)
    assert not run_module(kubernetes_object, state="absent", host=HOST, definition=DEFINITION)["changed"]
    api.expect("GET", SECRET, answer=LIVE)
    api.expect("DELETE", SECRET, body={"propagationPolicy": "Foreground"}, status=404, answer=MISSING)
    api.expect("GET", SECRET, status=404, answer=MISSING).expect("GET", SECRET, status=404, answer=MISSING)
    assert run_module(kubernetes_object, state="absent", host=HOST, definition=DEFINITION)["changed"]


def test_what_holds_data_is_deleted_only_when_meant(api: FakeApi, run_module: t.Any) -> None:
    live = {**CLAIM_GIVEN["definition"], "spec": {}}  # type: ignore[dict-item]
    api.expect("GET", CLAIM, answer=live)
    result = run_module(kubernetes_object, state="absent", check=True, **CLAIM_GIVEN)
    assert "delete_data=true" in result["msg"]
    api.expect("GET", CLAIM, answer=live)
    assert run_module(kubernetes_object, state="absent", check=True, delete_data=True, **CLAIM_GIVEN)["changed"]


def test_an_immutable_field_is_named(api: FakeApi, run_module: t.Any) -> None:
    refused = status(422, "Invalid", "spec is immutable", [{"field": "spec", "message": "Forbidden: spec is immutable after creation"}])
    wanted = {**CLAIM_GIVEN["definition"], "spec": {"storageClassName": "ssd"}}  # type: ignore[dict-item]
    api.expect("GET", CLAIM, answer=CLAIM_GIVEN["definition"])
    api.expect("PATCH", CLAIM, query=DRY_RUN, body=wanted, status=422, answer=refused)
    result = run_module(kubernetes_object, **{**CLAIM_GIVEN, "definition": wanted})
    assert "spec: Forbidden: spec is immutable after creation. The field cannot change" in result["msg"]


def test_values_are_masked_by_type_and_not_wherever_their_text_occurs() -> None:
    module = SimpleNamespace(
        argument_spec={"secret_data": {"no_log": True}, "api_key": {"no_log": True}},
        params={"secret_data": {"user": "c1", "password": "sesame", "same": "token"}, "api_key": "token"},
        no_log_values={"c1", "sesame", "token"},
    )
    params = masked_by_type(module)
    assert params["secret_data"] == {"user": "c1", "password": "sesame", "same": "token"}
    assert set(module.params["secret_data"].values()) == {"(hidden)"}, "what Ansible shows as invocation"
    assert module.no_log_values == {"token"}, "or c1 would be replaced in the checksum; what another option hides stays hidden"


def test_no_cluster_is_guessed(run_module: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("K8S_AUTH_KUBECONFIG", "K8S_AUTH_HOST", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    assert "Name the cluster" in run_module(kubernetes_object, definition=DEFINITION)["msg"]
