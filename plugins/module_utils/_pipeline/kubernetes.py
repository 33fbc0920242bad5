# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of the part `debezium_k8s`: namespace, Secrets, storage and the Deployment.  PRIVATE to the collection."""

from __future__ import annotations

import json
import typing as t
from functools import partial

from .._debezium.deployment import deployment
from .._debezium.escape import render, smallrye_value
from .._debezium.log_hints import hint
from .._debezium.options import SERVER_OPTIONS
from .._debezium.properties import properties, shown
from .._debezium.stream import Stream
from .._debezium.version import image_version
from .._kubernetes.manifest import with_secret_data
from .._kubernetes.object import KubernetesObject
from .._kubernetes.workload import Workload
from .._reconcile.digest import digest
from .._reconcile.errors import InvalidInput, Refused
from .._reconcile.graph import Known, Node
from . import context, position
from .context import Context, with_defaults
from .pipeline import Pipeline
from .specification.debezium_k8s import PASSED_ON

NOT_KNOWN_YET = "not-known-yet"
"""Stands in a plan for what only exists once an earlier action was applied."""

STREAM_ANNOTATION = "cdc.gcp/stream"
"""On the properties Secret: the slot, topic prefix and offset storage of the stream, as JSON."""

PROPERTIES_FILE = "application.properties"

NAMESPACE_LABELS = {"pod-security.kubernetes.io/enforce": "restricted"}

STORAGE_CLASS = {
    "provisioner": "pd.csi.storage.gke.io",
    "parameters": {"type": "pd-ssd", "csi.storage.k8s.io/fstype": "ext4"},
    "reclaimPolicy": "Retain",
    "volumeBindingMode": "WaitForFirstConsumer",
    "allowVolumeExpansion": True,
}

Manifest = dict[str, t.Any]


def namespace_needed(run: Context) -> tuple[str, ...]:
    """The namespace's node, for nodes of what lives in it."""
    return (context.NAMESPACE,) if run.wanted("debezium_k8s") or (run.wanted("iam") and run.pipeline.uses_key) else ()


def namespace_nodes(run: Context) -> list[Node]:
    """The namespace, which holds the key's Secret as well as the pod."""
    part = "debezium_k8s" if run.wanted("debezium_k8s") else "iam"
    return [Node(name, "kubernetes_object", part, partial(_namespace, run)) for name in namespace_needed(run)]


def nodes(run: Context, position_needed: tuple[str, ...]) -> list[Node]:
    """The part's nodes, without the namespace.  position_needed: the nodes that know the stream's position."""
    if not run.wanted("debezium_k8s"):
        return []
    pipeline = run.pipeline
    kind, part, inside = "kubernetes_object", "debezium_k8s", (context.NAMESPACE,)
    pod_needs = [*position_needed, context.NAMESPACE, context.PROPERTIES, context.DATABASE_SECRET, context.KUBERNETES_ACCOUNT]
    made = [
        Node(context.PROPERTIES, kind, part, partial(_properties, run), (*inside, context.INSTANCE, *position_needed)),
        Node(context.DATABASE_SECRET, kind, part, partial(_database_secret, run), (*inside, context.INSTANCE)),
        Node(context.KUBERNETES_ACCOUNT, kind, part, partial(_service_account, run), inside),
    ]
    if pipeline["debezium_k8s_trust_store_file"]:
        made.append(Node(context.TRUST_SECRET, kind, part, partial(_trust_secret, run), inside))
        pod_needs.append(context.TRUST_SECRET)
    if pipeline.claim:
        claim_needs: tuple[str, ...] = inside
        if pipeline["debezium_k8s_storage_class_definition"] != {}:
            made.append(Node(context.STORAGE_CLASS, kind, part, partial(_storage_class, run)))
            claim_needs = (*inside, context.STORAGE_CLASS)
        made.append(Node(context.CLAIM, kind, part, partial(_claim, run), claim_needs))
        pod_needs.append(context.CLAIM)
    if pipeline.uses_key:
        pod_needs.append(context.KEY)
    # The pod is last: it fails when the publication, a topic or a grant is not there yet.
    return [*made, Node(context.DEPLOYMENT, "debezium_server", part, partial(_deployment, run), tuple(pod_needs))]


def _object(run: Context, manifest: Manifest, keep_existing: bool = False, **rest: t.Any) -> KubernetesObject:
    force = run.pipeline["debezium_k8s_force_conflicts"]
    return KubernetesObject(run.connections.cluster, manifest, force_conflicts=force, keep_existing=keep_existing, **rest)


