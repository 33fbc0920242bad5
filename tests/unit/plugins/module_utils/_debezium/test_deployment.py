# SPDX-License-Identifier: GPL-3.0-or-later
"""The Deployment of Debezium Server: what each option does to it, and what it never is."""

from __future__ import annotations

import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.deployment import CHECKSUM, deployment
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.options import SERVER_OPTIONS
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput


def built(**options: t.Any) -> dict[str, t.Any]:
    given = {"name": "shop-debezium", "namespace": "cdc", "properties_secret": "shop-properties", "database_secret": "shop-db", **options}
    result = ArgumentSpecValidator(SERVER_OPTIONS).validate(given)
    assert not result.error_messages
    return deployment(result.validated_parameters)


def pod(**options: t.Any) -> dict[str, t.Any]:
    return t.cast(dict[str, t.Any], built(**options)["spec"]["template"]["spec"])


def server(**options: t.Any) -> dict[str, t.Any]:
    return t.cast(dict[str, t.Any], pod(**options)["containers"][0])


def environment(**options: t.Any) -> dict[str, t.Any]:
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in server(**options)["env"]}


def mounted(**options: t.Any) -> dict[str, t.Any]:
    """Mount path to volume."""
    volumes = {volume["name"]: volume for volume in pod(**options)["volumes"]}
    return {mount["mountPath"]: volumes[mount["name"]] for mount in server(**options)["volumeMounts"]}


