# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of debezium_server.  PRIVATE to the collection.  Their documentation is in that module."""

from __future__ import annotations

import typing as t

_TEXT: dict[str, t.Any] = {"type": "str"}
_NAME: dict[str, t.Any] = {"type": "str", "required": True}
_MAP: dict[str, t.Any] = {"type": "dict", "default": {}}
_WORDS: dict[str, t.Any] = {"type": "list", "elements": "str", "default": []}
_OBJECTS: dict[str, t.Any] = {"type": "list", "elements": "dict", "default": []}
_PROBE: dict[str, t.Any] = {
    "type": "dict",
    "options": {name: {"type": "int"} for name in ("initial_delay_seconds", "period_seconds", "timeout_seconds", "failure_threshold")},
}
# These options name Secrets and their keys; what they name is not secret, although Ansible would guess so from their names.
_SECRET_NAME: dict[str, t.Any] = {"type": "str", "no_log": False}

SERVER_OPTIONS: dict[str, dict[str, t.Any]] = {
    "name": _NAME,
    "namespace": _NAME,
    "state": {"type": "str", "choices": ["present", "stopped", "absent"], "default": "present"},
    "parent": _TEXT,
    "image": {"type": "str", "default": "quay.io/debezium/server:3.6.3.Final"},
    "debezium_version": _TEXT,
    "image_pull_policy": {"type": "str", "choices": ["Always", "IfNotPresent", "Never"], "default": "IfNotPresent"},
    "image_pull_secrets": {**_WORDS, "no_log": False},
    "service_account_name": _TEXT,
    "properties_secret": {**_SECRET_NAME, "required": True},
    "database_secret": {**_SECRET_NAME, "required": True},
    "database_ca_key": {**_SECRET_NAME, "default": "server-ca.pem"},
    "credentials_secret": _SECRET_NAME,
    "offsets_claim": _TEXT,
    "checksums": _MAP,
    "labels": _MAP,
    "annotations": _MAP,
    "pod_annotations": _MAP,
    "resources": {"type": "dict", "default": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}},
    "java_options": _WORDS,
    "trust_store_secret": _SECRET_NAME,
    "trust_store_key": {**_SECRET_NAME, "default": "truststore.p12"},
    "trust_store_password_key": {**_SECRET_NAME, "default": "password"},
    "host_aliases": {
        **_OBJECTS,
        "options": {"ip": _NAME, "hostnames": {"type": "list", "elements": "str", "required": True}},
    },
    "environment": _MAP,
    "extra_volumes": _OBJECTS,
    "extra_volume_mounts": _OBJECTS,
    "node_selector": _MAP,
    "tolerations": _OBJECTS,
    "affinity": _MAP,
    "priority_class_name": _TEXT,
    "termination_grace_period_seconds": {"type": "int", "default": 60},
    "startup_probe": _PROBE,
    "liveness_probe": _PROBE,
    "readiness_probe": _PROBE,
    "metrics_port": {"type": "int", "default": 9090},
    "force_conflicts": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 600},
    "scheduling_timeout": {"type": "int", "default": 180},
}