def _manifest(run: Context, api_version: str, kind: str, name: str, namespaced: bool = True, **metadata: t.Any) -> Manifest:
    where = {"namespace": run.pipeline["cdc_namespace"], "labels": run.pipeline.labels} if namespaced else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **where, **metadata}}


def _namespace(run: Context, known: Known) -> KubernetesObject:
    """An existing namespace may be somebody else's: it gets only the labels that the user named."""
    named = run.pipeline["cdc_namespace_labels"]
    labels = {str(key): str(value) for key, value in (NAMESPACE_LABELS if named is None else named).items()}
    manifest = _manifest(run, "v1", "Namespace", run.pipeline["cdc_namespace"], namespaced=False, labels=labels)
    return _object(run, manifest, keep_existing=named is None)


def stream(run: Context, known: Known) -> Stream:
    """What Debezium's properties are made of."""
    pipeline = run.pipeline
    host = context.address(known)
    if host is None and not known.missing(context.INSTANCE) and not run.check_mode:
        raise Refused(f"Instance {pipeline['cdc_instance']} does not exist or has no address; provision the part cloudsql first.")
    return Stream(
        topic_prefix=pipeline["cdc_topic_prefix"],
        project=pipeline["cdc_pubsub_project"],
        database_host=host or NOT_KNOWN_YET,
        database_name=pipeline["cdc_database"],
        tables=pipeline.tables,
        slot_name=pipeline["cdc_slot_name"],
        publication=pipeline["cdc_publication"],
        heartbeat_topic=pipeline["cdc_heartbeat_topic"],
        notification_topic=pipeline["cdc_notification_topic"],
        topic=pipeline.topic,
        ssl_mode=pipeline["cdc_ssl_mode"],
        snapshot_mode=_snapshot_mode(pipeline, known),
        offsets=pipeline["cdc_offsets"],
        schema=pipeline["cdc_debezium_schema"],
        offset_table=pipeline["cdc_offset_table"],
        signal_table=pipeline["cdc_signal_table"],
        heartbeat_interval_ms=pipeline["debezium_k8s_heartbeat_interval_ms"],
        region=pipeline["debezium_k8s_pubsub_region"] or None,
        ordering=pipeline["debezium_k8s_ordering"],
        sink_address=pipeline["debezium_k8s_sink_address"] or None,
        debezium_version=pipeline["debezium_k8s_debezium_version"] or image_version(pipeline["debezium_k8s_image"]),
        reselect_unavailable_values=pipeline["debezium_k8s_reselect_unavailable_values"],
        oversized_events=pipeline["debezium_k8s_oversized_events"],
    )


def _snapshot_mode(pipeline: Pipeline, known: Known) -> str:
    """no_data goes on from the slot where the offsets are gone; when_needed forgets offsets on a volume whose slot is gone."""
    outcome = position.planned(pipeline, known).outcome
    if outcome == "resume":
        return "no_data"
    if outcome == "resnapshot" and pipeline.claim:
        return "when_needed"
    return str(pipeline["debezium_k8s_snapshot_mode"])


def _properties(run: Context, known: Known) -> KubernetesObject:
    pipeline = run.pipeline
    text = render(properties(stream(run, known), pipeline["debezium_k8s_properties"], pipeline["debezium_k8s_expressions"]))
    annotations = {STREAM_ANNOTATION: json.dumps(pipeline.stream, sort_keys=True)}
    manifest = _manifest(run, "v1", "Secret", pipeline["debezium_k8s_properties_secret"], annotations=annotations)
    return _object(run, with_secret_data(manifest, {PROPERTIES_FILE: text}), readable={PROPERTIES_FILE: shown})


def _database_secret(run: Context, known: Known) -> KubernetesObject:
    pipeline = run.pipeline
    data = {
        "user": smallrye_value(pipeline["cdc_replication_user"]),
        "password": smallrye_value(pipeline["cdc_replication_password"].reveal()),
        "server-ca.pem": known.facts(context.INSTANCE).get("server_ca_certificate") or "",
    }
    return _object(run, with_secret_data(_manifest(run, "v1", "Secret", pipeline["debezium_k8s_database_secret"]), data))


def _trust_secret(run: Context, known: Known) -> KubernetesObject:
    pipeline = run.pipeline
    path = pipeline["debezium_k8s_trust_store_file"]
    try:
        with open(path, "rb") as file:
            store = file.read()
    except OSError as error:
        raise InvalidInput(f"debezium_k8s_trust_store_file {path} cannot be read on the controller: {error.strerror}.") from error
    manifest = _manifest(run, "v1", "Secret", pipeline["debezium_k8s_trust_secret"])
    password = {"password": pipeline["debezium_k8s_trust_store_password"].reveal()}
    return _object(run, with_secret_data(manifest, password, {"truststore.p12": store}))


