"""An existing cluster instead of the sandbox's own: it is checked, gets namespaces of the sandbox's own, and is left as it was."""

from __future__ import annotations

import base64
import copy
import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes
import urllib3
import yaml

from .. import external_cluster
from ..errors import SandboxError
from ..external_cluster import ExternalCluster
from ..process import wait_until
from ..progress import Progress
from ..settings import Settings
from .cluster import Part, kubectl

LABEL = ("app.kubernetes.io/managed-by", "cdc-sandbox")
"""Marks the namespaces that the sandbox created; it deletes no other."""
SECONDS = 10.0
"""How long one request may take."""
END_SECONDS = 120.0
"""How long namespaces may take to be deleted: by default a pod has 30 s to end."""

FILES = ("certificate-authority", "client-certificate", "client-key")
"""Keys of a kubeconfig that name a file; with `-data` added they hold its content."""

Unreachable = (urllib3.exceptions.HTTPError, kubernetes.client.ApiException, kubernetes.config.ConfigException)


def prepare(settings: Settings) -> None:
    """Check the cluster and record it; raise SandboxError, with nothing changed, when it cannot be used."""
    cluster = _cluster(settings)
    content = only_context(_read(Path(cluster.kubeconfig)), cluster.context, Path(cluster.kubeconfig).parent)
    core: Any = kubernetes.client.CoreV1Api(kubernetes.config.new_client_from_config_dict(copy.deepcopy(content)))
    try:
        foreign = [each["metadata"]["name"] for each in _namespaces(core) if not made_here(each)]
    except Unreachable as error:
        raise SandboxError(f"The cluster of context {cluster.context} does not answer as it should: {_words(error)}.") from error
    if taken := [name for name in cluster.namespaces if name in foreign]:
        raise SandboxError(
            f"The namespace {', '.join(taken)} of context {cluster.context} is there and was not made by the sandbox; "
            f"name another in {external_cluster.NAMESPACES}, and in debezium_k8s_namespace."
        )
    external_cluster.remember(settings.state, cluster)
    _write(settings.kubeconfig, json.dumps(content, indent=2), 0o600)
    _write(kubectl(settings), f'#!/bin/sh\nexec kubectl --kubeconfig {shlex.quote(str(settings.kubeconfig))} "$@"\n', 0o755)


def up(settings: Settings, progress: Progress) -> None:
    """Create the namespaces that do not exist.  `prepare` must have been called."""
    cluster = _cluster(settings)
    with progress.step(f"namespaces {', '.join(cluster.namespaces)} in the cluster of context {cluster.context}"):
        core = _core(settings)
        try:
            there = _ours(core, cluster)
            for name in cluster.namespaces:
                if name not in there:
                    core.create_namespace({"metadata": {"name": name, "labels": dict([LABEL])}}, _request_timeout=SECONDS)
        except Unreachable as error:
            raise SandboxError(f"The cluster of context {cluster.context} made no namespace: {_words(error)}.") from error
    progress.say(f"  ! {notice(settings)}")


def down(settings: Settings, progress: Progress) -> None:
    """Delete the namespaces that the sandbox created.  If the cluster is gone or does not answer, that is reported and `down` goes on."""
    cluster = _cluster(settings)
    if external_cluster.remembered(settings.state) is None:
        return
    with progress.step(f"remove the namespaces {', '.join(cluster.namespaces)} from the cluster of context {cluster.context}"):
        try:
            core = _core(settings)
            for name in _ours(core, cluster):
                core.delete_namespace(name, _request_timeout=SECONDS)
            wait_until(lambda: not _ours(core, cluster), END_SECONDS, "They are still there.", interval=0.5)
        except (*Unreachable, SandboxError) as error:
            progress.say(f"  ! Not removed: {_words(error)}. Look for them with: kubectl get namespaces -l {'='.join(LABEL)}")
    external_cluster.forget(settings.state)


def status(settings: Settings) -> list[Part]:
    """One line: the context, the server's version and address."""
    cluster = _cluster(settings)
    try:
        client = kubernetes.config.new_client_from_config(str(settings.kubeconfig))
        api: Any = kubernetes.client.VersionApi(client)
        version, address, state = api.get_code(_request_timeout=SECONDS).git_version, client.configuration.host, "running"
    except Unreachable:
        version, address, state = "", "", "down"
    return [Part(f"Kubernetes ({cluster.context})", version, address, state)]


def notice(settings: Settings) -> str:
    """What is different with an existing cluster."""
    cluster = _cluster(settings)
    return (
        f"Kubernetes is yours: context {cluster.context}, namespaces {', '.join(cluster.namespaces)}. Its pods must reach this machine at "
        f"{settings.node_address} and {settings.private_instance_network}.N, and it must have or fetch the image of Debezium Server; "
        "there is no metadata server, and the sandbox's StorageClass has no provisioner there."
    )


def made_here(namespace: Mapping[str, Any]) -> bool:
    """Whether the sandbox created a namespace."""
    return (namespace["metadata"].get("labels") or {}).get(LABEL[0]) == LABEL[1]


def only_context(config: Mapping[str, Any], context: str, folder: Path) -> dict[str, Any]:
    """A kubeconfig with only one context of another, and with the content of the files that it names.

    folder: of the kubeconfig, for relative file names.
    """
    contexts = {each["name"]: each for each in config.get("contexts") or []}
    if context not in contexts:
        raise SandboxError(f"The kubeconfig has no context {context}; it has: {', '.join(sorted(contexts)) or 'none'}.")
    chosen = contexts[context]["context"]
    result: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "current-context": context, "contexts": [contexts[context]]}
    for kind in ("cluster", "user"):
        entry = copy.deepcopy(next((each for each in config.get(f"{kind}s") or [] if each["name"] == chosen[kind]), None))
        if entry is None:
            raise SandboxError(f"The kubeconfig has no {kind} {chosen[kind]}, which its context {context} names.")
        for name in FILES:
            if name in entry[kind]:
                entry[kind][f"{name}-data"] = base64.b64encode((folder / entry[kind].pop(name)).read_bytes()).decode()
        if "tokenFile" in entry[kind]:
            entry[kind]["tokenFile"] = str(folder / entry[kind]["tokenFile"])
        result[f"{kind}s"] = [entry]
    return result


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise SandboxError(f"The kubeconfig {path} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise SandboxError(f"{path} is no kubeconfig.")
    return content


def _cluster(settings: Settings) -> ExternalCluster:
    assert settings.external_cluster is not None, "the settings' kubernetes is `external`"
    return settings.external_cluster


def _core(settings: Settings) -> Any:
    """The client of the core API; its stubs declare neither its dynamic parameters nor that objects may be plain dicts."""
    return kubernetes.client.CoreV1Api(kubernetes.config.new_client_from_config(str(settings.kubeconfig)))


def _namespaces(core: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = core.api_client.sanitize_for_serialization(core.list_namespace(_request_timeout=SECONDS))["items"]
    return found


def _ours(core: Any, cluster: ExternalCluster) -> list[str]:
    """Names of our namespaces that exist."""
    return [each["metadata"]["name"] for each in _namespaces(core) if made_here(each) and each["metadata"]["name"] in cluster.namespaces]


def _words(error: BaseException) -> str:
    """An error in one line."""
    if isinstance(error, kubernetes.client.ApiException):
        return f"{error.status} {error.reason}"
    return str(error).splitlines()[0].rstrip(".")


def _write(path: Path, content: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(content)
