# `make` alone prints what there is. Settings go along: make up PORT=9000 DATA=/tmp/lab INSTANCES=3
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
# What has been installed: what the lab needs to run, k6 besides, and everything for its tests.
RUN := $(VENV)/.installed
LOAD := $(VENV)/.installed-load
DEV := $(VENV)/.installed-dev
LOCK := requirements.lock
# Looked for once, and only if something has to be installed.
PYTHON ?= $(eval PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done))$(PYTHON)

JAEGER_VERSION := 1.76.0
JAEGER := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/booking-lab/jaeger-$(JAEGER_VERSION)

PORT ?= 8000
HOST ?=
WORKERS ?=
THREADS ?=
INSTANCES ?=
DATA ?=
STRATEGY ?= pessimistic
SCRIPT ?= 01_one_seat
ARGS ?=
# The shell gets them as variables: with blanks and quotes in them, each is one argument all the same.
export DATA HOST PORT WORKERS THREADS INSTANCES STRATEGY SCRIPT
# Compiled files are kept: otherwise each of the many processes of a run compiles them again.
unexport PYTHONDONTWRITEBYTECODE
data = $${DATA:+--data "$$DATA"}

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Settings: PORT HOST WORKERS THREADS INSTANCES DATA STRATEGY SCRIPT ARGS"

.PHONY: demo
demo: $(RUN) ## The same crowd under each strategy in turn, and one table
	@$(BIN)/booking-lab demo $(ARGS)

.PHONY: up
up: $(RUN) ## Start the lab; it is at http://localhost:8000 when this returns
	@$(BIN)/booking-lab up --port "$$PORT" $${HOST:+--host "$$HOST"} \
		$${WORKERS:+--workers "$$WORKERS"} $${THREADS:+--threads "$$THREADS"} \
		$${INSTANCES:+--instances "$$INSTANCES"} $(data) $(ARGS)

.PHONY: down
down: $(RUN) ## Stop the lab; its data stays
	@$(BIN)/booking-lab down $(data)

.PHONY: status
status: $(RUN) ## Show the lab's processes
	@$(BIN)/booking-lab status $(data) $(ARGS)

.PHONY: logs
logs: $(RUN) ## Print the service's log; ARGS=-f follows it
	@$(BIN)/booking-lab logs $(data) $(ARGS)