def _storage_class(run: Context, known: Known) -> KubernetesObject:
    """An existing class is left alone unless the user defines it: its parameters cannot be changed anyway."""
    defined = run.pipeline["debezium_k8s_storage_class_definition"]
    manifest = _manifest(run, "storage.k8s.io/v1", "StorageClass", run.pipeline["debezium_k8s_storage_class"], namespaced=False)
    return _object(run, {**manifest, **(STORAGE_CLASS if defined is None else defined)}, keep_existing=defined is None)


def _claim(run: Context, known: Known) -> KubernetesObject:
    pipeline = run.pipeline
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": pipeline["debezium_k8s_storage_class"],
        "resources": {"requests": {"storage": pipeline["debezium_k8s_storage"]}},
    }
    return _object(run, {**_manifest(run, "v1", "PersistentVolumeClaim", str(pipeline.claim)), "spec": spec})


def _service_account(run: Context, known: Known) -> KubernetesObject:
    pipeline = run.pipeline
    metadata: Manifest = {}
    if pipeline["cdc_identity"] == "workload_identity_impersonation":
        metadata["annotations"] = {"iam.gke.io/gcp-service-account": str(pipeline.service_account_email)}
    manifest = _manifest(run, "v1", "ServiceAccount", pipeline["cdc_deployment"], **metadata)
    return _object(run, {**manifest, "automountServiceAccountToken": False})


def _deployment(run: Context, known: Known) -> Workload:
    pipeline = run.pipeline
    secrets = {context.PROPERTIES: "debezium_k8s_properties_secret", context.DATABASE_SECRET: "debezium_k8s_database_secret"}
    if pipeline.uses_key:
        secrets[context.KEY] = "cdc_key_secret"
    if pipeline["debezium_k8s_trust_store_file"]:
        secrets[context.TRUST_SECRET] = "debezium_k8s_trust_secret"
    pod_annotations = dict(pipeline["debezium_k8s_pod_annotations"])
    if not pipeline.uses_key:
        # A token lives for an hour: without this, a pod would keep its former identity for so long.
        pod_annotations["cdc.gcp/identity"] = pipeline["cdc_identity"]
    tables = known.facts(context.POSITION).get("tables")
    if tables is not None:
        # Debezium reads the tables' structure when it starts, and skips the incremental snapshot of one that came later.
        pod_annotations["cdc.gcp/tables"] = digest(tables)[:16]
    given = {
        **{option: pipeline[f"debezium_k8s_{option}"] for option in PASSED_ON},
        "name": pipeline["cdc_deployment"],
        "namespace": pipeline["cdc_namespace"],
        "state": "present",
        "parent": pipeline.name,
        "labels": pipeline.labels,
        "service_account_name": pipeline["cdc_deployment"],
        "properties_secret": pipeline["debezium_k8s_properties_secret"],
        "database_secret": pipeline["debezium_k8s_database_secret"],
        "credentials_secret": pipeline["cdc_key_secret"] if pipeline.uses_key else None,
        "offsets_claim": pipeline.claim,
        "trust_store_secret": pipeline["debezium_k8s_trust_secret"] if pipeline["debezium_k8s_trust_store_file"] else None,
        "pod_annotations": pod_annotations,
        "checksums": {pipeline[variable]: _digest(run, known, node) for node, variable in secrets.items()},
    }
    params = with_defaults(SERVER_OPTIONS, given)
    return Workload(
        run.connections.cluster,
        deployment(params),
        force_conflicts=params["force_conflicts"],
        wait=params["wait"],
        wait_timeout=params["wait_timeout"],
        scheduling_timeout=params["scheduling_timeout"],
        hint=hint,
        want_pod=False,
        restart_waiting=params["wait"],
    )


def _digest(run: Context, known: Known, node: str) -> str:
    """Digest of a Secret that the pod reads, so that the pod is replaced when it changes."""
    if node == context.KEY and known.changing(node):
        return NOT_KNOWN_YET
    digest = known.facts(node).get("sha256")
    if digest is None and not run.check_mode:
        raise Refused(
            f"Secret {run.pipeline['cdc_namespace']}/{run.pipeline['cdc_key_secret']} does not exist; provision the part iam first."
        )
    return str(digest or NOT_KNOWN_YET)