def test_one_pod_at_a_time() -> None:
    spec = built()["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert built(state="stopped")["spec"]["replicas"] == 0


def test_the_pod_is_as_restricted_as_pod_security_asks() -> None:
    for spec in (pod(), pod(offsets_claim="offsets")):
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == 185
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_labels_are_the_articles_and_the_recommended_ones() -> None:
    found = built(parent="shop", labels={"team": "data", "app": "mine"})
    assert found["spec"]["selector"]["matchLabels"] == {"parent": "shop", "app": "debezium"}
    for labels in (found["metadata"]["labels"], found["spec"]["template"]["metadata"]["labels"]):
        assert labels["team"] == "data"
        assert labels["app"] == "debezium"
        assert labels["app.kubernetes.io/version"] == "3.6.3.Final"
        assert labels["app.kubernetes.io/instance"] == "shop"
    assert built()["spec"]["selector"]["matchLabels"]["parent"] == "shop-debezium"


def test_an_image_by_digest_has_no_version_label() -> None:
    labels = built(image="quay.io/debezium/server@sha256:" + "0" * 64)["metadata"]["labels"]
    assert "app.kubernetes.io/version" not in labels


def test_properties_are_one_mounted_file_and_hide_nothing_of_the_image() -> None:
    mount = next(item for item in server()["volumeMounts"] if item["name"] == "config")
    assert (mount["mountPath"], mount["subPath"]) == ("/debezium/config/application.properties", "application.properties")
    assert mounted()[mount["mountPath"]]["secret"]["secretName"] == "shop-properties"


def test_the_database_secret_gives_login_and_ca() -> None:
    assert environment()["PG_USER"] == {"secretKeyRef": {"name": "shop-db", "key": "user"}}
    assert environment()["PG_PASSWORD"] == {"secretKeyRef": {"name": "shop-db", "key": "password"}}
    assert mounted()["/debezium/external/db"]["secret"]["items"] == [{"key": "server-ca.pem", "path": "server-ca.pem"}]
    assert mounted(database_ca_key="ca")["/debezium/external/db"]["secret"]["items"] == [{"key": "ca", "path": "server-ca.pem"}]
    assert "/debezium/external/db" not in mounted(database_ca_key="")


def test_a_key_or_workload_identity() -> None:
    assert environment(credentials_secret="key")["GOOGLE_APPLICATION_CREDENTIALS"] == "/debezium/external/gcp/key.json"
    assert mounted(credentials_secret="key")["/debezium/external/gcp"]["secret"]["secretName"] == "key"
    assert "GOOGLE_APPLICATION_CREDENTIALS" not in environment()
    assert "serviceAccountName" not in pod()
    assert pod(service_account_name="debezium")["serviceAccountName"] == "debezium"


def test_offsets_on_a_claim_are_checked_by_the_servers_own_user() -> None:
    assert "initContainers" not in pod()
    (check,) = pod(offsets_claim="offsets")["initContainers"]
    assert check["image"] == server()["image"]
    assert check["command"] == ["sh", "-c", "touch /debezium/data/.writable && rm /debezium/data/.writable"]
    assert mounted(offsets_claim="offsets")["/debezium/data"]["persistentVolumeClaim"] == {"claimName": "offsets"}


def test_the_checksum_changes_with_any_part_and_with_nothing_else() -> None:
    def checksum(**parts: str) -> str | None:
        return t.cast(str | None, built(checksums=parts)["spec"]["template"]["metadata"].get("annotations", {}).get(CHECKSUM))

    assert checksum(a="1", b="2") == checksum(b="2", a="1")
    assert len({checksum(a="1", b="2"), checksum(a="2", b="1"), checksum(a="1"), checksum()}) == 4
    assert checksum() is None
    assert CHECKSUM not in str(built(annotations={"x": "y"})["metadata"])


def test_java_options_come_after_ours() -> None:
    assert environment(java_options=["-Da=b"])["DEBEZIUM_OPTS"] == "-XX:MaxRAMPercentage=60 -XX:+ExitOnOutOfMemoryError -Da=b"


def test_the_trust_stores_password_is_not_in_the_manifest() -> None:
    found = server(trust_store_secret="trust")["env"]
    names = [item["name"] for item in found]
    assert names.index("TRUST_STORE_PASSWORD") < names.index("DEBEZIUM_OPTS"), "Kubernetes expands only what it has seen before"
    options = environment(trust_store_secret="trust")["DEBEZIUM_OPTS"]
    assert "-Djavax.net.ssl.trustStore=/debezium/external/trust/truststore.p12" in options
    assert "-Djavax.net.ssl.trustStorePassword=$(TRUST_STORE_PASSWORD)" in options
    assert "TRUST_STORE_PASSWORD" not in environment(trust_store_secret="trust", trust_store_password_key="")


def test_metrics_can_be_switched_off() -> None:
    assert environment()["JMX_EXPORTER_PORT"] == "9090"
    assert [port["name"] for port in server()["ports"]] == ["http", "metrics"]
    assert "JMX_EXPORTER_PORT" not in environment(metrics_port=0)
    assert [port["name"] for port in server(metrics_port=0)["ports"]] == ["http"]


def test_probes_take_the_users_numbers_and_keep_the_others() -> None:
    probe = server(startup_probe={"failure_threshold": 90})["startupProbe"]
    assert probe == {"httpGet": {"path": "/q/health/live", "port": "http"}, "periodSeconds": 2, "failureThreshold": 90}
    default = server()["startupProbe"]
    assert default["periodSeconds"] * default["failureThreshold"] > 180, "longer than task.management.timeout.ms"
    assert server()["livenessProbe"]["httpGet"]["path"] == "/q/health/live"
    assert server()["readinessProbe"]["httpGet"]["path"] == "/q/health"


def test_the_articles_resources_can_be_had() -> None:
    small = {"cpu": "0.5", "memory": "512Mi"}
    assert server(resources={"requests": small, "limits": small})["resources"] == {"requests": small, "limits": small}
    assert server()["resources"]["requests"] == {"cpu": "250m", "memory": "1Gi"}


def test_what_the_user_adds_to_the_pod() -> None:
    spec = pod(
        host_aliases=[{"ip": "199.36.153.8", "hostnames": ["pubsub.googleapis.com"]}],
        node_selector={"pool": "cdc"},
        tolerations=[{"operator": "Exists"}],
        affinity={"nodeAffinity": {}},
        priority_class_name="high",
        image_pull_secrets=["login"],
        extra_volumes=[{"name": "x", "emptyDir": {}}],
        extra_volume_mounts=[{"name": "x", "mountPath": "/x"}],
        environment={"TZ": "UTC"},
        termination_grace_period_seconds=90,
    )
    assert spec["hostAliases"] == [{"ip": "199.36.153.8", "hostnames": ["pubsub.googleapis.com"]}]
    assert (spec["nodeSelector"], spec["tolerations"]) == ({"pool": "cdc"}, [{"operator": "Exists"}])
    assert (spec["affinity"], spec["priorityClassName"]) == ({"nodeAffinity": {}}, "high")
    assert (spec["imagePullSecrets"], spec["terminationGracePeriodSeconds"]) == ([{"name": "login"}], 90)
    assert spec["volumes"][-1] == {"name": "x", "emptyDir": {}}
    assert spec["containers"][0]["volumeMounts"][-1] == {"name": "x", "mountPath": "/x"}
    assert spec["containers"][0]["env"][-1] == {"name": "TZ", "value": "UTC"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"image": "quay.io/debezium/server"}, "no exact version"),
        ({"image": "host:5000/debezium/server"}, "no exact version"),
        ({"image": "quay.io/debezium/server:latest"}, "no exact version"),
        ({"environment": {"PG_PASSWORD": "x"}}, "must not set PG_PASSWORD"),
        ({"extra_volumes": [{"name": "config"}]}, "must not be named config"),
        ({"host_aliases": [{"ip": "1.2.3.4", "hostnames": []}]}, "has no hostnames"),
        ({"environment": {"DEBEZIUM_SOURCE_SLOT_NAME": "x"}}, "must not set DEBEZIUM_SOURCE_SLOT_NAME"),
        ({"environment": {"DEBEZIUM_OPTS": "-Xmx1g"}}, "other options of this module do"),
        ({"java_options": ["-Ddebezium.sink.type=http"]}, "must not set debezium.sink.type"),
        ({"debezium_version": "latest"}, "not a version like 3.6.3.Final"),
        ({"java_options": ["-Da=b -Dc=d"]}, "java_options must not contain blanks"),
    ],
)
def test_options_that_cannot_be_right(options: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        built(**options)
