"""What differs on Linux arm64: names of builds, and the architecture that an image says it is for."""

from __future__ import annotations

import json
import platform
import tarfile
from pathlib import Path

import pytest
from cdc_sandbox.errors import SandboxError
from cdc_sandbox.kubernetes import fake_node
from cdc_sandbox.kubernetes.archive import docker_archive, machine_architecture
from cdc_sandbox.postgresql import programs


@pytest.mark.parametrize(("machine", "architecture"), [("x86_64", "amd64"), ("aarch64", "arm64"), ("riscv64", "riscv64")])
def test_a_machine_has_the_name_that_images_and_kubernetes_use(machine: str, architecture: str) -> None:
    assert machine_architecture(machine) == architecture


@pytest.mark.parametrize(("machine", "architecture"), [("x86_64", "amd64"), ("aarch64", "arm64")])
def test_an_image_says_the_architecture_of_the_machine_that_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str, architecture: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    (tmp_path / "layer.tar").write_bytes(b"layer")
    docker_archive(tmp_path / "image.tar", ["example.com/image:1"], [tmp_path / "layer.tar"], {})
    with tarfile.open(tmp_path / "image.tar") as archive:
        (name,) = [each for each in archive.getnames() if each.endswith(".json") and each != "manifest.json"]
        content = archive.extractfile(name)
        assert content is not None
        assert json.load(content)["architecture"] == architecture


def test_postgresql_comes_in_a_build_for_each_machine() -> None:
    assert programs.artifact_for("x86_64").endswith("-linux-amd64")
    assert programs.artifact_for("aarch64").endswith("-linux-arm64v8")
    with pytest.raises(SandboxError, match="no PostgreSQL for riscv64"):
        programs.artifact_for("riscv64")


def test_the_fake_node_says_its_architecture() -> None:
    assert fake_node.node("arm64")["metadata"]["labels"]["kubernetes.io/arch"] == "arm64"
    assert fake_node.node_status("arm64", "v1", "now")["nodeInfo"]["architecture"] == "arm64"
