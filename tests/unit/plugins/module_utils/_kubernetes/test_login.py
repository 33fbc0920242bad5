# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cluster a run talks to, and as whom."""

from __future__ import annotations

import dataclasses
import typing as t
from pathlib import Path

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.login import LoginError, configuration
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput
from kubernetes_answers import HOST, OPTIONS

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: one
contexts:
- {name: one, context: {cluster: one, user: me}}
- {name: two, context: {cluster: two, user: me}}
clusters:
- {name: one, cluster: {server: "https://one.example.com"}}
- {name: two, cluster: {server: "https://two.example.com"}}
users:
- {name: me, user: {token: sesame}}
"""


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    path = tmp_path / "config"
    path.write_text(KUBECONFIG)
    return str(path)


def test_no_cluster_is_used_that_nobody_named(monkeypatch: pytest.MonkeyPatch, kubeconfig: str) -> None:
    monkeypatch.setenv("KUBECONFIG", kubeconfig)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(InvalidInput, match="Name the cluster"):
        configuration(dataclasses.replace(OPTIONS, host=None))


def test_the_context_of_a_named_kubeconfig(kubeconfig: str) -> None:
    options = dataclasses.replace(OPTIONS, host=None, kubeconfig=kubeconfig)
    assert configuration(options).host == "https://one.example.com"
    assert configuration(dataclasses.replace(options, context="two")).host == "https://two.example.com"
    with pytest.raises(LoginError, match="three"):
        configuration(dataclasses.replace(options, context="three"))


def test_options_stand_above_the_kubeconfig(kubeconfig: str) -> None:
    found = configuration(dataclasses.replace(OPTIONS, kubeconfig=kubeconfig, api_key="mine", validate_certs=False))
    assert found.host == HOST
    assert found.auth_settings()["BearerToken"]["value"] == "Bearer mine"
    assert found.verify_ssl is False


@pytest.mark.parametrize(
    "changes",
    [{"kubeconfig": "/no/such/file"}, {"context": "two", "host": None}, {"ca_cert": "/no/such/file"}],
    ids=["kubeconfig missing", "context without kubeconfig", "ca_cert missing"],
)
def test_options_that_cannot_be_right(changes: dict[str, t.Any]) -> None:
    with pytest.raises(InvalidInput):
        configuration(dataclasses.replace(OPTIONS, **changes))
