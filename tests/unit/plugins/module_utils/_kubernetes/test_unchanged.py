# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof that an apply changes nothing: given only when it is one."""

from __future__ import annotations

import copy
import json
import pathlib
import typing as t

import pytest
import yaml
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.unchanged import applied_unchanged

SECRET: dict[str, t.Any] = {
    "apiVersion": "v1",
    "kind": "Secret",
    "type": "Opaque",
    "metadata": {"name": "shop-db", "namespace": "cdc", "labels": {"app": "debezium", "team": "data"}},
    "data": {"user": "Y2Rj", "password": "c2VzYW1l"},
}
SECRET_FIELDS: dict[str, t.Any] = {
    "f:metadata": {"f:labels": {"f:app": {}, "f:team": {}}},
    "f:type": {},
    "f:data": {"f:user": {}, "f:password": {}},
}

CONTAINER: dict[str, t.Any] = {
    "name": "server",
    "image": "debezium:3.6.3",
    "command": ["sh", "-c", "true"],
    "ports": [{"containerPort": 8080, "name": "http"}, {"containerPort": 9090, "protocol": "UDP"}],
    "env": [
        {"name": "OTEL_ENABLED", "value": "false"},
        {"name": "PG_USER", "valueFrom": {"secretKeyRef": {"name": "shop-db", "key": "user"}}},
    ],
    "resources": {"limits": {"memory": "1Gi"}},
    "securityContext": {"readOnlyRootFilesystem": True},
}
DEPLOYMENT: dict[str, t.Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "shop", "namespace": "cdc", "finalizers": ["a/b", "c/d"]},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "debezium"}},
        "template": {
            "metadata": {"labels": {"app": "debezium"}},
            "spec": {"containers": [CONTAINER], "volumes": [{"name": "tmp", "emptyDir": {}}]},
        },
    },
}
CONTAINER_FIELDS: dict[str, t.Any] = {
    ".": {},
    "f:name": {},
    "f:image": {},
    "f:command": {},
    "f:ports": {
        'k:{"containerPort":8080,"protocol":"TCP"}': {".": {}, "f:containerPort": {}, "f:name": {}},
        'k:{"containerPort":9090,"protocol":"UDP"}': {".": {}, "f:containerPort": {}, "f:protocol": {}},
    },
    "f:env": {
        'k:{"name":"OTEL_ENABLED"}': {".": {}, "f:name": {}, "f:value": {}},
        'k:{"name":"PG_USER"}': {".": {}, "f:name": {}, "f:valueFrom": {"f:secretKeyRef": {}}},
    },
    "f:resources": {"f:limits": {"f:memory": {}}},
    "f:securityContext": {"f:readOnlyRootFilesystem": {}},
}
DEPLOYMENT_FIELDS: dict[str, t.Any] = {
    "f:metadata": {"f:finalizers": {'v:"a/b"': {}, 'v:"c/d"': {}}},
    "f:spec": {
        "f:replicas": {},
        "f:selector": {},
        "f:template": {
            "f:metadata": {"f:labels": {"f:app": {}}},
            "f:spec": {
                "f:containers": {'k:{"name":"server"}': CONTAINER_FIELDS},
                "f:volumes": {'k:{"name":"tmp"}': {".": {}, "f:name": {}, "f:emptyDir": {}}},
            },
        },
    },
}


def managed(fields: t.Any, **changed: t.Any) -> dict[str, t.Any]:
    entry = {"manager": "cdc.gcp", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields}
    return {**entry, **changed}


