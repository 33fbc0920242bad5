"""Builds the image `quay.io/debezium/server` on this machine from Debian's Java 21 and the Debezium Server distribution."""

from __future__ import annotations

import copy
import io
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from ..command import fetch
from ..errors import SandboxError
from ..kubernetes import containerd
from ..kubernetes.archive import docker_archive
from ..progress import Progress
from ..settings import Settings

VERSION = "3.6.3.Final"
IMAGE = f"quay.io/debezium/server:{VERSION}"
RECIPE = 1
"""Increase it when this file builds a different image of the same version, so that the previous one is replaced."""
RECIPE_TAG = f"cdc-sandbox.example.com/debezium-server:{VERSION}-{RECIPE}"
"""A second name of the image, which identifies the recipe."""

USER = 185
WRITTEN_FOLDERS = ("debezium/data", "home/jboss")
"""Folders that the public image has and the distribution lacks."""
CONFIG = {
    "User": "jboss",
    "WorkingDir": "/debezium",
    "Cmd": ["/debezium/run.sh"],
    "Env": [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG=C.UTF-8",
        "SERVER_HOME=/debezium",
        "HOME=/home/jboss",
    ],
    "ExposedPorts": {"8080/tcp": {}},
}


def ensure(settings: Settings, progress: Progress) -> None:
    """Build and import the image unless containerd (which must run) has it.  Images of other versions and recipes are removed."""
    before = containerd.images(settings)
    if {IMAGE, RECIPE_TAG} <= before.keys():
        return
    with progress.step(f"make the image {IMAGE} (once, some 2 minutes)"):
        containerd.import_image(settings, lambda archive: _make(archive, progress))
        for name in outdated(before, containerd.images(settings)):
            containerd.ctr(settings, "images", "remove", name)


def outdated(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Names of earlier images of Debezium Server, including the bare digests by which the kubelet refers to images.

    before, now: name -> digest, before and after the import of the wanted image.
    """
    repositories = tuple(each.rpartition(":")[0] + ":" for each in (IMAGE, RECIPE_TAG))
    old = {digest for name, digest in before.items() if name.startswith(repositories)} - {now[IMAGE]}
    return sorted(name for name, digest in now.items() if digest in old)


def _make(archive: Path, progress: Progress) -> None:
    scratch = archive.parent
    java, server = scratch / "java.tar", scratch / "server.tar"
    progress.note("Java 21 of Debian")
    fetch(
        "Java 21 of Debian",
        [
            "mmdebstrap",
            "--quiet",
            "--variant=essential",
            "--include=openjdk-21-jre-headless,ca-certificates",
            "--dpkgopt=path-exclude=/usr/share/doc/*",
            "trixie",
            java,
        ],
        environment={"TMPDIR": str(scratch)},
    )
    progress.note(f"Debezium Server {VERSION}")
    distribution = _distribution(scratch / "maven")
    server_layer(distribution, server, users(java))
    shutil.rmtree(scratch / "maven")
    progress.note("put together")
    docker_archive(archive, [IMAGE, RECIPE_TAG], [java, server], CONFIG)
    java.unlink()
    server.unlink()
    progress.note("import into containerd")


def _distribution(repository: Path) -> Path:
    """The distribution's archive, downloaded by Maven into a temporary local repository."""
    artifact = f"io.debezium:debezium-server-dist:{VERSION}:tar.gz"
    maven = ["mvn", "-q", "-B", "dependency:get", f"-Dmaven.repo.local={repository}", f"-Dartifact={artifact}", "-Dtransitive=false"]
    fetch(f"Debezium Server {VERSION} of Maven Central", maven)
    found = list(repository.glob(f"io/debezium/debezium-server-dist/{VERSION}/*.tar.gz"))
    if len(found) != 1:
        raise SandboxError(f"Maven brought {len(found)} archives of {artifact} instead of one.")
    return found[0]


def users(java: Path) -> bytes:
    """`/etc/passwd` of the lower layer with the public image's user added."""
    with tarfile.open(java) as archive:
        file = archive.extractfile("./etc/passwd")
        if file is None:
            raise SandboxError(f"{java} has no /etc/passwd.")
        return file.read() + f"jboss:x:{USER}:0:JBoss user:/home/jboss:/sbin/nologin\n".encode()


def server_layer(distribution: Path, layer: Path, passwd: bytes) -> None:
    """Write the upper layer: the distribution as `/debezium`, and the users.

    Owner 185:0 and writable by group and others, as the public image has it (so that any user id can run it).  The archive is
    rewritten member by member: nothing is unpacked on this machine.
    """
    folders = set(WRITTEN_FOLDERS)
    with tarfile.open(distribution, "r:gz") as source, tarfile.open(layer, "w") as target:
        for member in source:
            _, _, path = member.name.removeprefix("./").partition("/")
            name = f"debezium/{path}".rstrip("/")
            # The archive lacks entries for some folders, which would then belong to root.
            folders.update(str(each) for each in PurePosixPath(name).parents if each.name)
            if member.isdir():
                folders.add(name)
            else:
                target.addfile(_owned(member, name), source.extractfile(member) if member.isreg() else None)
        for folder in sorted(folders):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            target.addfile(_owned(entry, folder))
        entry = tarfile.TarInfo("etc/passwd")
        entry.size, entry.mode = len(passwd), 0o644
        target.addfile(entry, io.BytesIO(passwd))


def _owned(member: tarfile.TarInfo, name: str) -> tarfile.TarInfo:
    result = copy.copy(member)
    result.name = name
    result.uid, result.gid, result.uname, result.gname = USER, 0, "", ""
    result.mode |= 0o022
    result.pax_headers = {}
    return result
