"""Builds the collection, looks at what is in it, installs it as AWX would, and lets Ansible read its playbooks from there."""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("README.md", "LICENSE", "meta/runtime.yml", "playbooks/site.yml", "playbooks/verify.yml", "plugins/modules/cloudsql_instance.py")
FORBIDDEN = (
    "sandbox",
    "tools",
    "bench",
    "recovery",
    "tests/callback",
    "tests/e2e",
    "tests/integration",
    "extensions/molecule",
    ".venv",
    ".git",
    ".cache",
    "Makefile",
    "requirements-dev.txt",
    "inventories/sandbox.yml",
)
REPOSITORY = "https://github.com/cdc-gcp/cdc.gcp/blob/main/"
"""Where shipped pages link to what is not shipped."""
LINK = re.compile(r"\]\(([^)\s]+)\)")
SANDBOX_IMPORT = re.compile(r"^\s*(?:from|import) +cdc_sandbox\b", re.MULTILINE)
PLAYBOOKS = ("cdc.gcp.site", "cdc.gcp.verify")


def contents(folder: str) -> list[str]:
    """Build into `folder`; what is wrong with the archive, as sentences."""
    subprocess.run(["ansible-galaxy", "collection", "build", "--output-path", folder, str(ROOT)], check=True, stdout=subprocess.DEVNULL)
    (archive,) = Path(folder).glob("cdc-gcp-*.tar.gz")
    with tarfile.open(archive) as opened:
        names = set(opened.getnames())
        texts = {name: _text(opened, name) for name in names if name.endswith((".md", ".py"))}
    print(f"{archive.name}: {len(names)} files, {archive.stat().st_size / 1024:.0f} KiB")
    missing = [f"missing: {name}" for name in NEEDED if name not in names]
    unwanted = [f"must not be in it: {name}" for name in sorted(names) if name.split("/")[0] in FORBIDDEN or name in FORBIDDEN]
    return missing + unwanted + dead_links(texts, names) + sandbox_imports(texts)


def dead_links(texts: dict[str, str], names: set[str]) -> list[str]:
    """Relative links of the archive's Markdown to what is not in it, and links to files that the repository does not have."""
    wrong = []
    for page, text in sorted(texts.items()):
        for link in LINK.findall(text) if page.endswith(".md") else []:
            target = link.partition("#")[0]
            if target.startswith(REPOSITORY):
                if not (ROOT / target.removeprefix(REPOSITORY)).exists():
                    wrong.append(f"{page} links to {link}, which the repository does not have")
            elif target and "://" not in target and posixpath.normpath(posixpath.join(posixpath.dirname(page), target)) not in names:
                wrong.append(f"{page} links to {link}, which is not in the archive; use {REPOSITORY}...")
    return wrong


def sandbox_imports(texts: dict[str, str]) -> list[str]:
    """Python files of the archive that import the sandbox, which a user of the collection does not have."""
    return [f"{name} imports cdc_sandbox" for name, text in sorted(texts.items()) if name.endswith(".py") and SANDBOX_IMPORT.search(text)]


def dead_links_of_developer_pages() -> list[str]:
    """The same for the pages that are not shipped: their links are relative, to files of the repository."""
    wrong = []
    for page in sorted((ROOT / "sandbox" / "docs").glob("*.md")):
        targets = {link.partition("#")[0] for link in LINK.findall(page.read_text()) if "://" not in link}
        wrong += [
            f"{page.relative_to(ROOT)} links to {each}, which does not exist" for each in targets if not (page.parent / each).exists()
        ]
    return wrong


def _text(archive: tarfile.TarFile, name: str) -> str:
    member = archive.extractfile(name)
    return member.read().decode() if member else ""


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
        wrong = [*contents(folder), *dead_links_of_developer_pages(), *installed(target)]
    for sentence in wrong:
        print(sentence)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
