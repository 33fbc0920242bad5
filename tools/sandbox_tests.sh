#!/usr/bin/env bash
# Tests of the sandbox itself, in Python and Go.
set -euo pipefail
cd "$(dirname "$0")/.."
go=$(.venv/bin/cdc-sandbox go)
(cd sandbox/pubsub && CGO_ENABLED=0 "$go" test ./...)
# `make sandbox-resilience` runs the others: they take the sandbox of this machine down.
.venv/bin/python -m pytest sandbox/tests --ignore=sandbox/tests/resilience -q
