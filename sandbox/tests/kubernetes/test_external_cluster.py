"""A Kubernetes cluster of the user's: kubeconfig and context must be named, and nothing else of the kubeconfig is used."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from cdc_sandbox import external_cluster, ports
from cdc_sandbox.errors import SandboxError
from cdc_sandbox.external_cluster import ExternalCluster
from cdc_sandbox.kubernetes import external, variants
from cdc_sandbox.settings import Settings, load, with_cluster

CONFIG: dict[str, Any] = {
    "current-context": "production",
    "contexts": [
        {"name": "production", "context": {"cluster": "big", "user": "boss"}},
        {"name": "play", "context": {"cluster": "small", "user": "me"}},
    ],
    "clusters": [
        {"name": "big", "cluster": {"server": "https://big.example.com"}},
        {"name": "small", "cluster": {"server": "https://small.example.com", "certificate-authority": "ca.crt"}},
    ],
    "users": [{"name": "boss", "user": {"token": "secret"}}, {"name": "me", "user": {"token": "mine"}}],
}


def test_no_kubeconfig_means_the_sandboxs_own_cluster() -> None:
    assert external_cluster.from_environment({"KUBECONFIG": "/home/me/.kube/config"}) is None
    assert external_cluster.from_environment({"CDC_SANDBOX_KUBECONFIG": "/state/kubeconfig"}) is None, "what `cdc-sandbox env` prints"


def test_a_context_must_be_named() -> None:
    with pytest.raises(SandboxError, match="name the context"):
        external_cluster.from_environment({external_cluster.KUBECONFIG: "/config"})


def test_what_is_named_is_kept_for_the_next_command(settings: Settings) -> None:
    variables = {
        external_cluster.KUBECONFIG: "/config",
        external_cluster.CONTEXT: "play",
        external_cluster.NAMESPACES: "one, two",
        external_cluster.NODE_ADDRESS: "192.0.2.7",
    }
    named = external_cluster.from_environment(variables)
    assert named == ExternalCluster("/config", "play", ("one", "two"), "192.0.2.7")
    external_cluster.remember(settings.state, named)
    assert external_cluster.remembered(settings.state) == named
    external_cluster.forget(settings.state)
    assert external_cluster.remembered(settings.state) is None


@pytest.fixture
def names_a_cluster(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell of root's in which a cluster is named, for the sandbox of `settings`."""
    variables = {
        "CDC_SANDBOX_STATE": settings.state,
        "CDC_SANDBOX_CACHE": settings.cache,
        external_cluster.KUBECONFIG: "/config",
        external_cluster.CONTEXT: "play",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.mark.usefixtures("names_a_cluster")
def test_a_cluster_is_used_from_the_shell_that_names_it_and_afterwards_from_any(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load() == with_cluster(settings, ExternalCluster("/config", "play"))
    external_cluster.remember(settings.state, ExternalCluster("/config", "play"))
    monkeypatch.delenv(external_cluster.KUBECONFIG)
    assert load() == with_cluster(settings, ExternalCluster("/config", "play"))


@pytest.mark.usefixtures("names_a_cluster")
def test_a_sandbox_that_is_up_goes_on_with_the_cluster_that_it_has(settings: Settings) -> None:
    (settings.state / "kubernetes").mkdir(parents=True)
    assert load() == settings, "so `down` stops what is there"
    with pytest.raises(SandboxError, match="is up with its own Kubernetes; run `make down`"):
        variants.prepare(load())


@pytest.mark.usefixtures("names_a_cluster")
def test_a_sandbox_that_uses_a_cluster_does_not_change_to_another(settings: Settings) -> None:
    external_cluster.remember(settings.state, ExternalCluster("/config", "other"))
    with pytest.raises(SandboxError, match="is up with context other; run `make down`"):
        variants.prepare(load())


@pytest.mark.usefixtures("names_a_cluster")
def test_without_root_a_named_cluster_is_refused_for_its_pods_could_reach_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SandboxError, match="needs root"):
        load()


def test_the_sandbox_gets_the_named_context_alone(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("the authority")
    assert external.only_context(CONFIG, "play", tmp_path) == {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "play",
        "contexts": [CONFIG["contexts"][1]],
        "clusters": [
            {
                "name": "small",
                "cluster": {
                    "server": "https://small.example.com",
                    "certificate-authority-data": base64.b64encode(b"the authority").decode(),
                },
            }
        ],
        "users": [{"name": "me", "user": {"token": "mine"}}],
    }
    assert "certificate-authority" in CONFIG["clusters"][1]["cluster"], "what was read stays as it was"


def test_an_unknown_context_is_refused_with_the_names_of_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="no context prod; it has: play, production"):
        external.only_context(CONFIG, "prod", tmp_path)


@pytest.mark.parametrize("labels", [None, {}, {external.LABEL[0]: "Helm"}])
def test_a_namespace_of_somebody_else_is_known(labels: dict[str, str] | None) -> None:
    assert not external.made_here({"metadata": {"name": "debezium", "labels": labels}})
    assert external.made_here({"metadata": {"name": "debezium", "labels": dict([external.LABEL])}})


def test_pods_of_another_cluster_are_let_in_and_no_port_of_an_own_one_is_needed(settings: Settings) -> None:
    made = with_cluster(settings, ExternalCluster("/config", "play", node_address="192.0.2.7"))
    assert (made.kubernetes, made.node_address, made.pod_subnet) == ("external", "192.0.2.7", "0.0.0.0/0")
    parts = set(ports.needed(made).values())
    assert parts == {"Google's APIs", "Pub/Sub", "the instances of Cloud SQL"}
    assert with_cluster(settings, ExternalCluster("/config", "play")).node_address == settings.node_address
