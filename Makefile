# The commands of the project. Each does its own set-up; `make help` lists them.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo test suite lint bench faults schemas catalogue lock sbom clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Tests wait for servers a quarter of their time.
WORKERS ?= $(shell expr $$(nproc) + 1)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where it is set, each interpreter that a test starts would compile the package anew: most of a second.
unexport PYTHONDONTWRITEBYTECODE

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.server ## a whole network on this machine: send, read, answer, refuse (ARGS="--broker amqp://... --ledger postgresql://..."; ARGS=--two-networks: two of them)
	$(BIN)/gateway demo $(ARGS)

test: $(VENV)/.dev $(VENV)/.system ## everything that must hold, on real RabbitMQ and PostgreSQL
	$(MAKE) --no-print-directory -j 2 lint suite
	$(BIN)/python -m pytest -m alone $(ARGS)

# Types take a minute of one core: beside the tests, which wait for servers meanwhile.
suite: $(VENV)/.dev $(VENV)/.system
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations=20 -m "not alone" $(ARGS)

lint: $(VENV)/.dev ## style, types and import rules
	$(BIN)/ruff check gateway tests deploy
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev $(VENV)/.system ## speed and memory, each beside a floor or a peer; writes build/bench.json
	$(BIN)/python -m tests.bench $(ARGS)

faults: $(VENV)/.dev $(VENV)/.system ## kill gateway, broker and recipients; count what was lost
	$(BIN)/python -m tests.faults $(ARGS)

schemas: $(VENV)/.dev ## write the generated files of schemas/ anew
	$(BIN)/python -m tests.generate

catalogue: $(VENV)/.server ## write every kind, code list and document as a static site, build/catalogue
	rm -rf build/catalogue
	$(BIN)/gateway catalogue build/catalogue

lock: $(VENV)/.release ## pin what a gateway installs, with hashes, in deploy/requirements.lock
	$(BIN)/uv pip compile -q pyproject.toml --extra server -c constraints.txt --generate-hashes --no-header --no-annotate -o deploy/requirements.lock

sbom: $(VENV)/.release ## write the software bill of materials of what is locked, build/sbom.json (CycloneDX)
	mkdir -p build
	$(BIN)/cyclonedx-py requirements deploy/requirements.lock --pyproject pyproject.toml --output-reproducible -o build/sbom.json

clean: ## remove what was built
	rm -rf $(VENV) build dist

$(VENV)/bin/python:
	PYTHON=$(PYTHON) deploy/setup/system-packages venv
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.server: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[server]'
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]'
	touch $@ $(VENV)/.server

$(VENV)/.release: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[release]'
	touch $@

$(VENV)/.system: deploy/setup/system-packages | $(VENV)/bin/python
	deploy/setup/system-packages rabbitmq postgresql openssl prometheus nginx systemd chromium
	touch $@
