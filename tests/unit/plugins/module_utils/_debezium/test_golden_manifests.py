# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole Deployment, compared with files in golden/, so that no part of the pod changes unnoticed.

After a change that is meant: `python -m pytest PATH_OF_THIS_FILE --golden` writes the files; read the difference before you commit it.
"""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.deployment import deployment
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.options import SERVER_OPTIONS

GOLDEN = pathlib.Path(__file__).parent / "golden"

COMMON: dict[str, t.Any] = {
    "name": "shop-debezium",
    "namespace": "cdc",
    "parent": "shop",
    "properties_secret": "shop-properties",
    "database_secret": "shop-db",
}
CASES: dict[str, dict[str, t.Any]] = {
    "key_jdbc_trust_store": {
        **COMMON,
        "credentials_secret": "shop-key",
        "trust_store_secret": "shop-trust",
        "trust_store_key": "company.p12",
        "checksums": {"shop-db": "2e", "shop-key": "3d", "shop-properties": "1f", "shop-trust": "4c"},
        "image_pull_policy": "Always",
        "image_pull_secrets": ["registry"],
        "java_options": ["-Duser.timezone=UTC"],
        "startup_probe": {"initial_delay_seconds": 1, "failure_threshold": 90},
        "liveness_probe": {"initial_delay_seconds": 5, "period_seconds": 20, "timeout_seconds": 6, "failure_threshold": 4},
        "readiness_probe": {"initial_delay_seconds": 7, "failure_threshold": 2},
        "annotations": {"team": "data"},
        "pod_annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
    },
    "volume_workload_identity": {
        **COMMON,
        "service_account_name": "shop-debezium",
        "offsets_claim": "shop-offsets",
        "checksums": {"shop-db": "2e", "shop-properties": "1f"},
        "labels": {"team": "data"},
        "metrics_port": 0,
        "environment": {"TZ": "UTC"},
        "extra_volumes": [{"name": "plugins", "emptyDir": {}}],
        "extra_volume_mounts": [{"name": "plugins", "mountPath": "/debezium/plugins"}],
        "host_aliases": [{"ip": "199.36.153.8", "hostnames": ["pubsub.googleapis.com"]}],
        "node_selector": {"pool": "cdc"},
        "tolerations": [{"operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "priority_class_name": "high",
        "termination_grace_period_seconds": 90,
    },
}


@pytest.mark.parametrize("case", CASES)
def test_the_whole_deployment_is_as_in_the_file(case: str, request: pytest.FixtureRequest) -> None:
    result = ArgumentSpecValidator(SERVER_OPTIONS).validate(CASES[case])
    assert not result.error_messages
    built = deployment(result.validated_parameters)
    path = GOLDEN / f"{case}.yaml"
    if request.config.getoption("--golden", default=False):
        path.write_text(yaml.safe_dump(json.loads(json.dumps(built)), sort_keys=False))
    assert built == yaml.safe_load(path.read_text())
