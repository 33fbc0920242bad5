# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the part `debezium_k8s`.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ..._debezium.options import SERVER_OPTIONS
from ..._debezium.stream import SNAPSHOT_MODES
from .variable import Variable

_PASSED_ON: dict[str, str] = {
    "image": "Image of Debezium Server, with an exact tag or a digest.",
    "image_pull_policy": "When the node pulls the image.",
    "image_pull_secrets": "Secrets for a private registry.",
    "resources": "Requests and limits of the container. 0.5 CPU and 512Mi, as in the article, also run Debezium 3.6.",
    "java_options": "Further options of the Java virtual machine.",
    "host_aliases": "Entries for the pod's hosts file, each with C(ip) and C(hostnames), for example for a restricted virtual IP.",
    "environment": "Further environment variables of the server.",
    "extra_volumes": "Further volumes of the pod.",
    "extra_volume_mounts": "Where the container mounts them.",
    "node_selector": "Labels that the node must have.",
    "tolerations": "Tolerations of the pod.",
    "affinity": "Affinity of the pod.",
    "priority_class_name": "Priority class of the pod.",
    "termination_grace_period_seconds": "Seconds that the server has to stop.",
    "annotations": "Annotations of the Deployment.",
    "pod_annotations": "Annotations of the pod.",
    "startup_probe": "Numbers of the startup probe.",
    "liveness_probe": "Numbers of the liveness probe.",
    "readiness_probe": "Numbers of the readiness probe.",
    "metrics_port": "Port of the JMX exporter; 0 for none.",
    "force_conflicts": "Whether to take over fields of the Kubernetes objects that others own.",
    "wait": "Whether to wait for the rollout.",
    "wait_timeout": "Seconds to wait for the rollout.",
    "scheduling_timeout": "Seconds that the pod may wait for a node; GKE Autopilot takes minutes to add one.",
}
"""Options of debezium_server that are handed on as they are."""


def _passed_on(option: str, description: str) -> Variable:
    spec: t.Mapping[str, t.Any] = SERVER_OPTIONS[option]
    return Variable(
        f"debezium_k8s_{option}",
        description,
        spec.get("type", "str"),
        default=spec.get("default"),
        choices=tuple(spec.get("choices", ())),
        elements=spec.get("elements", ""),
        options=spec.get("options"),
    )


PASSED_ON: tuple[str, ...] = tuple(_PASSED_ON)

VARIABLES: tuple[Variable, ...] = (
    *(_passed_on(option, description) for option, description in _PASSED_ON.items()),
    Variable("debezium_k8s_labels", "Labels of all objects and of the pod, beside C(parent), which is O(cdc_name).", "dict", default={}),
    Variable(
        "debezium_k8s_trust_store_file",
        "PKCS-12 file on the controller with the certificates that the server trusts instead of Java's own.",
        "path",
    ),
    Variable("debezium_k8s_trust_store_password", "Password of that file.", default="changeit", no_log=True),
    Variable("debezium_k8s_properties_secret", "Secret with application.properties.", derived="O(cdc_name) with C(-debezium-props)"),
    Variable("debezium_k8s_database_secret", "Secret with the database log-in and server CA.", derived="O(cdc_name) with C(-debezium-db)"),
    Variable("debezium_k8s_trust_secret", "Secret with the trust store, when there is one.", derived="O(cdc_name) with C(-debezium-trust)"),
    Variable(
        "debezium_k8s_allow_resnapshot",
        (
            "Whether topic prefix, slot or offset storage of a pipeline that exists may change.",
            "Debezium then takes a new snapshot, and rows that were deleted before it are never emitted as deleted. The former slot stays,"
            " and holds write-ahead log back until somebody drops it.",
        ),
        "bool",
        default=False,
    ),
    Variable("debezium_k8s_snapshot_mode", "Debezium's C(snapshot.mode).", default="initial", choices=SNAPSHOT_MODES),
    Variable(
        "debezium_k8s_heartbeat_interval_ms",
        "Milliseconds between heartbeats, which keep the write-ahead log of a quiet database from growing.",
        "int",
        default=10000,
    ),
    Variable(
        "debezium_k8s_ordering",
        "Whether messages have an ordering key, so that changes of one row keep their order.",
        "bool",
        default=True,
    ),
    Variable(
        "debezium_k8s_pubsub_region", "Region of the Pub/Sub endpoint, for ordering across regions and data residency; global by default."
    ),
    Variable(
        "debezium_k8s_sink_address",
        "A Pub/Sub emulator as V(host:port), without TLS and authentication; it takes precedence over the region. Google's by default.",
    ),
    Variable(
        "debezium_k8s_properties",
        "Debezium properties that are added to the defaults or replace them; V(null) removes a default.",
        "dict",
        default={},
    ),
    Variable(
        "debezium_k8s_expressions",
        "Properties whose value is an expression that the server expands, such as V(${MY_VARIABLE}).",
        "dict",
        default={},
    ),
    Variable("debezium_k8s_storage_class", "StorageClass of the volume, with V(cdc_offsets=volume).", default="retain-ssd"),
    Variable(
        "debezium_k8s_storage_class_definition",
        (
            "The StorageClass to create, without apiVersion, kind and metadata; empty to create none.",
            "A new one is an SSD of Compute Engine that is retained. An existing class is left alone unless this is set.",
        ),
        "dict",
    ),
    Variable("debezium_k8s_claim", "PersistentVolumeClaim of the volume.", derived="O(cdc_name) with C(-debezium-pvc)"),
    Variable("debezium_k8s_storage", "Size of the volume.", default="10Gi"),
)
