# Works with GNU make 3.81 and nothing but Python 3.11 or newer. Every target sets up what it needs.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
BIN := .venv/bin
TESTS ?=
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
MINUTES ?= 30
SEED ?= 1
IMAGE ?= aftersales:$(VERSION)

.PHONY: help setup demo run test test-all test-faults prove test-containers simulate fuzz bench check lint types imports schemas \
	histories agree mutants fast format lock rules docs secrets image sbom audit clean

help:
	@echo "make demo    a generated shop through the four services, with a picture at the end"
	@echo "make run     the stack and the services, until Ctrl-C"
	@echo "make test    the tests (TESTS=path for some); make test-all: with those that take minutes"
	@echo "make test-containers   the image on a container engine: tests/containers/README.md"
	@echo "make check   lint, types, imports, schemas, and the tests that need no stack"
	@echo "make simulate  10,000 seeds of the simulation (SEEDS=n); make fuzz: 100,000 mutated records (INPUTS=n)"
	@echo "make histories  5,000 random histories of an order, judged by an account of its own (N=n SEED=s REPORT=file PROOF=folder)"
	@echo "make agree   20,000 documents of each event type, judged by its schema and by the border (COUNT=n)"
	@echo "make mutants  changes each number of the packs and 400 conditions, and sees whether a test notices (N=n SEED=s)"
	@echo "make image   the container image; make secrets, sbom, audit: see deploy/README.md"
	@echo "make bench   measurements; also: setup lint types format schemas lock rules docs clean"
	@echo "make test-faults  50,000 inputs under faults, judged, and every mutant; MINUTES=60 make prove: a long run"

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml contracts/pyproject.toml adapters/pyproject.toml devstack/jgo.lock.toml devstack/bootstrap.py
	@test -n "$(PYTHON)" || { echo "setup: Python 3.11 or newer is needed" >&2; exit 1; }
	@"$(PYTHON)" devstack/bootstrap.py

demo: setup
	@$(BIN)/aftersales demo

run: setup
	@$(BIN)/aftersales run

test: setup
	$(BIN)/python -m pytest -m "not long and not containers" $(TESTS)

test-all: setup
	$(BIN)/python -m pytest $(TESTS)

test-faults: setup
	$(BIN)/python -m tests.faults.proof ci

prove: setup
	$(BIN)/python -m tests.faults.proof run --minutes $(MINUTES) --seed $(SEED)

simulate: setup
	$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),10000)

histories: setup
	$(BIN)/python -m tests.histories --n $(or $(N),5000) --seed $(SEED) $(if $(REPORT),--report $(REPORT)) $(if $(PROOF),--proof $(PROOF))

agree: setup
	$(BIN)/python -m tests.contracts.agreement --count $(or $(COUNT),20000) --seed $(SEED)

mutants: setup
	$(BIN)/python -m tests.mutants --n $(or $(N),400) --seed $(SEED) $(if $(JOBS),--jobs $(JOBS)) \
		$(if $(ONLY),--only $(ONLY)) $(if $(SERVICE),--service $(SERVICE)) --report docs/proof

fuzz: setup
	$(BIN)/python -m tests.fuzz --inputs $(or $(INPUTS),100000)

test-containers: setup
	$(BIN)/python -m pytest -m containers --durations=12 $(or $(TESTS),tests/containers tests/observability)

bench: setup
	$(BIN)/python -m benchmarks

check: lint types imports schemas fast

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy
	$(BIN)/pyright

imports: setup
	$(BIN)/lint-imports

schemas: setup
	$(BIN)/python -m aftersales_contracts.generate --check

fast: setup
	$(BIN)/python -m pytest -m "not stack and not journey and not faults and not orders and not containers and not long"

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup
	$(BIN)/python -m tests.architecture.reference

rules: setup
	$(BIN)/python -m tests.architecture.register

lock: setup
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-build --all-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-package aftersales-contracts --no-emit-package aftersales-adapters --no-annotate \
		--custom-compile-command 'make lock' pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.13 --no-build --extra tracing \
		--constraint requirements.lock --no-emit-index-url --no-emit-find-links --no-annotate \
		--no-emit-package aftersales-contracts --no-emit-package aftersales-adapters --custom-compile-command 'make lock' \
		pyproject.toml --output-file deploy/requirements.lock

# The Python packages in the image, as CycloneDX; those of the system are the base image's.
sbom: setup
	@mkdir -p dist
	$(BIN)/cyclonedx-py requirements deploy/requirements.lock --pyproject pyproject.toml --output-reproducible \
		--of JSON --output-file dist/aftersales-$(VERSION).cdx.json

audit: setup
	@$(BIN)/python -m deploy.audit

secrets: setup
	@$(BIN)/python -m deploy.make_secrets

image:
	docker build --quiet --file deploy/Dockerfile --tag $(IMAGE) \
		--build-arg VERSION=$(VERSION) --build-arg REVISION=$(shell git rev-parse HEAD 2>/dev/null) \
		--build-arg CREATED=$(shell date -u +%Y-%m-%dT%H:%M:%SZ) .

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
