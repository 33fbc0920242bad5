# SPDX-License-Identifier: GPL-3.0-or-later
"""The `cdc_*` variables, which more than one part of a pipeline needs.  PRIVATE to the collection."""

from __future__ import annotations

from ..._database_rules import SSL_MODES
from .variable import PARTS, Variable

DATABASE_PARTS = ("cloudsql", "debezium_k8s")

VARIABLES: tuple[Variable, ...] = (
    Variable(
        "cdc_name",
        "Name of the pipeline, at most 50 lower-case letters, digits and hyphens. The defaults of all other names derive from it.",
        needed_by=PARTS,
    ),
    Variable("cdc_project", "Id of the Google Cloud project, not its number or display name.", needed_by=PARTS),
    Variable(
        "cdc_region", "Region of the Cloud SQL instance, for example V(europe-west1). It cannot be changed later.", needed_by=("cloudsql",)
    ),
    Variable(
        "cdc_tables",
        (
            'Captured tables, as V(schema.table). As in SQL, names with upper-case letters need double quotes, such as V(public."Order").',
            "A table that does not exist yet is reported as pending; the next run after its creation adds it.",
            "A table needs a primary key or a replica identity.",
        ),
        "list",
        elements="str",
        needed_by=PARTS,
    ),
    Variable("cdc_cloudsql_project", "Project of the Cloud SQL instance.", derived="O(cdc_project)"),
    Variable("cdc_pubsub_project", "Project of the topics and subscriptions.", derived="O(cdc_project)"),
    Variable("cdc_iam_project", "Project of the service account.", derived="O(cdc_project)"),
    Variable(
        "cdc_instance",
        "Cloud SQL instance. Cloud SQL reserves the name of a deleted instance for a week.",
        derived="O(cdc_name) followed by C(-sql)",
    ),
    Variable("cdc_database", "Captured database.", derived="O(cdc_name)"),
    Variable(
        "cdc_replication_user",
        (
            "PostgreSQL user of Debezium. It may replicate, read the captured tables and use Debezium's own tables, and nothing else.",
            "Users belong to the instance: two pipelines with one user would change each other's password.",
        ),
        derived="C(debezium_) followed by O(cdc_name), with C(_) for hyphens",
    ),
    Variable(
        "cdc_replication_password",
        "Password of O(cdc_replication_user). A new password is set in PostgreSQL and in the pod in one run.",
        needed_by=DATABASE_PARTS,
        no_log=True,
    ),
    Variable(
        "cdc_publication",
        "PostgreSQL publication that Debezium reads.",
        derived="C(debezium_) followed by O(cdc_name), with C(_) for hyphens",
    ),
    Variable(
        "cdc_ssl_mode",
        "TLS mode of connections to the database. V(verify-full) fails with Cloud SQL's default certificates, which contain no host name.",
        default="verify-ca",
        choices=SSL_MODES,
    ),
    Variable(
        "cdc_offsets",
        (
            "Where Debezium stores its offsets: V(jdbc) in a table of the captured database, V(volume) in a file on a persistent volume.",
            "With V(volume), Debezium before 3.7 loses rows of a C(COPY) (C(\\copy), C(pg_restore), imports) that a restart of the server"
            " interrupts (dbz#1554); with V(jdbc) it sends them again.",
        ),
        default="jdbc",
        choices=("jdbc", "volume"),
    ),
    Variable("cdc_debezium_schema", "Schema of Debezium's own tables, of lower-case letters, digits and C(_).", default="debezium"),
    Variable(
        "cdc_offset_table",
        (
            "Offset table in O(cdc_debezium_schema), of this pipeline alone: Debezium deletes every row of it when it saves its offsets.",
            "It cannot be changed while the pipeline exists (see O(cdc_recovery)).",
        ),
        derived="C(offsets_) followed by O(cdc_name), with C(_) for hyphens",
    ),
    Variable(
        "cdc_signal_table",
        (
            "Signaling table in O(cdc_debezium_schema), of this pipeline alone. Tables that join need it. An empty string means none.",
            "Its rows are published to O(cdc_heartbeat_topic), so that no subscriber takes them for changes.",
        ),
        derived="C(signals_) followed by O(cdc_name), with C(_) for hyphens",
    ),
    Variable(
        "cdc_recovery",
        (
            "What to do, in one run, when the position of an existing stream is gone or another one is asked for: its replication slot,"
            " its offsets or its publication are missing, or the slot, topic prefix, offset storage, database or instance changed.",
            "V(refuse) changes nothing, and says what was found.",
            "V(resume) goes on from the replication slot where only the offsets are gone; nothing is lost.",
            "V(resnapshot) drops what is left of the position and takes a new snapshot. Deletes that happened in between are never"
            " emitted.",
            "A stream whose position is complete goes on, whatever the value.",
        ),
        default="refuse",
        choices=("refuse", "resume", "resnapshot"),
    ),
    Variable(
        "cdc_joining_tables",
        (
            "What a table that joins a live stream brings: V(snapshot) emits the rows that it has already (C(op) is V(r)), by an"
            " incremental snapshot that the run waits for; V(no_data) only its changes from then on.",
            "V(snapshot) needs O(cdc_signal_table) and a primary key.",
        ),
        default="snapshot",
        choices=("snapshot", "no_data"),
    ),
    Variable(
        "cdc_joining_timeout",
        "Seconds to wait for the incremental snapshot of tables that join, at least 1. It goes on by itself after that.",
        "int",
        default=3600,
    ),
    Variable(
        "cdc_topic_prefix",
        (
            "Debezium's C(topic.prefix), the name of the pipeline in events (C(source.name)) and offsets.",
            "It cannot be changed while the pipeline exists. A new prefix needs a new O(cdc_offset_table).",
        ),
        derived="O(cdc_name)",
    ),
    Variable(
        "cdc_slot_name",
        "Replication slot. It cannot be changed while the pipeline exists.",
        derived="C(debezium_) followed by O(cdc_name), with C(_) for hyphens",
    ),
    Variable(
        "cdc_topic",
        "Pub/Sub topic of all changes, unless O(cdc_topic_per_table) is V(true).",
        derived="O(cdc_name) followed by C(.changes)",
    ),
    Variable(
        "cdc_topic_per_table",
        "Whether each table has its own topic, C(PREFIX.SCHEMA.TABLE), instead of one topic for all tables.",
        "bool",
        default=False,
    ),
    Variable(
        "cdc_heartbeat_topic",
        "Heartbeat topic. It does not need a subscription. Without heartbeats, an idle database retains write-ahead log indefinitely.",
        derived="O(cdc_name) followed by C(-heartbeat)",
    ),
    Variable(
        "cdc_notification_topic",
        "Topic of Debezium's notifications, such as the progress of a snapshot. Notifications are off by default.",
    ),
    Variable(
        "cdc_identity",
        (
            "How the pod authenticates to Pub/Sub.",
            "V(key) creates a service account and stores its key in a Kubernetes Secret.",
            "V(workload_identity) creates neither, and grants the roles to the pod's Kubernetes service account (Workload Identity"
            " Federation for GKE).",
            "V(workload_identity_impersonation) creates a service account, which the pod's Kubernetes service account impersonates.",
        ),
        default="key",
        choices=("key", "workload_identity", "workload_identity_impersonation"),
    ),
    Variable(
        "cdc_service_account",
        "Id of the Google service account, 6 to 30 lower-case letters, digits and hyphens.",
        derived="O(cdc_name) followed by C(-debezium)",
    ),
    Variable("cdc_namespace", "Kubernetes namespace of the pipeline.", default="debezium"),
    Variable(
        "cdc_namespace_labels",
        (
            "Labels of the namespace.",
            "By default, a new namespace gets C(pod-security.kubernetes.io/enforce=restricted), with which the pod complies, and an"
            " existing one is left alone.",
        ),
        "dict",
    ),
    Variable(
        "cdc_deployment", "Name of the Deployment and of its Kubernetes service account.", derived="O(cdc_name) followed by C(-debezium)"
    ),
    Variable(
        "cdc_key_secret",
        "Kubernetes Secret with the service account key, under C(key.json).",
        derived="O(cdc_name) followed by C(-debezium-sa)",
    ),
    Variable(
        "cdc_gcp_options",
        "Credentials, timeouts and endpoints for Google's APIs: the options that all Google modules share, such as C(auth_kind).",
        "dict",
        default={},
    ),
    Variable(
        "cdc_kubernetes_options",
        "Cluster and credentials: the options that all Kubernetes modules share, such as C(kubeconfig) and C(context).",
        "dict",
        default={},
    ),
    Variable(
        "cdc_in_process",
        "Whether modules run in forks of Ansible's own process, which is faster. V(false) starts a new process for each task.",
        "bool",
        default=True,
    ),
    Variable("cdc_hosts", "Inventory hosts or groups for which the playbooks run.", default="all"),
)
