"""The image of Debezium Server, as far as it needs no network: its upper layer and its archive."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
from cdc_sandbox.debezium import image
from cdc_sandbox.kubernetes.archive import docker_archive


def add(archive: tarfile.TarFile, name: str, content: bytes | None, mode: int = 0o640) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.uid, entry.uname = mode, 1000, "builder"
    if content is None:
        entry.type = tarfile.DIRTYPE
    else:
        entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content or b""))


@pytest.fixture
def distribution(tmp_path: Path) -> Path:
    path = tmp_path / "dist.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        # Like the real one, the archive has an entry for some folders only: none for `lib`.
        add(archive, "debezium-server/", None, 0o755)
        add(archive, "debezium-server/run.sh", b"#!/bin/bash\n", 0o755)
        add(archive, "debezium-server/lib/core.jar", b"jar")
    return path


def test_the_distribution_becomes_a_folder_that_any_user_id_may_write(distribution: Path, tmp_path: Path) -> None:
    image.server_layer(distribution, tmp_path / "layer.tar", b"root:x:0:0::/:/bin/sh\n")

    with tarfile.open(tmp_path / "layer.tar") as layer:
        entries = {each.name: each for each in layer}
        run = layer.extractfile("debezium/run.sh")
        assert run is not None
        assert run.read() == b"#!/bin/bash\n"
    for folder in ("debezium", "debezium/lib", "debezium/data"):
        assert (entries[folder].isdir(), entries[folder].mode) == (True, 0o777), folder
    assert entries["debezium/run.sh"].mode == 0o777
    assert entries["debezium/lib/core.jar"].mode == 0o662
    assert {(each.uid, each.gid, each.uname) for name, each in entries.items() if name.startswith("debezium")} == {(185, 0, "")}
    assert (entries["etc/passwd"].uid, entries["etc/passwd"].mode) == (0, 0o644)


def test_the_user_is_added_to_those_of_the_lower_layer(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "java.tar", "w") as archive:
        add(archive, "./etc/passwd", b"root:x:0:0:root:/root:/bin/bash\n")
    lines = image.users(tmp_path / "java.tar").decode().splitlines()
    assert lines[0].startswith("root:")
    assert lines[1].startswith("jboss:x:185:0:")


def test_earlier_images_of_the_server_go_with_all_their_names_and_others_stay() -> None:
    before = {
        "quay.io/debezium/server:3.5.0.Final": "sha256:old",
        "sha256:id-of-old": "sha256:old",
        "docker.io/library/busybox:1": "sha256:busybox",
        "sha256:id-of-busybox": "sha256:busybox",
    }
    now = {**before, image.IMAGE: "sha256:new", image.RECIPE_TAG: "sha256:new", "sha256:id-of-new": "sha256:new"}

    assert image.outdated(before, now) == ["quay.io/debezium/server:3.5.0.Final", "sha256:id-of-old"]


def test_the_same_image_made_again_stays() -> None:
    before = {image.IMAGE: "sha256:same", "sha256:id": "sha256:same"}
    assert image.outdated(before, {**before, image.RECIPE_TAG: "sha256:same"}) == []


def test_an_archive_names_its_layers_by_their_content(tmp_path: Path) -> None:
    lower, upper = tmp_path / "lower.tar", tmp_path / "upper.tar"
    lower.write_bytes(b"lower")
    upper.write_bytes(b"upper")

    docker_archive(tmp_path / "image.tar", ["example.com/image:1", "example.com/image:2"], [lower, upper], {"User": "jboss"})

    with tarfile.open(tmp_path / "image.tar") as archive:
        contents = {name: file.read() for name in archive.getnames() if (file := archive.extractfile(name)) is not None}
    [manifest] = json.loads(contents["manifest.json"])
    assert manifest["RepoTags"] == ["example.com/image:1", "example.com/image:2"]
    assert [contents[name] for name in manifest["Layers"]] == [b"lower", b"upper"]
    config = json.loads(contents[manifest["Config"]])
    assert config["config"] == {"User": "jboss"}
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(content).hexdigest() for content in (b"lower", b"upper")]
    assert manifest["Config"] == hashlib.sha256(contents[manifest["Config"]]).hexdigest() + ".json"
