"""The sandbox's folders, addresses and ports, in one value that every part receives."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from . import external_cluster
from .errors import SandboxError
from .external_cluster import ExternalCluster

Kubernetes = Literal["real node", "fake node", "external"]
"""Which Kubernetes: the sandbox's own with a node that runs pods, its own with a fake node that runs none, or a cluster of the user's."""


@dataclass(frozen=True)
class Settings:
    """Where the sandbox lives.

    state: everything of a running sandbox; `down` empties it.
    cache: what is kept between runs (built programs, images); `make clean` empties it.
    """

    state: Path
    cache: Path

    project: str = "demo-project"
    project_number: str = "123456789012"
    host_project: str = "demo-host"
    """A second project: the host of a shared VPC network that instances of the first may use; it may hold topics, too."""
    host_project_number: str = "210987654321"
    host_network: str = "shared"
    region: str = "europe-west1"

    kubernetes: Kubernetes = "real node"
    external_cluster: ExternalCluster | None = None
    """Set when kubernetes is "external"."""
    node_address: str = "10.89.0.1"
    """Address of the node on the loopback link: pods reach this machine's servers here."""
    pod_subnet: str = "10.88.0.0/24"
    network: str = "10.89.0.0/16"
    """All addresses of the node and of the instances; the sandbox keeps packets to them on this machine."""
    private_instance_network: str = "10.89.1"
    """Private addresses of Cloud SQL instances: `10.89.1.N`, port 5432, on the loopback link."""
    public_instance_network: str = "10.89.2"

    google_port: int = 8480
    """The stand-in for Google's REST APIs, http on 127.0.0.1."""
    pubsub_port: int = 8485
    """Pub/Sub's plain endpoint (gRPC and REST, no credentials), on 127.0.0.1."""
    pubsub_tls_port: int = 443
    """Pub/Sub's TLS endpoint as `pubsub.googleapis.com`, on the node's address."""
    metadata_port: int = 8490
    """The pods' metadata server, http on the node's address; there is one where there is a real node."""
    kubernetes_port: int = 16443
    etcd_port: int = 12379
    etcd_peer_port: int = 12380

    @property
    def projects(self) -> dict[str, str]:
        """The number of each project, by id."""
        return {self.project: self.project_number, self.host_project: self.host_project_number}

    @property
    def google_endpoint(self) -> str:
        return f"http://127.0.0.1:{self.google_port}"

    @property
    def pubsub_plain_endpoint(self) -> str:
        return f"127.0.0.1:{self.pubsub_port}"

    @property
    def pubsub_tls_endpoint(self) -> str:
        return f"{self.node_address}:{self.pubsub_tls_port}"

    @property
    def metadata_endpoint(self) -> str:
        """As `GCE_METADATA_HOST` has it."""
        return f"{self.node_address}:{self.metadata_port}"

    @property
    def kubernetes_endpoint(self) -> str:
        return f"https://127.0.0.1:{self.kubernetes_port}"

    @property
    def pki(self) -> Path:
        """Certificates: `ca.crt` signs the TLS endpoint's; the trust store for Java is `truststore.p12`."""
        return self.state / "pki"

    @property
    def kubeconfig(self) -> Path:
        """The cluster administrator's kubeconfig."""
        return self.state / "kubeconfig"

    @property
    def owner_key(self) -> Path:
        """Key file of a service account that owns the project: how the collection logs in to the stand-in."""
        return self.state / "credentials" / "owner.json"

    @property
    def viewer_key(self) -> Path:
        """Key file of a service account with read-only access."""
        return self.state / "credentials" / "viewer.json"

    @property
    def logs(self) -> Path:
        return self.state / "logs"


def load() -> Settings:
    """Folders from `CDC_SANDBOX_STATE` and `CDC_SANDBOX_CACHE`, else the system's usual places.

    Root gets `/var/lib` and `/var/cache` (PostgreSQL runs as another user, who must be able to reach its folder), anybody else
    the XDG folders, and addresses and ports that need no root.
    """
    if os.geteuid() == 0:
        state, cache = Path("/var/lib/cdc-sandbox"), Path("/var/cache/cdc-sandbox")
    else:
        home = Path.home()
        state = Path(os.environ.get("XDG_STATE_HOME") or home / ".local/state") / "cdc-sandbox"
        cache = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "cdc-sandbox"
    settings = Settings(
        state=Path(os.environ.get("CDC_SANDBOX_STATE") or state),
        cache=Path(os.environ.get("CDC_SANDBOX_CACHE") or cache),
    )
    cluster = external_cluster.remembered(settings.state)
    if cluster is None and not (settings.state / "kubernetes").exists():  # else the sandbox is up, with Kubernetes of its own
        cluster = external_cluster.from_environment(os.environ)
    if cluster is None:
        return settings if os.geteuid() == 0 else without_root(settings)
    if os.geteuid() != 0:
        raise SandboxError("Without root the sandbox has addresses that no pod reaches; with a cluster of yours it needs root.")
    return with_cluster(settings, cluster)


def with_cluster(settings: Settings, cluster: ExternalCluster) -> Settings:
    """The same for an external cluster: its pods may have any address, as in a network that is peered with Cloud SQL's."""
    address = cluster.node_address or settings.node_address
    return replace(settings, kubernetes="external", external_cluster=cluster, node_address=address, pod_subnet="0.0.0.0/0")


def without_root(settings: Settings) -> Settings:
    """The same for an unprivileged user: addresses that every Linux machine has (127.0.0.0/8), and unprivileged ports.

    All differ from root's, so that a user's sandbox and root's can run at the same time.
    """
    return replace(
        settings,
        kubernetes="fake node",
        node_address="127.89.0.1",
        network="127.89.0.0/16",
        private_instance_network="127.89.1",
        public_instance_network="127.89.2",
        google_port=8580,
        pubsub_port=8585,
        pubsub_tls_port=8543,
        metadata_port=8590,
        kubernetes_port=17443,
        etcd_port=13379,
        etcd_peer_port=13380,
    )