def as_applied(manifest: dict[str, t.Any], fields: dict[str, t.Any]) -> dict[str, t.Any]:
    """`manifest` as the server has it after our apply, with what the server and others add."""
    live = copy.deepcopy(manifest)
    others = {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1"}
    status = managed({"f:status": {}}, subresource="status")
    live["metadata"].update(
        uid="1",
        resourceVersion="7",
        managedFields=[managed(copy.deepcopy(fields), apiVersion=manifest["apiVersion"]), {**others, "fieldsV1": {}}, status],
    )
    return live


def secret() -> dict[str, t.Any]:
    return as_applied(SECRET, SECRET_FIELDS)


def deployment() -> dict[str, t.Any]:
    live = as_applied(DEPLOYMENT, DEPLOYMENT_FIELDS)
    live["spec"]["progressDeadlineSeconds"] = 600
    container = live["spec"]["template"]["spec"]["containers"][0]
    container["ports"][0]["protocol"] = "TCP"
    container["terminationMessagePath"] = "/dev/termination-log"
    container["resources"]["requests"] = {"memory": "1Gi"}
    return live


def container(tree: dict[str, t.Any]) -> dict[str, t.Any]:
    found: dict[str, t.Any] = tree["spec"]["template"]["spec"]["containers"][0]
    return found


def owned(live: dict[str, t.Any]) -> dict[str, t.Any]:
    found: dict[str, t.Any] = live["metadata"]["managedFields"][0]["fieldsV1"]
    return found


def owned_container(live: dict[str, t.Any]) -> dict[str, t.Any]:
    found: dict[str, t.Any] = owned(live)["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"server"}']
    return found


def test_what_was_applied_is_unchanged() -> None:
    assert applied_unchanged(secret(), SECRET)
    assert applied_unchanged(deployment(), DEPLOYMENT)


def test_a_bare_object_is_unchanged() -> None:
    bare = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cdc"}}
    live = as_applied(bare, {})
    del live["metadata"]["managedFields"][0]
    assert applied_unchanged(live, bare)
    assert not applied_unchanged(live, {**bare, "metadata": {"name": "cdc", "labels": {"a": "b"}}})
    assert not applied_unchanged(as_applied(bare, {"f:metadata": {"f:labels": {"f:a": {}}}}), bare)


def test_what_others_add_is_theirs() -> None:
    live = secret()
    live["metadata"]["labels"]["cost-center"] = "7"
    live["data"]["theirs"] = "eA=="
    assert applied_unchanged(live, SECRET)


WANTED_CHANGES: dict[str, t.Callable[[dict[str, t.Any]], t.Any]] = {
    "a value": lambda wanted: wanted["data"].update(user="eA=="),
    "a new key": lambda wanted: wanted["data"].update(more="eA=="),
    "a key less": lambda wanted: wanted["data"].pop("user"),
    "no data": lambda wanted: wanted.pop("data"),
    "empty data": lambda wanted: wanted.update(data={}),
    "a label less": lambda wanted: wanted["metadata"]["labels"].pop("team"),
    "no labels": lambda wanted: wanted["metadata"].pop("labels"),
    "an empty map of labels": lambda wanted: wanted["metadata"].update(labels={}),
    "a label more": lambda wanted: wanted["metadata"]["labels"].update(tier="1"),
    "annotations": lambda wanted: wanted["metadata"].update(annotations={"a": "b"}),
    "empty annotations": lambda wanted: wanted["metadata"].update(annotations={}),
    "another type": lambda wanted: wanted.update(type="kubernetes.io/tls"),
    "a null": lambda wanted: wanted.update(type=None),
    "a new field": lambda wanted: wanted.update(immutable=True),
    "stringData": lambda wanted: wanted.update(stringData={"user": "cdc"}),
    "a uid": lambda wanted: wanted["metadata"].update(uid="1"),
    "another name": lambda wanted: wanted["metadata"].update(name="other"),
    "another namespace": lambda wanted: wanted["metadata"].update(namespace="other"),
    "another kind": lambda wanted: wanted.update(kind="ConfigMap"),
}


@pytest.mark.parametrize("change", WANTED_CHANGES.values(), ids=WANTED_CHANGES)
def test_another_wish_for_a_secret_is_a_change(change: t.Callable[[t.Any], t.Any]) -> None:
    wanted = copy.deepcopy(SECRET)
    change(wanted)
    assert not applied_unchanged(secret(), wanted)


LIVE_CHANGES: dict[str, t.Callable[[dict[str, t.Any]], t.Any]] = {
    "a value": lambda live: live["data"].update(user="eA=="),
    "a key less": lambda live: live["data"].pop("user"),
    "no data": lambda live: live.pop("data"),
    "a label less": lambda live: live["metadata"]["labels"].pop("team"),
    "another manager took a field": lambda live: owned(live)["f:data"].pop("f:user"),
    "another manager took all": lambda live: live["metadata"]["managedFields"].pop(0),
    "we own a key that is not wanted": lambda live: owned(live)["f:data"].update({"f:old": {}}),
    "we own annotations": lambda live: owned(live)["f:metadata"].update({"f:annotations": {"f:a": {}}}),
    "nothing is managed": lambda live: live["metadata"].pop("managedFields"),
    "another manager": lambda live: live["metadata"]["managedFields"][0].update(manager="kubectl"),
    "an update": lambda live: live["metadata"]["managedFields"][0].update(operation="Update"),
    "another version": lambda live: live["metadata"]["managedFields"][0].update(apiVersion="v2"),
    "another format": lambda live: live["metadata"]["managedFields"][0].update(fieldsType="FieldsV2"),
    "two entries": lambda live: live["metadata"]["managedFields"].append(managed(SECRET_FIELDS)),
    "no fields": lambda live: live["metadata"]["managedFields"][0].pop("fieldsV1"),
    "something unknown": lambda live: owned(live)["f:data"].update({"x:user": {}}),
    "an index": lambda live: owned(live).update({"f:data": {"i:0": {}}}),
    "being deleted": lambda live: live["metadata"].update(deletionTimestamp="t"),
}


@pytest.mark.parametrize("change", LIVE_CHANGES.values(), ids=LIVE_CHANGES)
def test_another_secret_on_the_server_is_a_change(change: t.Callable[[t.Any], t.Any]) -> None:
    live = secret()
    change(live)
    assert not applied_unchanged(live, SECRET)


DEPLOYMENT_WISHES: dict[str, t.Callable[[dict[str, t.Any]], t.Any]] = {
    "another image": lambda wanted: container(wanted).update(image="debezium:3.7"),
    "another name of the container": lambda wanted: container(wanted).update(name="other"),
    "a container more": lambda wanted: wanted["spec"]["template"]["spec"]["containers"].append({"name": "more", "image": "x:1"}),
    "no volumes": lambda wanted: wanted["spec"]["template"]["spec"].pop("volumes"),
    "an empty list of volumes": lambda wanted: wanted["spec"]["template"]["spec"].update(volumes=[]),
    "another volume": lambda wanted: wanted["spec"]["template"]["spec"]["volumes"][0].update(name="data"),
    "the volume of another kind": lambda wanted: wanted["spec"]["template"]["spec"].update(
        volumes=[{"name": "tmp", "secret": {"secretName": "x"}}]
    ),
    "a limit of the volume": lambda wanted: wanted["spec"]["template"]["spec"]["volumes"][0].update(emptyDir={"sizeLimit": "1Gi"}),
    "a variable less": lambda wanted: container(wanted)["env"].pop(),
    "a variable more": lambda wanted: container(wanted)["env"].append({"name": "X", "value": "1"}),
    "a variable twice": lambda wanted: container(wanted)["env"].append({"name": "OTEL_ENABLED", "value": "false"}),
    "another order": lambda wanted: container(wanted)["env"].reverse(),
    "a variable from another key": lambda wanted: container(wanted)["env"][1]["valueFrom"]["secretKeyRef"].update(key="name"),
    "a variable with a value": lambda wanted: container(wanted)["env"].__setitem__(1, {"name": "PG_USER", "value": "cdc"}),
    "another word of the command": lambda wanted: container(wanted)["command"].__setitem__(2, "false"),
    "a word less": lambda wanted: container(wanted)["command"].pop(),
    "a port of another protocol": lambda wanted: container(wanted)["ports"][0].update(protocol="UDP"),
    "a protocol said": lambda wanted: container(wanted)["ports"][0].update(protocol="TCP"),
    "a protocol no longer said": lambda wanted: container(wanted)["ports"][1].pop("protocol"),
    "a number as text": lambda wanted: wanted["spec"].update(replicas="1"),
    "a boolean as number": lambda wanted: wanted["spec"].update(replicas=True),
    "no replicas": lambda wanted: wanted["spec"].pop("replicas"),
    "a quantity in other words": lambda wanted: container(wanted)["resources"]["limits"].update(memory="1024Mi"),
    "a request": lambda wanted: container(wanted)["resources"].update(requests={"memory": "1Gi"}),
    "another selector": lambda wanted: wanted["spec"]["selector"]["matchLabels"].update(app="x"),
    "a finalizer less": lambda wanted: wanted["metadata"]["finalizers"].pop(),
    "a finalizer more": lambda wanted: wanted["metadata"]["finalizers"].append("e/f"),
    "another finalizer": lambda wanted: wanted["metadata"].update(finalizers=["a/b", "e/f"]),
}


@pytest.mark.parametrize("change", DEPLOYMENT_WISHES.values(), ids=DEPLOYMENT_WISHES)
def test_another_wish_for_a_deployment_is_a_change(change: t.Callable[[t.Any], t.Any]) -> None:
    wanted = copy.deepcopy(DEPLOYMENT)
    change(wanted)
    assert not applied_unchanged(deployment(), wanted)


LIVE_DEPLOYMENTS: dict[str, t.Callable[[dict[str, t.Any]], t.Any]] = {
    "another image": lambda live: container(live).update(image="debezium:3.7"),
    "a variable less": lambda live: container(live)["env"].pop(),
    "a variable of somebody else": lambda live: container(live)["env"].insert(0, {"name": "X", "value": "1"}),
    "another order": lambda live: container(live)["env"].reverse(),
    "a finalizer of somebody else": lambda live: live["metadata"]["finalizers"].append("e/f"),
    "the image is another manager's": lambda live: owned_container(live).pop("f:image"),
    "a variable is another manager's": lambda live: owned_container(live)["f:env"].pop('k:{"name":"PG_USER"}'),
    "we own a variable that is not wanted": lambda live: owned_container(live)["f:env"].update({'k:{"name":"OLD"}': {"f:name": {}}}),
    "we own a setting that is not wanted": lambda live: owned_container(live).update({"f:imagePullPolicy": {}}),
    "a key that is no JSON": lambda live: owned_container(live).update({"f:env": {"k:x": {}, "k:y": {}}}),
    "a key that is no map": lambda live: owned_container(live).update({"f:env": {"k:1": {}, "k:2": {}}}),
    "mixed ways": lambda live: owned_container(live)["f:env"].update({"f:x": {}}),
    "no container": lambda live: live["spec"]["template"]["spec"].update(containers=None),
}


@pytest.mark.parametrize("change", LIVE_DEPLOYMENTS.values(), ids=LIVE_DEPLOYMENTS)
def test_another_deployment_on_the_server_is_a_change(change: t.Callable[[t.Any], t.Any]) -> None:
    live = deployment()
    change(live)
    assert not applied_unchanged(live, DEPLOYMENT)


def test_nothing_is_written_into_either() -> None:
    live, wanted = deployment(), copy.deepcopy(DEPLOYMENT)
    applied_unchanged(live, wanted)
    assert (live, wanted) == (deployment(), DEPLOYMENT)


ANSWERS = pathlib.Path(__file__).parent / "answers"
GOLDEN = pathlib.Path(__file__).parents[1] / "_debezium" / "golden"


@pytest.mark.parametrize("case", ["key_jdbc_trust_store", "volume_workload_identity"])
def test_the_whole_deployment_as_a_real_server_answered_is_proven_unchanged(case: str) -> None:
    """The answers are those of a Kubernetes 1.36 API server after an apply of the golden manifests."""
    live = json.loads((ANSWERS / f"{case}.json").read_text())
    wanted = yaml.safe_load((GOLDEN / f"{case}.yaml").read_text())
    assert applied_unchanged(live, wanted)
    wanted["spec"]["template"]["metadata"]["annotations"]["cdc.gcp/checksum"] = "0"
    assert not applied_unchanged(live, wanted)
