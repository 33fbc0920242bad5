"""The user's choice of an existing Kubernetes cluster, which the sandbox then uses instead of building one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import SandboxError

KUBECONFIG = "CDC_SANDBOX_CLUSTER_KUBECONFIG"
CONTEXT = "CDC_SANDBOX_CLUSTER_CONTEXT"
NAMESPACES = "CDC_SANDBOX_CLUSTER_NAMESPACES"
NODE_ADDRESS = "CDC_SANDBOX_CLUSTER_NODE_ADDRESS"


@dataclass(frozen=True)
class ExternalCluster:
    """An existing cluster.

    kubeconfig: absolute path of the file.
    context: name of the context in it; there is no default, because the current context may be a production cluster.
    namespaces: those that the sandbox creates and deletes; it touches no other.  By default `debezium`, the role's own default.
    node_address: address of this machine that the cluster's pods can reach, or None for the sandbox's own on the loopback link,
        which pods reach when this machine is their gateway (kind, minikube).
    """

    kubeconfig: str
    context: str
    namespaces: tuple[str, ...] = ("debezium",)
    node_address: str | None = None


def from_environment(environment: Mapping[str, str]) -> ExternalCluster | None:
    """The cluster that the environment names, or None if it names no kubeconfig."""
    kubeconfig = environment.get(KUBECONFIG)
    if not kubeconfig:
        return None
    context = environment.get(CONTEXT)
    if not context:
        raise SandboxError(f"{KUBECONFIG} is set and {CONTEXT} is not; name the context, because the sandbox never uses the current one.")
    names = tuple(each.strip() for each in environment.get(NAMESPACES, "").split(",") if each.strip())
    path = str(Path(kubeconfig).expanduser().absolute())
    return ExternalCluster(path, context, names or ExternalCluster.namespaces, environment.get(NODE_ADDRESS) or None)


def _file(state: Path) -> Path:
    return state / "external-cluster.json"


def remembered(state: Path) -> ExternalCluster | None:
    """The cluster that the running sandbox uses, or None."""
    file = _file(state)
    if not file.exists():
        return None
    content = json.loads(file.read_text())
    return ExternalCluster(**{**content, "namespaces": tuple(content["namespaces"])})


def remember(state: Path, cluster: ExternalCluster) -> None:
    """Record which cluster is used, so that `down` finds it from another shell."""
    file = _file(state)
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(cluster), indent=2))
    temporary.rename(file)


def forget(state: Path) -> None:
    _file(state).unlink(missing_ok=True)