.PHONY: load
load: $(LOAD) ## Run k6 against the running lab: STRATEGY=optimistic SCRIPT=02_many_seats
	@BASE_URL=$${BASE_URL:-http://localhost:$$PORT} \
		$(BIN)/k6 run --no-usage-report $(ARGS) "k6/$$SCRIPT.js"

.PHONY: bench
bench: $(LOAD) ## Measure what bookings cost, beside GET /health and pgbench on the same server
	@$(BIN)/booking-lab bench $(ARGS)

.PHONY: matrix
matrix: $(RUN) ## Explore every strategy on every workload, and write the table into the README
	@$(BIN)/booking-lab matrix --write
	@$(BIN)/booking-lab mixtures --write

.PHONY: mixtures
mixtures: $(RUN) ## Explore every two strategies beside each other, and write docs/mixtures.md
	@$(BIN)/booking-lab mixtures --write

# One worker more than the goal's two cores, since tests also wait. A file stays with one worker, and
# so does a strategy in the conformance suite; they are taken in their order, in which the last ones
# are short, so that no worker is left with a long one.
SIDE_BY_SIDE := --numprocesses=3 --dist=loadfile --no-loadscope-reorder
BY_STRATEGY := --numprocesses=3 --dist=loadgroup --no-loadscope-reorder

.PHONY: test
test: $(DEV) ## Run all tests and checks; each command is printed as it runs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest $(SIDE_BY_SIDE) $(ARGS)
	$(if $(ARGS),,env -u BOOKING_LAB_STRATEGIES -u BOOKING_LAB_WORKLOADS \
		$(BIN)/pytest $(BY_STRATEGY) booking_lab/conformance)

# Apart from `make test`, since counting makes every process that a test starts slower.
.PHONY: coverage
coverage: $(DEV) ## Which lines the tests reach; fails below 95 %
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(SIDE_BY_SIDE) $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.PHONY: mutants
mutants: $(DEV) ## Make each known harmful change in a copy of the code; a test has to catch it
	$(BIN)/python -m tests.mutants $(ARGS)

.PHONY: faults
faults: $(DEV) ## Break every part of the lab while customers book, for some minutes
	$(BIN)/python -m tests.fault_run $(ARGS)

.PHONY: lint
lint: $(DEV) ## Run the static checks only
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: $(DEV) ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: tools
tools: $(JAEGER) ## Install optional tools: Prometheus, HAProxy, PgBouncer, jq, Chromium; Jaeger by go
	@if command -v promtool >/dev/null && command -v haproxy >/dev/null && command -v jq >/dev/null && \
		command -v pgbouncer >/dev/null && command -v chromium-headless-shell >/dev/null; \
	then echo "promtool, haproxy, pgbouncer, jq and chromium-headless-shell are there."; \
	elif [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
		echo "Install Debian's packages 'prometheus', 'haproxy', 'pgbouncer', 'jq' and" \
			"'chromium-headless-shell'" \
			"as root; without them some tests are skipped."; \
	else apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
		apt-get -qq install --yes --no-install-recommends \
			prometheus haproxy pgbouncer jq chromium-headless-shell; fi

# Jaeger is a Go program without a package: built from its module, once for all checkouts.
$(JAEGER):
	@if ! command -v go >/dev/null; then \
		echo "Install go to have Jaeger built; without it a test is skipped."; \
	else echo "Building Jaeger $(JAEGER_VERSION), which takes some minutes ..."; \
		source=$$(mktemp -d); trap 'chmod -R u+w "$$source"; rm -rf "$$source"' EXIT; \
		module=github.com/jaegertracing/jaeger@v$(JAEGER_VERSION); \
		cp -r "$$(go mod download -json $$module | sed -n 's/^\t"Dir": "\(.*\)",$$/\1/p')/." "$$source"; \
		chmod -R u+w "$$source"; mkdir -p "$(dir $@)"; \
		cd "$$source" && go build -o "$@" ./cmd/all-in-one; fi

# For those who need them: nothing to do if Jaeger is built.
.PHONY: tools-there
tools-there: $(JAEGER)

# Versions stay as they are where the ranges of pyproject.toml still have them.
.PHONY: lock
lock: | $(BIN)/uv ## Write requirements.lock again; ARGS=--upgrade takes the newest versions
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras \
		--custom-compile-command "make lock" --output-file $(LOCK) pyproject.toml $(ARGS)

$(BIN)/uv:
	$(environment)
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet uv

.PHONY: wheel
wheel: ## Build the wheel, and use it in an environment that has nothing else of the project
	@PYTHON="$(PYTHON)" .ci/wheel

.PHONY: clean
clean: ## Remove everything that can be made again, including the virtual environment
	rm -rf $(VENV) dist .coverage* .mypy_cache .pytest_cache .ruff_cache \
		.hypothesis .schemathesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

define environment
	@if [ -z "$(PYTHON)" ]; then \
		echo "This needs Python 3.11 or newer, and no python3 here is: install one, or name it: make PYTHON=..." >&2; \
		exit 1; fi
	@if [ ! -x $(BIN)/python ]; then \
		echo "Making $(VENV) with $(PYTHON) ..."; \
		$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
			echo "$(PYTHON) can't make a virtual environment: install its venv module (Debian: apt-get install python3-venv)." >&2; \
			exit 1; }; fi
endef

# Installs once for each change of these two files, in the versions that have been tried. It says what
# it is at: some packages are large.
define install
	$(environment)
	@echo "Installing $(1), once:"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off \
		--constraint $(LOCK) --editable '.[$(2)]' | \
		awk '/^Collecting/ {print "  fetching " $$2} /^Installing collected/ {print "  installing them"} {fflush()}'
	@touch $(3)
endef

$(RUN): pyproject.toml $(LOCK)
	$(call install,what the lab needs to run,embedded,$@)

$(LOAD): pyproject.toml $(LOCK) | $(RUN)
	$(call install,k6,embedded$(comma)load,$(RUN) $@)

$(DEV): pyproject.toml $(LOCK)
	$(call install,what the lab and its tests need,dev,$(RUN) $(LOAD) $@)

comma := ,
