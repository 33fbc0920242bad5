#!/usr/bin/env bash
# Makes the peers' environment, on the Python and with the ansible-core of the project's own.  Run by make.
set -euo pipefail
cd "$(dirname "$0")/.."
ours=${1:-.venv}
theirs=${2:-.venv-bench}

core=$("$ours/bin/python" -c 'from importlib.metadata import version; print(version("ansible-core"))')
echo "Setting up $theirs with ansible-core $core (the ansible package takes about a minute)"
[ -x "$theirs/bin/python" ] || "$ours/bin/python" -m venv "$theirs"
"$theirs/bin/python" -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt "ansible-core==$core"
touch "$theirs/.ready"
