#!/usr/bin/env bash
# Tests of the sandbox itself, in Python and Go.
set -euo pipefail
cd "$(dirname "$0")/.."
go=$(.venv/bin/cdc-sandbox go)
(cd sandbox/pubsub && CGO_ENABLED=0 "$go" test ./...)
.venv/bin/python -m pytest sandbox/tests -q
