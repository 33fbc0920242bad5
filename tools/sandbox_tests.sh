#!/usr/bin/env bash
# Tests of the sandbox itself (Python and Go), and of the SQL modules on a real PostgreSQL.
set -euo pipefail
cd "$(dirname "$0")/.."
go=$(.venv/bin/cdc-sandbox go)
(cd sandbox/pubsub && CGO_ENABLED=0 "$go" test ./...)
.venv/bin/python -m pytest sandbox/tests tests/integration -q
