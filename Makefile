# The commands of the project.  `make demo` and `make test` do all the set-up that they need.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
SANDBOX := $(BIN)/cdc-sandbox
PYTEST := $(BIN)/python -m pytest
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help demo test up down status clean lint types sanity unit test-min-versions sandbox-test integration e2e e2e-without-pods load sandbox-resilience bench recovery build

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 20

$(VENV)/.ready: requirements.txt requirements-dev.txt meta/ee-requirements.txt sandbox/pyproject.toml tools/setup.sh
	@tools/setup.sh $(VENV)

$(VENV)-bench/.ready: $(VENV)/.ready bench/requirements.txt bench/setup.sh
	@bench/setup.sh $(VENV) $(VENV)-bench

demo: $(VENV)/.ready ## the sandbox, a pipeline in it, and the first change event on the screen
	@$(BIN)/python tools/demo.py

# `sandbox-resilience` compares the machine before and after, so beside it runs only what changes nothing outside its own folders.
test: $(VENV)/.ready ## everything that CI checks, from nothing
	@$(BIN)/python tools/run_checks.py "lint types sanity unit test-min-versions build | sandbox-resilience" "integration | sandbox-test" "e2e-without-pods | e2e"

up: $(VENV)/.ready ## start the sandbox
	@$(SANDBOX) up

down: $(VENV)/.ready ## stop the sandbox and undo everything that it did to this machine
	@$(SANDBOX) down

status: $(VENV)/.ready ## each part of the sandbox, and how to look around
	@$(SANDBOX) status

clean: $(VENV)/.ready ## stop the sandbox and empty its caches
	@$(SANDBOX) down
	@$(SANDBOX) clean

lint: $(VENV)/.ready ## style of Python, YAML, playbooks, Go
	@tools/lint.sh

types: $(VENV)/.ready ## mypy --strict over plugins and sandbox
	@tools/types.sh

sanity: $(VENV)/.ready ## ansible-test sanity: documentation against options, and some thirty checks more
	@tools/sanity.sh

unit: $(VENV)/.ready ## unit tests of the collection
	@$(PYTEST) tests/unit -q

test-min-versions: $(VENV)/.ready ## unit tests with the oldest versions that requirements.txt allows
	@tools/test_min_versions.sh

build: $(VENV)/.ready ## build the collection and look at what is in it
	@$(BIN)/python tools/check_build.py

sandbox-test: $(VENV)/.ready ## tests of the sandbox itself
	@tools/sandbox_tests.sh

sandbox-resilience: $(VENV)/.ready ## the sandbox survives killed processes and interrupted commands, and leaves the machine as it was
	@$(PYTEST) sandbox/tests/resilience -v --tb=short

integration: $(VENV)/.ready ## tests of modules on a real PostgreSQL, on the stand-in for Google's APIs, and in the controller's process
	@$(PYTEST) tests/integration -q

e2e: $(VENV)/.ready ## the whole pipeline on the sandbox, from nothing to events
	@$(PYTEST) tests/e2e/with_pods -v --tb=short

e2e-without-pods: $(VENV)/.ready ## what needs no pod, as an ordinary user: bad input, gcloud and other clients; can run beside `make e2e`
	@$(PYTEST) tests/e2e/without_pods -v --tb=short

load: $(VENV)/.ready ## 100,000 rows at once and 100,000 rows of a snapshot, five times in a row; not part of `make test`, which does it once
	@CDC_LOAD_REPETITIONS=5 $(PYTEST) tests/e2e/with_pods/test_load.py -v -s --tb=short

bench: $(VENV)-bench/.ready ## compare an unchanged run with the peers' collections, as ratios
	@$(BIN)/python -m bench.run

recovery: $(VENV)/.ready ## faults under write load, one after another: what was written, received, lost; FAULTS=name,name for some
	@$(BIN)/python -u -m recovery.run --faults "$(FAULTS)"
