"""Builds the collection, looks at what is in it, installs it as AWX would, and lets Ansible read its playbooks from there."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("README.md", "LICENSE", "meta/runtime.yml", "playbooks/site.yml", "playbooks/verify.yml", "plugins/modules/sql_instance.py")
FORBIDDEN = ("sandbox", "tools", "bench", "tests/e2e", ".venv", ".git", ".cache", "Makefile", "inventories/sandbox.yml")
PLAYBOOKS = ("cdc.gcp.site", "cdc.gcp.verify")


def contents(folder: str) -> list[str]:
    """Build into `folder`; what is wrong with the archive, as sentences."""
    subprocess.run(["ansible-galaxy", "collection", "build", "--output-path", folder, str(ROOT)], check=True, stdout=subprocess.DEVNULL)
    (archive,) = Path(folder).glob("cdc-gcp-*.tar.gz")
    with tarfile.open(archive) as opened:
        names = set(opened.getnames())
    print(f"{archive.name}: {len(names)} files, {archive.stat().st_size / 1024:.0f} KiB")
    missing = [f"missing: {name}" for name in NEEDED if name not in names]
    return missing + [f"must not be in it: {name}" for name in sorted(names) if name.split("/")[0] in FORBIDDEN or name in FORBIDDEN]


def installed(folder: str) -> list[str]:
    """Install by collections/requirements.yml into `folder`; what Ansible cannot read from there, as sentences."""
    requirements = str(ROOT / "collections" / "requirements.yml")
    command = ["ansible-galaxy", "collection", "install", "--force", "-r", requirements, "-p", folder]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": folder}
    environment.pop("ANSIBLE_CONFIG", None)
    subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    wrong = []
    for playbook in PLAYBOOKS:
        check = ["ansible-playbook", "-i", str(ROOT / "inventories/example.yml"), "--syntax-check", playbook]
        done = subprocess.run(check, cwd=folder, env=environment, capture_output=True, text=True)
        found = f"playbook: {folder}" in done.stdout
        print(f"{playbook}: {'read' if done.returncode == 0 and found else 'not read'} from the installed collection")
        if done.returncode or not found:
            wrong.append(f"{playbook} cannot be read when installed: {done.stderr.strip()}")
    return wrong


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as target:
        wrong = [*contents(folder), *installed(target)]
    for sentence in wrong:
        print(sentence)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
