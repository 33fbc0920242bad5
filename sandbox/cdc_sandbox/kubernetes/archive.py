"""Container images without a container engine: a docker archive is a tar of a configuration, a manifest and layer tars."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""The kernel's name of a machine -> the name of Go, OCI images, Kubernetes and Debian."""


def machine_architecture(machine: str | None = None) -> str:
    """This machine's architecture as images, Kubernetes and Debian name it.  machine: by the kernel's name, by default this one's."""
    machine = machine or platform.machine()
    return ARCHITECTURES.get(machine, machine)


def docker_archive(path: Path, references: Sequence[str], layers: Sequence[Path], config: Mapping[str, object]) -> None:
    """Write an image.

    path: the archive to write.
    references: full names, registry and tag included.
    layers: uncompressed tars, lowest first.
    config: the OCI image's `config` (User, Env, Cmd, ...).
    """
    digests = [_sha256(layer) for layer in layers]
    content = {
        "architecture": machine_architecture(),
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
    }
    config_bytes = json.dumps(content).encode()
    config_name = hashlib.sha256(config_bytes).hexdigest() + ".json"
    names = [f"{digest}.tar" for digest in digests]
    manifest = [{"Config": config_name, "RepoTags": list(references), "Layers": names}]
    with tarfile.open(path, "w") as archive:
        _add(archive, config_name, config_bytes)
        for name, layer in zip(names, layers, strict=True):
            archive.add(layer, name)
        _add(archive, "manifest.json", json.dumps(manifest).encode())


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
