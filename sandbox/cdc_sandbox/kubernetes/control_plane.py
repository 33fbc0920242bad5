"""etcd, API server, controller manager and scheduler, on 127.0.0.1."""

from __future__ import annotations

from pathlib import Path

from ..process import Daemon
from ..settings import Settings
from . import api, pki

SERVICE_SUBNET = "10.96.0.0/24"


def daemons(settings: Settings, program: Path) -> list[Daemon]:
    """The four programs in the order of their start."""
    keys = pki.folder(settings)
    etcd_url = f"http://127.0.0.1:{settings.etcd_port}"
    peer_url = f"http://127.0.0.1:{settings.etcd_peer_port}"
    etcd = [
        "--name=sandbox",
        f"--data-dir={settings.state / 'kubernetes' / 'etcd'}",
        f"--listen-client-urls={etcd_url}",
        f"--advertise-client-urls={etcd_url}",
        f"--listen-peer-urls={peer_url}",
        f"--initial-advertise-peer-urls={peer_url}",
        f"--initial-cluster=sandbox={peer_url}",
        # Its data lives as long as the sandbox; a crash of the whole machine may lose it.
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]
    apiserver = [
        f"--etcd-servers={etcd_url}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={settings.kubernetes_port}",
        "--endpoint-reconciler-type=none",
        f"--tls-cert-file={keys / 'apiserver.crt'}",
        f"--tls-private-key-file={keys / 'apiserver.key'}",
        f"--token-auth-file={keys / 'tokens.csv'}",
        "--authorization-mode=Node,RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={keys / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={keys / 'service-accounts.key'}",
        f"--service-cluster-ip-range={SERVICE_SUBNET}",
        f"--kubelet-certificate-authority={keys / 'ca.crt'}",
        f"--kubelet-client-certificate={keys / 'apiserver-kubelet-client.crt'}",
        f"--kubelet-client-key={keys / 'apiserver-kubelet-client.key'}",
        "--kubelet-preferred-address-types=InternalIP",
    ]
    controller_manager = [
        f"--kubeconfig={pki.kubeconfig(settings, 'kube-controller-manager')}",
        "--secure-port=0",
        "--leader-elect=false",
        # RBAC grants each controller's permissions to its own service account.
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={keys / 'service-accounts.key'}",
        f"--root-ca-file={keys / 'ca.crt'}",
    ]
    scheduler = [
        f"--kubeconfig={pki.kubeconfig(settings, 'kube-scheduler')}",
        "--secure-port=0",
        "--leader-elect=false",
    ]
    parts = {"etcd": etcd, "kube-apiserver": apiserver, "kube-controller-manager": controller_manager, "kube-scheduler": scheduler}
    return [Daemon(settings, name, [str(program), name, *arguments]) for name, arguments in parts.items()]


def start(settings: Settings, program: Path) -> None:
    """Start all four and wait until the API server is ready."""
    pki.create(settings)
    etcd, apiserver, controller_manager, scheduler = daemons(settings, program)
    etcd.start()
    apiserver.start()
    apiserver.wait_ready(lambda: api.ready(settings), seconds=60)
    controller_manager.start()
    scheduler.start()


def stop(settings: Settings) -> None:
    """Stop all four, etcd last: an API server whose etcd is gone ignores SIGTERM."""
    etcd, apiserver, controller_manager, scheduler = daemons(settings, Path("kubernetes"))
    for daemon in (controller_manager, scheduler, apiserver, etcd):
        daemon.stop()
