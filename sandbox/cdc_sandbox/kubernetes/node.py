"""The one node: this machine, with containerd and a kubelet."""

from __future__ import annotations

import json
from pathlib import Path

from .. import addresses, health
from ..command import remove_folder
from ..process import Daemon
from ..settings import Settings
from . import api, containerd, machine, pki

KUBELET_PORT = 16250
KUBELET_HEALTH_PORT = 16248


def folder(settings: Settings) -> Path:
    return settings.state / "kubernetes" / "kubelet"


def render_kubelet(settings: Settings) -> str:
    """The kubelet's configuration, as JSON (which is YAML)."""
    keys = pki.folder(settings)
    content = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": settings.node_address,
        "port": KUBELET_PORT,
        "readOnlyPort": 0,
        "healthzBindAddress": "127.0.0.1",
        "healthzPort": KUBELET_HEALTH_PORT,
        "tlsCertFile": str(keys / "kubelet.crt"),
        "tlsPrivateKeyFile": str(keys / "kubelet.key"),
        # Pods reach this port, too: only the API server's client certificate gets in.
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(keys / "ca.crt")},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        "oomScoreAdj": 0,
        "podLogsDir": str(folder(settings) / "logs"),
        # There is no name server.  Pods get one at a closed port of the node: a lookup fails at once instead of after a time-out.
        "clusterDNS": [settings.node_address],
        "resolvConf": "",
        "containerRuntimeEndpoint": f"unix://{containerd.socket_path(settings)}",
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        # Never remove an image: no registry could bring it back.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
    }
    return json.dumps(content, indent=2)


def kubelet(settings: Settings, program: Path) -> Daemon:
    here = folder(settings)
    return Daemon(
        settings,
        "kubelet",
        [
            str(program),
            "kubelet",
            f"--config={here / 'config.json'}",
            f"--kubeconfig={pki.kubeconfig(settings, 'kubelet')}",
            f"--hostname-override={pki.NODE_NAME}",
            f"--node-ip={settings.node_address}",
            f"--root-dir={here / 'root'}",
            f"--cert-dir={here / 'certificates'}",
        ],
    )


def start(settings: Settings, program: Path) -> None:
    """Start the kubelet and wait until the node is Ready.  containerd and the API server must run."""
    here = folder(settings)
    here.mkdir(parents=True, exist_ok=True)
    (here / "config.json").write_text(render_kubelet(settings))
    daemon = kubelet(settings, program)
    daemon.start()
    # After a crash the API server still has the Ready condition of the previous kubelet.
    daemon.wait_ready(lambda: health.answers("127.0.0.1", KUBELET_HEALTH_PORT, "/healthz") and api.node_ready(settings), seconds=60)


def stop(settings: Settings) -> None:
    """Stop the kubelet and every pod, and restore this machine."""
    kubelet(settings, Path("kubernetes")).stop()
    if (containerd.folder(settings) / "config.toml").exists():
        # Only containerd knows all containers, even after an interrupted start or a kill.
        containerd.start(settings)
        machine.remove_namespaces(containerd.end_containers(settings))
        # Last, because only they name the network namespaces, which the next attempt needs.
        containerd.remove_all(settings, "containers")
        containerd.daemon(settings).stop()
        containerd.end_shims(settings)
    machine.unmount([settings.state / "kubernetes"])
    for leftover in (containerd.folder(settings), folder(settings)):
        remove_folder(leftover)
    machine.remove_link(addresses.BRIDGE)
    addresses.release(settings, settings.node_address)
    # Last: a stop that is interrupted earlier is completed by the next one, and nothing after this changes the machine.
    machine.restore(settings)
