"""containerd, the node's container runtime: its configuration, its images, and the removal of its containers."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .. import addresses
from ..command import remove_folder, run
from ..errors import SandboxError
from ..process import Daemon, wait_until
from ..settings import Settings
from . import machine
from .archive import docker_archive

PAUSE_IMAGE = "cdc-sandbox.example.com/pause:1"
BUSYBOX_IMAGE = "docker.io/library/busybox:1"
CNI_PROGRAMS = "/usr/lib/cni"
NO_REGISTRY = "http://127.0.0.1:9"
"""Stands for every image registry: a closed port of this machine, so that a pull of a missing image fails at once without leaving it."""


def folder(settings: Settings) -> Path:
    return settings.state / "kubernetes" / "containerd"


def root(settings: Settings) -> Path:
    """Where images are stored; it survives `down`, so they are imported once."""
    return settings.cache / "containerd"


def socket_path(settings: Settings) -> Path:
    path = folder(settings) / "grpc.sock"
    if len(f"{path}.ttrpc") > 107:
        raise SandboxError(f"The path {path} is too long for a socket (107 characters); choose a shorter CDC_SANDBOX_STATE.")
    return path


def render_config(settings: Settings) -> str:
    """containerd's configuration (version 2, understood by containerd 1.6 to 2.x)."""
    here = folder(settings)
    return f"""version = 2
root = "{root(settings)}"
state = "{here}"

[grpc]
  address = "{socket_path(settings)}"

[plugins."io.containerd.internal.v1.opt"]
  path = "{here}/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  # Where root lacks CAP_SYS_RESOURCE, runc could not lower a container's oom_score_adj and would end.
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{here}/registries"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{CNI_PROGRAMS}"
    conf_dir = "{here}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def render_network(settings: Settings) -> str:
    """The pods' network: a bridge of this machine without masquerading, so pods reach this machine and nothing beyond it."""
    bridge = {
        "type": "bridge",
        "bridge": addresses.BRIDGE,
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(folder(settings) / "addresses"),
            "ranges": [[{"subnet": settings.pod_subnet}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    return json.dumps({"cniVersion": "0.4.0", "name": "cdc-sandbox", "plugins": [bridge]}, indent=2)


def render_registries() -> str:
    """`hosts.toml` for every registry.  Without its [host] table containerd 1.6 ignores the file and asks the real one."""
    return f'server = "{NO_REGISTRY}"\n\n[host."{NO_REGISTRY}"]\n  capabilities = ["pull", "resolve"]\n'


def daemon(settings: Settings) -> Daemon:
    return Daemon(settings, "containerd", ["containerd", "--config", str(folder(settings) / "config.toml")])


def start(settings: Settings) -> None:
    """Start containerd unless it runs, and wait until it answers."""
    if daemon(settings).pid() is None:
        # Not while containerd runs: it watches the network's file and would read it half written.
        _write_configuration(settings)
        daemon(settings).start()
    daemon(settings).wait_ready(lambda: _answers(settings), seconds=30)


def _write_configuration(settings: Settings) -> None:
    contents = {
        "config.toml": render_config(settings),
        "cni/10-cdc-sandbox.conflist": render_network(settings),
        "registries/_default/hosts.toml": render_registries(),
    }
    for name, content in contents.items():
        path = folder(settings) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def _answers(settings: Settings) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(socket_path(settings)))
        except OSError:
            return False
    # The socket listens before the image service is loaded.
    return "io.containerd.grpc.v1" in ctr(settings, "plugins", "ls")


def ctr(settings: Settings, *arguments: str | Path) -> str:
    """Run containerd's own client in the namespace that the kubelet uses."""
    return run(["ctr", "--address", socket_path(settings), "--namespace", "k8s.io", *arguments])


def images(settings: Settings) -> dict[str, str]:
    """Name -> digest of each image."""
    rows = [line.split() for line in ctr(settings, "images", "ls").splitlines()[1:]]
    return {row[0]: row[2] for row in rows}


def import_image(settings: Settings, make: Callable[[Path], None]) -> None:
    """Import an image that `make` writes as a docker archive into a temporary folder.

    make: gets the path of the archive to write; may use the folder that it is in.
    """
    scratch = settings.cache / "image.tmp"
    # Leftovers of a killed run may be gigabytes.
    remove_folder(scratch)
    scratch.mkdir(parents=True)
    try:
        make(scratch / "image.tar")
        ctr(settings, "images", "import", scratch / "image.tar")
    finally:
        remove_folder(scratch)


def import_small_images(settings: Settings) -> None:
    """Import the pause image (Debian's catatonit) and busybox, each made of one static program, unless present."""
    there = images(settings)
    if PAUSE_IMAGE not in there:
        import_image(settings, lambda path: _one_program(path, PAUSE_IMAGE, "catatonit", [], ["/bin/catatonit", "-P"]))
    if BUSYBOX_IMAGE not in there:
        applets = run(["busybox", "--list"]).split()
        import_image(settings, lambda path: _one_program(path, BUSYBOX_IMAGE, "busybox", applets, ["/bin/sh"]))


def _one_program(archive: Path, reference: str, program: str, links: Sequence[str], command: Sequence[str]) -> None:
    found = shutil.which(program)
    if found is None:
        raise SandboxError(f"The program {program} is not installed.")
    layer = archive.with_name("layer.tar")
    binaries = archive.with_name("bin")
    binaries.mkdir()
    shutil.copy(found, binaries / program)
    for link in links:
        if link != program:
            (binaries / link).symlink_to(program)
    run(["tar", "--create", "--file", layer, "--owner=0", "--group=0", "--numeric-owner", "-C", archive.parent, "bin"])
    docker_archive(archive, [reference], [layer], {"Cmd": list(command), "Env": ["PATH=/bin"], "WorkingDir": "/"})


def end_containers(settings: Settings) -> list[str]:
    """End every container and return the names of their network namespaces.  containerd must run."""
    remove_all(settings, "tasks", "--force")
    specifications = [
        json.loads(ctr(settings, "containers", "info", each))["Spec"] for each in ctr(settings, "containers", "ls", "-q").split()
    ]
    return sorted({name for each in specifications for name in network_namespaces(each)})


def remove_all(settings: Settings, kind: str, *options: str, seconds: float = 10) -> None:
    """Remove all `tasks` or `containers`.

    containerd removes a task that ends itself, at the same time, and then refuses our request in several ways; so an error counts only
    if the object still exists after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while names := ctr(settings, kind, "ls", "-q").split():
        for name in names:
            try:
                ctr(settings, kind, "delete", *options, name)
            except SandboxError:
                if time.monotonic() > deadline:
                    raise


def end_shims(settings: Settings) -> None:
    """Kill shims that containerd lost track of because it was killed while it started or ended a container."""
    wait_until(lambda: not _kill(_shims(settings)), 10, "A process of containerd does not end.")


def _shims(settings: Settings) -> list[int]:
    """Process ids of the shims that belong to this containerd: they have its address in their arguments."""
    address = str(socket_path(settings))
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue  # It ended while we looked.
        if Path(words[0]).name.startswith("containerd-shim") and address in words:
            found.append(int(file.parent.name))
    return found


def _kill(pids: list[int]) -> list[int]:
    machine.kill(pids)
    return pids


def network_namespaces(specification: Mapping[str, object]) -> list[str]:
    """Names of the network namespaces (`cni-...`) in a container's OCI specification."""
    linux = specification.get("linux")
    namespaces = linux.get("namespaces", []) if isinstance(linux, dict) else []
    paths = [Path(each["path"]) for each in namespaces if each["type"] == "network" and each.get("path")]
    return [path.name for path in paths if path.name.startswith("cni-")]
