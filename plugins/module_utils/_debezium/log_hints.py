# SPDX-License-Identifier: GPL-3.0-or-later
"""What the last log lines of Debezium Server mean, and what to do.  PRIVATE to the collection.  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

SYMPTOMS: tuple[tuple[str, str], ...] = (
    (
        r"Request payload size exceeds the limit|request_size is too large",
        "An event is larger than the 10 MB that Pub/Sub takes, and nothing after it can be sent. Set debezium_k8s_oversized_events to"
        " truncate, or leave the column out (debezium.source.column.exclude.list in debezium_k8s_properties).",
    ),
    (
        r"ordering_key(_size)? is too (long|large)",
        "The key of a row is longer than the 1,024 bytes that Pub/Sub takes as ordering key, and nothing after it can be sent. Choose"
        " shorter columns for the key (debezium.source.message.key.columns in debezium_k8s_properties), or publish without ordering keys"
        " (debezium_k8s_ordering: false).",
    ),
    (
        r"PERMISSION_DENIED|User not authorized to perform this action",
        "Pub/Sub refuses the server's account: it needs roles/pubsub.publisher on each topic, the heartbeat topic too "
        "(a new binding may take some minutes to work).",
    ),
    (
        r"UNAUTHENTICATED|invalid_grant|Invalid JWT",
        "Google does not accept the server's credentials: the key may be deleted or disabled; create a new one.",
    ),
    (
        r"Your default credentials were not found|Application Default Credentials are not available",
        "The server has no Google credentials: set credentials_secret, or a service account with Workload Identity.",
    ),
    (r"NOT_FOUND.*(topic|Resource not found)|Resource not found \(resource=", "A topic that the server publishes to does not exist."),
    (
        r"password authentication failed|no password was provided|is not permitted to log in",
        "PostgreSQL does not accept the user or the password: compare the database Secret with the replication user, which needs LOGIN.",
    ),
    (r"no pg_hba\.conf entry", "PostgreSQL does not let this user in from the pod's address, or only with TLS."),
    (r"database \".*\" does not exist", "The database does not exist: check the name in the properties."),
    (r"permission denied for (schema|table|relation)", "The replication user lacks USAGE on a schema or SELECT on a table."),
    (r"must be (superuser|replication role)|permission denied to (start WAL sender|use replication slots)", "The user lacks REPLICATION."),
    (r"logical decoding requires wal_level|wal_level must be", "The instance lacks the flag cloudsql.logical_decoding=on."),
    (
        r"publication \".*\" does not exist[\s\S]*in the change callback",
        "The publication was dropped while the slot stood: PostgreSQL cannot decode what was written before it was made again, so the slot"
        " is of no use any more. Drop it and take a new snapshot (cdc_recovery: resnapshot).",
    ),
    (r"publication \".*\" does not exist|Publication autocreation is disabled", "The publication does not exist in this database."),
    (r"replication slot \".*\" is active", "Another process reads the replication slot: two servers must not share one."),
    (
        r"replication slot \".*\" already exists",
        "A replication slot of this name exists for another database of the instance, so this one cannot have it: give the pipeline"
        " another cdc_slot_name, or drop the slot.",
    ),
    (
        r"Cannot obtain valid replication slot",
        "The replication slot is lost (wal_status lost in pg_replication_slots), or cannot be created while an older transaction is open"
        " (the oldest backend_xid in pg_stat_activity). For a lost slot, a new snapshot is necessary (cdc_recovery: resnapshot); else end"
        " the transaction.",
    ),
    (r"all replication slots are in use", "Raise the flag max_replication_slots, or drop slots without a reader."),
    (
        r"(is not|no longer) available on the server|can no longer get changes from replication slot|requested WAL segment .* removed",
        "The slot is gone or has lost the WAL that the offset needs, so changes are missing: a new snapshot is necessary"
        " (cdc_recovery: resnapshot).",
    ),
    (
        r"Snapshotting of table .* failed",
        "The snapshot cannot read a table: the replication user needs USAGE on its schema and SELECT on it, and it must not be dropped or"
        " locked meanwhile.",
    ),
    (
        r"PKIX path|CertPathBuilder|certificate_unknown",
        "The server does not trust its peer's certificate: check the CA or trust_store_secret.",
    ),
    (
        r"UnknownHostException|connection attempt failed|Connection refused|connect timed out",
        "The pod cannot reach a server that it needs: check host name, address and NetworkPolicy.",
    ),
    (
        r"java\.util\.concurrent\.TimeoutException",
        "Pub/Sub did not accept a batch within debezium.sink.pubsub.wait.message.delivery.timeout.ms: check that the pod reaches"
        " pubsub.googleapis.com, the quota of the project, and Google's status. Nothing is lost; the server goes on where it was.",
    ),
    (
        r"OutOfMemoryError|OOMKilled|insufficient memory",
        "The server needs more memory: raise resources.limits.memory, or lower debezium.source.snapshot.fetch.size for large rows.",
    ),
    (r"Failed to load mandatory config value|SRCFG00014", "application.properties lacks a property that the server must have."),
    (
        r"touch: cannot touch|Permission denied.*/debezium/data",
        "The server cannot write to its volume: check offsets_claim and its fsGroup.",
    ),
)
"""Pairs of a pattern and what it means, the most telling first."""


def hint(lines: Sequence[str]) -> str | None:
    """What `lines` mean and what to do about it, as one message; None if no line is known."""
    text = "\n".join(lines)
    return next((meaning for pattern, meaning in SYMPTOMS if re.search(pattern, text, re.IGNORECASE)), None)
