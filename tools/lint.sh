#!/usr/bin/env bash
# Style: ruff for Python, ansible-lint (profile production) and yamllint for YAML, gofmt and go vet for the sandbox's Go, bash -n for scripts.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/yamllint --strict .
.venv/bin/python tools/role_docs.py --check
.venv/bin/python tools/recovery_docs.py --check
.venv/bin/ansible-lint --offline --profile production -q
for script in tools/*.sh bench/*.sh .ci/run; do bash -n "$script"; done
go=$(.venv/bin/cdc-sandbox go)
unformatted=$("$(dirname "$go")/gofmt" -l sandbox/pubsub sandbox/kubernetes)
[ -z "$unformatted" ] || { echo "gofmt would change: $unformatted" >&2; exit 1; }
(cd sandbox/pubsub && "$go" vet ./...)
