#!/usr/bin/env bash
# mypy --strict over the plugins (under their full name, ansible_collections.cdc.gcp) and over the sandbox, the tools, the bench and the recovery program.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
mkdir -p .cache/types/ansible_collections/cdc
ln -sfn "$root" .cache/types/ansible_collections/cdc/gcp
(
    cd .cache/types
    MYPYPATH=. "$root/.venv/bin/mypy" --python-executable "$root/.venv/bin/python" --config-file "$root/pyproject.toml" \
        --cache-dir "$root/.mypy_cache" -p ansible_collections.cdc.gcp.plugins
)
MYPYPATH=sandbox .venv/bin/mypy --explicit-package-bases sandbox/cdc_sandbox tools bench recovery
