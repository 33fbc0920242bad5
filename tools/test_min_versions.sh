#!/usr/bin/env bash
# The unit tests with the oldest versions that requirements.txt allows, in a virtual environment of their own.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv-min-versions
if [ ! -e "$venv/.ready" ] || [ tests/min-versions.txt -nt "$venv/.ready" ] || [ requirements.txt -nt "$venv/.ready" ]; then
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt -c tests/min-versions.txt 'pytest>=8.3' 'pytest-timeout>=2.3'
    packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
    mkdir -p "$packages/ansible_collections/cdc"
    ln -sfn "$PWD" "$packages/ansible_collections/cdc/gcp"
    touch "$venv/.ready"
fi
# The fault harness is not part of the collection, and needs the sandbox.
"$venv/bin/python" -m pytest tests/unit --ignore=tests/unit/recovery -q -p no:cacheprovider
