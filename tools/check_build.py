"""Builds the collection and looks at what is in it: nothing of the sandbox, the tests' tools or this checkout, everything a user needs."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("README.md", "LICENSE", "meta/runtime.yml", "playbooks/site.yml", "playbooks/verify.yml", "plugins/modules/sql_instance.py")
FORBIDDEN = ("sandbox", "tools", "tests/e2e", ".venv", ".git", ".cache", "Makefile", "inventories/sandbox.yml")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["ansible-galaxy", "collection", "build", "--output-path", folder, str(ROOT)], check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("cdc-gcp-*.tar.gz")
        with tarfile.open(archive) as opened:
            names = set(opened.getnames())
        size = archive.stat().st_size
    missing = [name for name in NEEDED if name not in names]
    extra = sorted(name for name in names if name.split("/")[0] in FORBIDDEN or name in FORBIDDEN)
    print(f"{archive.name}: {len(names)} files, {size / 1024:.0f} KiB")
    for name in missing:
        print(f"missing: {name}")
    for name in extra:
        print(f"must not be in it: {name}")
    return 1 if missing or extra else 0


if __name__ == "__main__":
    sys.exit(main())
