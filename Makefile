# The conductor: every part has a Makefile of its own, this one knows the order. `make` prints what there is.
SHELL := /bin/bash
ROOT  := $(CURDIR)
BUILD ?= $(ROOT)/build
JOBS  ?= $(shell nproc)
PG_CONFIG ?= $(firstword $(wildcard /usr/lib/postgresql/*/bin/pg_config) pg_config)
export BUILD PG_CONFIG

# A part called alone gets -j from here; called below another make it shares that one's job server.
SUBMAKE = $(MAKE) --no-print-directory $(if $(filter --jobserver%,$(MAKEFLAGS)),,-j$(JOBS))

.DEFAULT_GOAL := help
.PHONY: help deps build core agent extension install clean demo run \
        test test-unit test-sql test-e2e test-contract test-fault test-upgrade check fuzz bench

help: ## Print this list
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(firstword $(MAKEFILE_LIST)) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

deps: ## Install what is missing of Debian's packages (says which first)
	@tests/support/deps.sh

build: extension agent ## Build both programs: build/cpi and the extension

core:
	+@$(SUBMAKE) -C extension/core

agent: core
	+@$(SUBMAKE) -C agent

extension: core
	+@$(SUBMAKE) -C extension

install: build ## Install the extension (PGXS) and the program cpi; DESTDIR and PG_CONFIG are obeyed
	+@$(SUBMAKE) -C extension install
	install -D -m 755 $(BUILD)/cpi $(DESTDIR)$(or $(bindir),/usr/local/bin)/cpi

clean: ## Remove everything that was built
	rm -rf $(BUILD)

demo: ## Set everything up and show the main job on an embedded PostgreSQL
	@tests/support/demo.sh

run: ## cpi serve on the embedded PostgreSQL
	@$(MAKE) --no-print-directory install && exec cpi serve

test: ## Set everything up and run every test in its short form
	@tests/support/test.sh

test-unit: core agent ## GoogleTest of core and agent (FILTER=Reader.*)
	+@$(SUBMAKE) -C tests/unit
	@tests/support/run_unit.sh $(FILTER)

test-sql: ## pgTAP of the extension (FILTER=connections)
	@tests/support/run_sql.sh $(FILTER)

test-e2e: ## The real programs from outside (FILTER=jobs)
	@tests/support/run_e2e.sh "$(FILTER)"

test-contract: ## The OpenAPI document under two linters, its examples against a running agent (tools from npm)
	@tests/support/run_contract.sh "$(FILTER)"

test-fault: core ## Kill things and see that nothing is lost or doubled
	+@$(SUBMAKE) -C agent failpoints
	@tests/support/run_fault.sh "$(FILTER)"

test-upgrade: ## Fresh, upgraded and restored installs are identical
	@tests/support/run_upgrade.sh $(FILTER)

check: ## Format, lint, house checks, and the unit tests under ASan and UBSan
	@tests/checks/run.sh

fuzz: ## Run the fuzzers (SECONDS=600 each)
	@tests/fuzz/run.sh

bench: ## Measure side by side with psql \copy and compare the results row by row
	@tests/bench/run.sh
