#!/usr/bin/env bash
# Makes the virtual environment with everything the project needs, and links the collection into it.  Run by make.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}

fail() {
    echo "make: $1" >&2
    exit 1
}

# Debian's python3 comes without the module that makes virtual environments.
need_packages=()
command -v python3 >/dev/null || need_packages+=(python3)
python3 -c 'import ensurepip, venv' 2>/dev/null || need_packages+=(python3-venv)
if [ ${#need_packages[@]} -gt 0 ]; then
    command -v apt-get >/dev/null || fail "Python 3.11 or newer with its venv module is missing; install it and run make again."
    [ "$(id -u)" = 0 ] || fail "the packages ${need_packages[*]} are missing; install them (apt-get install ${need_packages[*]}) and run make again."
    echo "Installing Debian packages: ${need_packages[*]}"
    DEBIAN_FRONTEND=noninteractive apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${need_packages[@]}" >/dev/null
fi
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "python3 is $(python3 -V | cut -d' ' -f2); the project needs 3.11 or newer."

echo "Setting up $venv (Python packages: about 2 minutes when nothing is cached)"
started=$SECONDS
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade pip
# The build backend warns of a folder named like its package; it is the package.
PYTHONWARNINGS=ignore "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -e sandbox

# A link in site-packages makes `cdc.gcp` resolve to this checkout from any folder, for Ansible, pytest and the linters alike.
packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
mkdir -p "$packages/ansible_collections/cdc"
ln -sfn "$PWD" "$packages/ansible_collections/cdc/gcp"
touch "$venv/.ready"
echo "Set up $venv in $((SECONDS - started)) s"
