"""The sandbox's Kubernetes as a whole: up, down, status."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import NamedTuple

from .. import addresses, packages
from ..command import remove_folder, run
from ..errors import SandboxError
from ..process import wait_until
from ..progress import Progress
from ..settings import Settings
from . import api, build, cgroups, containerd, control_plane, machine, node, volumes


class Part(NamedTuple):
    """One line of the status.  state is `ready`, `running` (not ready yet) or `down`."""

    name: str
    version: str
    address: str
    state: str


def kubectl(settings: Settings) -> Path:
    """A `kubectl` of the cluster's own version, for a person's shell."""
    return settings.state / "bin" / "kubectl"


def up(settings: Settings, progress: Progress) -> None:
    """Install, build and start what is missing; return when the node is Ready.  Safe to repeat.

    Raises SandboxError with one sentence when something is missing or does not start.
    """
    if os.geteuid() != 0:
        raise SandboxError("The sandbox's own Kubernetes needs root: its node makes containers, a network bridge and mounts.")
    cgroups.check()
    packages.install(progress)
    program = build.program(settings, progress)
    machine.remember(settings)
    addresses.ensure(settings, settings.node_address)
    start_control_plane(settings, progress, program)
    with progress.step("start containerd"):
        containerd.start(settings)
        containerd.import_small_images(settings)
    with progress.step("start the node"):
        node.start(settings, program)
        wait_for_service_account(settings)


def start_control_plane(settings: Settings, progress: Progress, program: Path) -> None:
    """Start the parts that need no root, and write `kubectl`.  program: what `build.program` gives."""
    with progress.step(f"start Kubernetes {build.version()} (etcd, API server, controllers, volumes)"):
        control_plane.start(settings, program)
        volumes.daemon(settings).start()
        _write_kubectl(settings, program)


def wait_for_service_account(settings: Settings) -> None:
    """Wait until pods can be created in the default namespace."""
    wait_until(
        lambda: api.read(settings, "/api/v1/namespaces/default/serviceaccounts/default") is not None,
        30,
        "The controller manager made no service account within 30 s.",
    )


def down(settings: Settings, progress: Progress) -> None:
    """Stop everything and restore the machine.  The built program and the images stay in the cache."""
    if not (settings.state / "kubernetes").exists():
        return
    with progress.step("stop the node and its pods"):
        node.stop(settings)
    stop_control_plane(settings, progress)


def stop_control_plane(settings: Settings, progress: Progress) -> None:
    """Stop what `start_control_plane` started, and remove everything of the cluster but the caches."""
    with progress.step("stop Kubernetes"):
        volumes.daemon(settings).stop()
        control_plane.stop(settings)
        for leftover in (settings.state / "kubernetes", volumes.folder(settings), kubectl(settings).parent):
            remove_folder(leftover)
        settings.kubeconfig.unlink(missing_ok=True)


def status(settings: Settings) -> list[Part]:
    """State of each part.  Needs no root and changes nothing."""
    ready = api.ready(settings)
    kubelet = node.kubelet(settings, Path("kubernetes")).state(lambda: not ready or api.node_ready(settings))
    return [
        *control_plane_status(settings, ready),
        Part("containerd", _containerd_version(), str(containerd.socket_path(settings)), containerd.daemon(settings).state()),
        Part("kubelet", build.version(), f"{settings.node_address}:{node.KUBELET_PORT}", kubelet),
    ]


def control_plane_status(settings: Settings, ready: bool) -> list[Part]:
    """The parts that need no root.  ready: whether the API server says that it is."""
    etcd, apiserver, controller_manager, scheduler = control_plane.daemons(settings, Path("kubernetes"))
    kubernetes = build.version()
    return [
        Part("etcd", build.version_of("go.etcd.io/etcd/server/v3"), f"127.0.0.1:{settings.etcd_port}", etcd.state()),
        Part("kube-apiserver", kubernetes, settings.kubernetes_endpoint, apiserver.state(lambda: ready)),
        Part("kube-controller-manager", kubernetes, "", controller_manager.state()),
        Part("kube-scheduler", kubernetes, "", scheduler.state()),
        Part("volume provisioner", "", "", volumes.daemon(settings).state()),
    ]


def _containerd_version() -> str:
    if shutil.which("containerd") is None:
        return ""
    found = re.search(r"\bv?(\d+\.\d+\.\d+\S*)", run(["containerd", "--version"]))
    return found[1] if found else ""


def _write_kubectl(settings: Settings, program: Path) -> None:
    path = kubectl(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec "{program}" kubectl --kubeconfig "{settings.kubeconfig}" "$@"\n')
    path.chmod(0o755)
