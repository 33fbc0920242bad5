# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the part `debezium_k8s`.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ..._debezium.options import SERVER_OPTIONS
from ..._debezium.stream import OVERSIZED_EVENTS, SNAPSHOT_MODES
from .variable import Variable

_PASSED_ON: dict[str, str] = {
    "image": "Image of Debezium Server. It must have an exact version tag or a digest.",
    "debezium_version": "Version of Debezium Server in the image, like V(3.7.1.Final). Defaults to the image's tag.",
    "image_pull_policy": "When the node pulls the image.",
    "image_pull_secrets": "Names of Secrets with credentials for the image's registry.",
    "resources": "Resource requests and limits of the server's container. Debezium 3.6 uses 300 to 420 MB of memory, and"
    " up to 830 MB with rows of several MB.",
    "java_options": "Additional options of the Java virtual machine. An option must not contain a space or set a property of the server.",
    "host_aliases": "Entries for the pod's hosts file, each with C(ip) and C(hostnames), for example for a restricted virtual IP.",
    "environment": "Additional environment variables of the server, not for secrets. They must not set properties of the server.",
    "extra_volumes": "Additional volumes of the pod, in Kubernetes' own format.",
    "extra_volume_mounts": "Volume mounts of the server's container for the additional volumes, in Kubernetes' own format.",
    "node_selector": "Labels that the node must have.",
    "tolerations": "Tolerations of the pod, in Kubernetes' own format.",
    "affinity": "Affinity of the pod, in Kubernetes' own format.",
    "priority_class_name": "PriorityClass of the pod.",
    "termination_grace_period_seconds": "Seconds that Kubernetes gives the server to stop before it kills it.",
    "annotations": "Annotations of the Deployment.",
    "pod_annotations": "Annotations of the pod.",
    "startup_probe": "Timing of the startup probe. By default the server may take 600 seconds to start.",
    "liveness_probe": "Timing of the liveness probe.",
    "readiness_probe": "Timing of the readiness probe.",
    "metrics_port": "Port of the Prometheus metrics. V(0) switches them off.",
    "force_conflicts": "Whether to take over fields of the Kubernetes objects that other field managers own.",
    "wait": "Whether to wait for the rollout.",
    "wait_timeout": "Seconds to wait for the rollout, at least 1. After that the run fails.",
    "scheduling_timeout": "Seconds that the pod may be unschedulable, at least 1. GKE Autopilot takes minutes to add a node.",
}
"""Options of debezium_server that are passed on unchanged."""


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
    Variable(
        "debezium_k8s_wait_for_stream",
        (
            "Whether to wait, after the pod, until the stream is ready: the replication slot is read, and its position has moved.",
            "A pod that Kubernetes calls ready may still be retrying. It has no effect if O(debezium_k8s_wait) is V(false).",
        ),
        "bool",
        default=True,
    ),
    Variable(
        "debezium_k8s_labels",
        "Labels of all Kubernetes objects of the pipeline and of the pod, in addition to C(parent), which is O(cdc_name).",
        "dict",
        default={},
    ),
    Variable(
        "debezium_k8s_trust_store_file",
        "PKCS 12 file on the controller with the CA certificates that the server trusts instead of Java's own.",
        "path",
    ),
    Variable("debezium_k8s_trust_store_password", "Password of O(debezium_k8s_trust_store_file).", default="changeit", no_log=True),
    Variable(
        "debezium_k8s_properties_secret", "Secret with C(application.properties).", derived="O(cdc_name) followed by C(-debezium-props)"
    ),
    Variable(
        "debezium_k8s_database_secret",
        "Secret with the database credentials and the server's CA certificate.",
        derived="O(cdc_name) followed by C(-debezium-db)",
    ),
    Variable(
        "debezium_k8s_trust_secret",
        "Secret with the trust store, if O(debezium_k8s_trust_store_file) is set.",
        derived="O(cdc_name) followed by C(-debezium-trust)",
    ),
    Variable(
        "debezium_k8s_snapshot_mode",
        (
            "Debezium's C(snapshot.mode). V(initial) takes a snapshot if there are no offsets, V(no_data) never sends existing rows, and"
            " V(when_needed) also takes a snapshot if the replication slot was lost, without telling of rows deleted in between.",
            "The other modes of Debezium do not stream, or lose events at each restart.",
        ),
        default="initial",
        choices=SNAPSHOT_MODES,
    ),
    Variable(
        "debezium_k8s_reselect_unavailable_values",
        (
            "Whether to read large (TOAST) values that an UPDATE left unchanged from the table, because PostgreSQL does not write them to"
            " the log. Otherwise their place in the event is C(__debezium_unavailable_value).",
            "The value is that of the time of reading, not of the UPDATE. C(REPLICA IDENTITY FULL) of the table is exact, but increases"
            " write-ahead log.",
        ),
        "bool",
        default=False,
    ),
    Variable(
        "debezium_k8s_oversized_events",
        (
            "What to do with an event of more than 10 MB, which Pub/Sub does not accept. V(fail) ends the server, and the replication slot"
            " retains write-ahead log until someone intervenes. V(truncate) cuts texts and bytes of more than 25 kB so that the event has"
            " at most 9 MB. Subscribers cannot see that they are cut, and texts other than ASCII may be cut to nothing.",
            "For single columns, C(debezium.source.column.exclude.list) or C(debezium.source.column.truncate.to.1000000.chars) in"
            " O(debezium_k8s_properties) leave out or cut values of any event.",
        ),
        default="fail",
        choices=OVERSIZED_EVENTS,
    ),
    Variable(
        "debezium_k8s_heartbeat_interval_ms",
        "Milliseconds between heartbeats, at least 1. Heartbeats let an idle database release write-ahead log.",
        "int",
        default=10000,
    ),
    Variable(
        "debezium_k8s_ordering",
        "Whether messages have an ordering key, so that subscribers can get the changes of a row in order.",
        "bool",
        default=True,
    ),
    Variable(
        "debezium_k8s_pubsub_region", "Region of the Pub/Sub endpoint, for ordering and data residency. Defaults to the global endpoint."
    ),
    Variable(
        "debezium_k8s_sink_address",
        "Pub/Sub emulator as C(HOST:PORT), used without TLS and authentication. It takes precedence over O(debezium_k8s_pubsub_region).",
    ),
    Variable(
        "debezium_k8s_properties",
        (
            "Properties to add to the defaults or to replace them, by full name. V(null) removes a default.",
            "Properties that would lose events, or that other parts of the pipeline depend on, are refused.",
        ),
        "dict",
        default={},
    ),
    Variable(
        "debezium_k8s_expressions",
        "Properties whose values contain C(${NAME}), which the server replaces with the environment variable.",
        "dict",
        default={},
    ),
    Variable("debezium_k8s_storage_class", "StorageClass of the volume, for O(cdc_offsets=volume).", default="retain-ssd"),
    Variable(
        "debezium_k8s_storage_class_definition",
        (
            "Definition of the StorageClass without C(apiVersion), C(kind) and C(metadata). An empty dictionary creates none.",
            "By default, a new StorageClass provisions SSD persistent disks and retains them, and an existing one is left alone.",
        ),
        "dict",
    ),
    Variable(
        "debezium_k8s_claim",
        "PersistentVolumeClaim of the volume, for O(cdc_offsets=volume).",
        derived="O(cdc_name) followed by C(-debezium-pvc)",
    ),
    Variable("debezium_k8s_storage", "Size of the volume, as a Kubernetes quantity.", default="10Gi"),
)
