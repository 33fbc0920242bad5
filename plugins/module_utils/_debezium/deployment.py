# SPDX-License-Identifier: GPL-3.0-or-later
"""The Deployment of Debezium Server: one pod that streams.  PRIVATE to the collection.  Pure functions.

Never two pods at a time: a replication slot has one reader, and a second pod would wait for it and look healthy.  Hence one
replica, strategy Recreate, and a former pod that is gone before the next one starts.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .._reconcile.digest import digest
from .._reconcile.errors import InvalidInput
from .._reconcile.merge import overlay, without_none
from . import precedence
from .version import image_version, release
from .volumes import DATA_DIRECTORY, Json, Params, mounts, variables

USER_ID = 185
"""User "jboss" of the public image; a number, because the kubelet cannot check a name against runAsNonRoot."""

HTTP_PORT = 8080
"""quarkus.http.port: health and REST."""

CHECKSUM = "cdc.gcp/checksum"
"""Annotation of the pod template: a SHA-256 over all that the pod reads, so that a change of it rolls out."""

PROBES: dict[str, Json] = {
    # On 3.6 live means that the task has started.  600 s, more than task.management.timeout.ms (180 s): the engine's own error is what
    # one sees, not a kill.  Asked often, since nothing else is probed before it passes: with 10 s a pod that streams after 4 s is ready
    # after 11.
    "startup_probe": {"httpGet": {"path": "/q/health/live", "port": "http"}, "periodSeconds": 2, "failureThreshold": 300},
    "liveness_probe": {
        "httpGet": {"path": "/q/health/live", "port": "http"},
        "periodSeconds": 10,
        "timeoutSeconds": 5,
        "failureThreshold": 6,
    },
    # /q/health on 3.6 is liveness and readiness together; ready alone is always UP there.
    "readiness_probe": {"httpGet": {"path": "/q/health", "port": "http"}, "periodSeconds": 10, "timeoutSeconds": 5},
}

READY_SINCE_3_7: Json = {"httpGet": {"path": "/q/health/ready", "port": "http"}, "periodSeconds": 2, "timeoutSeconds": 5}
"""Readiness of 3.7 and newer: the server polls (debezium-server#302).  Live is UP there from the first moment on, so the startup probe
passes at once, and this one is what a rollout waits for; hence it is asked as often."""

OWN_VARIABLES = frozenset({"PG_USER", "PG_PASSWORD", "DEBEZIUM_OPTS", "JMX_EXPORTER_PORT", "GOOGLE_APPLICATION_CREDENTIALS"})
"""Variables that options make; `environment` must not name them."""


def deployment(params: Params) -> Json:
    """The Deployment for the options of debezium_server.  Raises InvalidInput for options that contradict each other."""
    check(params)
    selector = {"parent": params["parent"] or params["name"], "app": "debezium"}
    labels = {**params["labels"], **_recommended_labels(selector["parent"], params["image"]), **selector}
    checksum = pod_checksum(params["checksums"])
    annotations = {**params["pod_annotations"], **({CHECKSUM: checksum} if checksum else {})}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": without_empty(
            {
                "name": params["name"],
                "namespace": params["namespace"],
                "labels": labels,
                "annotations": dict(params["annotations"]),
            }
        ),
        "spec": {
            "replicas": 0 if params["state"] == "stopped" else 1,
            "revisionHistoryLimit": 3,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": selector},
            "template": {"metadata": without_empty({"labels": labels, "annotations": annotations}), "spec": _pod(params)},
        },
    }


def pod_checksum(checksums: Mapping[str, str]) -> str | None:
    """One SHA-256, as hex, over named checksums, the same in any order; None when there are none."""
    return digest(checksums) if checksums else None


def without_empty(value: Mapping[str, t.Any]) -> Json:
    """`value` without the keys that say nothing: None, empty maps and empty lists."""
    return {key: item for key, item in value.items() if item not in (None, {}, [])}


def _pod(params: Params) -> Json:
    volumes = [item.volume for item in mounts(params)]
    return without_empty(
        {
            "serviceAccountName": params["service_account_name"],
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": params["termination_grace_period_seconds"],
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER_ID,
                "runAsGroup": USER_ID,
                "fsGroup": USER_ID,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "imagePullSecrets": [{"name": name} for name in params["image_pull_secrets"]],
            "initContainers": [_writability_check(params)] if params["offsets_claim"] else [],
            "containers": [_server(params)],
            "volumes": [*volumes, *params["extra_volumes"]],
            "hostAliases": [{"ip": item["ip"], "hostnames": list(item["hostnames"])} for item in params["host_aliases"]],
            "nodeSelector": dict(params["node_selector"]),
            "tolerations": list(params["tolerations"]),
            "affinity": dict(params["affinity"]),
            "priorityClassName": params["priority_class_name"],
        }
    )


def _server(params: Params) -> Json:
    ports = [{"name": "http", "containerPort": HTTP_PORT, "protocol": "TCP"}]
    if params["metrics_port"]:
        ports.append({"name": "metrics", "containerPort": params["metrics_port"], "protocol": "TCP"})
    return without_empty(
        {
            "name": "server",
            "image": params["image"],
            "imagePullPolicy": params["image_pull_policy"],
            "ports": ports,
            "env": variables(params),
            "resources": dict(params["resources"]),
            "startupProbe": _probe("startup_probe", params),
            "livenessProbe": _probe("liveness_probe", params),
            "readinessProbe": _probe("readiness_probe", params),
            "securityContext": _confined(),
            "volumeMounts": [*(item.mount for item in mounts(params)), *params["extra_volume_mounts"]],
        }
    )


def _writability_check(params: Params) -> Json:
    """Debezium only warns when it cannot write its offsets, and starts over at the next restart; this fails instead."""
    script = f"touch {DATA_DIRECTORY}/.writable && rm {DATA_DIRECTORY}/.writable"
    return without_empty(
        {
            "name": "check-offsets-writable",
            "image": params["image"],
            "imagePullPolicy": params["image_pull_policy"],
            "command": ["sh", "-c", script],
            "resources": dict(params["resources"]),
            "securityContext": _confined(),
            "volumeMounts": [{"name": "data", "mountPath": DATA_DIRECTORY}],
        }
    )


def _confined() -> Json:
    return {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def _probe(name: str, params: Params) -> Json:
    numbers = without_none(params[name] or {})
    names = {
        "initial_delay_seconds": "initialDelaySeconds",
        "period_seconds": "periodSeconds",
        "timeout_seconds": "timeoutSeconds",
        "failure_threshold": "failureThreshold",
    }
    ready_tells = name == "readiness_probe" and release(params["debezium_version"] or image_version(params["image"])) >= (3, 7)
    return overlay(READY_SINCE_3_7 if ready_tells else PROBES[name], {names[key]: value for key, value in numbers.items()})


def _recommended_labels(instance: str, image: str) -> dict[str, str]:
    """kubernetes.io/docs/concepts/overview/working-with-objects/common-labels; no version for an image given by digest alone."""
    labels = {
        "app.kubernetes.io/name": "debezium-server",
        "app.kubernetes.io/instance": instance,
        "app.kubernetes.io/component": "cdc",
        "app.kubernetes.io/managed-by": "cdc.gcp",
    }
    _, colon, tag = image.rsplit("/", 1)[-1].partition("@")[0].partition(":")
    return {**labels, "app.kubernetes.io/version": tag[:63]} if colon else labels


def check(params: Params) -> None:
    """Raises InvalidInput for options that cannot work, before anything is asked of the cluster."""
    last = params["image"].rsplit("/", 1)[-1]
    if last.endswith(":latest") or (":" not in last and "@" not in last):
        raise InvalidInput(f"image {params['image']} has no exact version: use a tag such as 3.6.3.Final, or a digest.")
    if any(len(option.split()) != 1 for option in params["java_options"]):
        raise InvalidInput("java_options must not contain blanks: the image's start script splits them; make each option a list item.")
    taken = sorted(OWN_VARIABLES & set(params["environment"]))
    if taken:
        raise InvalidInput(
            f"environment must not set {', '.join(taken)}: other options of this module do (java_options, metrics_port, ...)."
        )
    wrong = list(precedence.problems(params["environment"], params["java_options"]))
    if wrong:
        raise InvalidInput(" ".join(wrong), problems=wrong)
    release(params["debezium_version"])
    own = {item.volume["name"] for item in mounts(params)}
    doubled = sorted(own & {str(volume.get("name")) for volume in params["extra_volumes"]})
    if doubled:
        raise InvalidInput(f"extra_volumes must not be named {', '.join(doubled)}: these names are reserved for the server's own volumes.")
    for alias in params["host_aliases"]:
        if not alias["hostnames"]:
            raise InvalidInput(f"host_aliases: {alias['ip']} has no hostnames.")
