# SPDX-License-Identifier: GPL-3.0-or-later
"""The `cdc_*` variables: facts that more than one part of a pipeline needs.  PRIVATE to the collection."""

from __future__ import annotations

from ..._database_rules import SSL_MODES
from .variable import PARTS, Variable

DATABASE_PARTS = ("cloudsql", "debezium_k8s")

VARIABLES: tuple[Variable, ...] = (
    Variable("cdc_name", "Name of the pipeline; every other name has its default from it.", needed_by=PARTS),
    Variable("cdc_project", "Id of the Google Cloud project.", needed_by=PARTS),
    Variable(
        "cdc_region", "Region of the Cloud SQL instance, for example V(europe-west1). It cannot be changed later.", needed_by=("cloudsql",)
    ),
    Variable(
        "cdc_tables",
        (
            'Captured tables, as V(schema.table) in SQL\'s spelling; names with upper-case letters need quotes, as in V(public."Order").',
            "A table that does not exist yet is reported as pending; run the site again once it exists.",
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
        "Cloud SQL instance. The name of a deleted instance stays reserved for a week.",
        derived="O(cdc_name) with C(-sql)",
    ),
    Variable("cdc_database", "Captured database.", derived="O(cdc_name)"),
    Variable(
        "cdc_replication_user",
        "PostgreSQL user that Debezium logs in as. It may log in, replicate, and select from the captured tables, and nothing else.",
        default="debezium",
    ),
    Variable("cdc_replication_password", "Password of O(cdc_replication_user).", needed_by=DATABASE_PARTS, no_log=True),
    Variable("cdc_publication", "PostgreSQL publication that Debezium reads.", default="dbz_publication"),
    Variable(
        "cdc_ssl_mode",
        "TLS mode of connections to the database. A Cloud SQL certificate satisfies V(verify-ca), not V(verify-full).",
        default="verify-ca",
        choices=SSL_MODES,
    ),
    Variable(
        "cdc_offsets",
        "Where Debezium keeps its offsets: V(jdbc) in a table of the captured database, V(volume) in a file on a persistent volume.",
        default="jdbc",
        choices=("jdbc", "volume"),
    ),
    Variable("cdc_debezium_schema", "Database schema of Debezium's own tables.", default="debezium"),
    Variable(
        "cdc_offset_table",
        "Table of the offsets in O(cdc_debezium_schema). It is part of the pipeline's identity.",
        default="debezium_offset_storage",
    ),
    Variable(
        "cdc_signal_table",
        "Table of Debezium's signals in O(cdc_debezium_schema), for example for incremental snapshots. No table by default.",
    ),
    Variable(
        "cdc_topic_prefix",
        "Name of the pipeline in each event (C(source.name)) and in the offsets. It is part of the pipeline's identity.",
        derived="O(cdc_name)",
    ),
    Variable(
        "cdc_slot_name",
        "Replication slot. It is part of the pipeline's identity.",
        derived="C(debezium_) with O(cdc_name), every character but letters and digits replaced by C(_)",
    ),
    Variable("cdc_topic", "Pub/Sub topic of all changes, unless O(cdc_topic_per_table).", derived="O(cdc_name) with C(.changes)"),
    Variable(
        "cdc_topic_per_table",
        "Whether each table has a topic of its own, named C(prefix.schema.table), instead of one topic for all.",
        "bool",
        default=False,
    ),
    Variable(
        "cdc_heartbeat_topic",
        "Topic of the heartbeats. It needs no subscription; without heartbeats the write-ahead log of a quiet database grows.",
        derived="O(cdc_name) with C(-heartbeat)",
    ),
    Variable(
        "cdc_notification_topic",
        "Topic of Debezium's notifications, such as the progress of a snapshot. No notifications by default.",
    ),
    Variable(
        "cdc_identity",
        (
            "How the pod authenticates to Pub/Sub.",
            "V(key) creates a service account and stores its key in a Kubernetes Secret.",
            "V(workload_identity) creates neither: the topics trust the pod's Kubernetes service account itself (Workload Identity"
            " Federation for GKE).",
            "V(workload_identity_impersonation) creates a service account without a key; the Kubernetes service account impersonates it.",
        ),
        default="key",
        choices=("key", "workload_identity", "workload_identity_impersonation"),
    ),
    Variable("cdc_service_account", "Id of the Google service account, 6 to 30 characters.", derived="O(cdc_name) with C(-debezium)"),
    Variable("cdc_namespace", "Kubernetes namespace of the pipeline.", default="debezium"),
    Variable(
        "cdc_namespace_labels",
        (
            "Labels of the namespace.",
            "A new namespace gets C(pod-security.kubernetes.io/enforce=restricted), which the pod satisfies; an existing one gets only what"
            " is set here.",
        ),
        "dict",
    ),
    Variable("cdc_deployment", "Name of the Deployment and of its Kubernetes service account.", derived="O(cdc_name) with C(-debezium)"),
    Variable(
        "cdc_key_secret", "Kubernetes Secret with the service account's key, under C(key.json).", derived="O(cdc_name) with C(-debezium-sa)"
    ),
    Variable(
        "cdc_gcp_options",
        "Credentials and endpoints for Google's APIs: any option about them of cdc.gcp.cloudsql_instance, such as C(auth_kind).",
        "dict",
        default={},
    ),
    Variable(
        "cdc_kubernetes_options",
        "How to reach the cluster: any option about that of cdc.gcp.kubernetes_object, such as C(kubeconfig) and C(context).",
        "dict",
        default={},
    ),
    Variable(
        "cdc_in_process",
        "Whether modules run inside Ansible's own process, which takes a fraction of the time; V(false) runs each in a process of its own.",
        "bool",
        default=True,
    ),
    Variable("cdc_hosts", "Which hosts of the inventory the playbooks run for.", default="all"),
)
