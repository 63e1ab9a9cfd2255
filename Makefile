# Every target is one to three lines; what is longer is a script in infra/.
VENV := .venv
FUNCTIONS = $(shell python3 infra/manifest.py)
# What is tried on this machine is quick to compile. PROFILE=dev takes what `make test` has compiled instead.
# `--bin` without `--package`: all builds of one profile then have the same features, and share their parts.
PROFILE ?= quick
BUILD := cargo build --profile $(PROFILE)
PROGRAMS := $(or $(CARGO_TARGET_DIR),target)/$(PROFILE:dev=debug)
# A first start compiles no more than `bellhop` itself asks for.
ALONE := $(if $(filter quick,$(PROFILE)),--package bellhop)
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: run test lint deny build bench gate fuzz watch deploy monitoring deploy-local local-logs local-down

run: ## Start Bellhop, ring once, show the message that comes out, keep serving
	$(BUILD) $(ALONE) --quiet --bin bellhop && python3 infra/run.py $(PROGRAMS)/bellhop

test: $(VENV)/installed ## Every test, the deployed stack included
	@command -v cargo-nextest >/dev/null || cargo install --quiet --locked cargo-nextest
	cargo nextest run --workspace $(NEXTEST)
	cargo test --quiet --doc --workspace

lint: ## Formatting, lints, docs, licences
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --quiet

deny: ## Licences, bans and sources of what we link
	@command -v cargo-deny >/dev/null || cargo install --quiet --locked cargo-deny
	cargo deny --log-level error check bans licenses sources

build: $(VENV)/installed ## The functions as AWS runs them, all with one call
	cargo lambda build --release $(FUNCTIONS:%=--package %) $(if $(ARM64),--arm64)

bench: ## Measure beside the floors; writes docs/BENCHMARKS.md
	tests/bench/bench

gate: ## Instructions, sizes and billed units against the committed baseline
	tests/bench/gate

fuzz: ## Hostile input at every parser and scheme, SECONDS each
	tests/fuzz/fuzz --seconds $(or $(SECONDS),60)

watch: $(VENV)/installed ## The functions one by one on a local AWS with the example's hooks, for `cargo lambda invoke`
	$(BUILD) $(FUNCTIONS:%=--bin %) --bin bellhop && $(VENV)/bin/python infra/local_stack.py up --binaries $(PROGRAMS) --example $(PROGRAMS)/bellhop
	cargo lambda watch --profile $(PROFILE) --env-file .bellhop/local/functions.env

deploy: $(VENV)/installed ## To AWS, with the credentials of the environment
	$(VENV)/bin/python infra/deploy.py $(PARAMETERS)

monitoring: $(VENV)/installed ## Alarms and a dashboard for what `make deploy` made
	$(VENV)/bin/python infra/monitoring.py $(PARAMETERS)

deploy-local: $(VENV)/installed ## To a local AWS on port 4566
	$(BUILD) $(FUNCTIONS:%=--bin %) && $(VENV)/bin/python infra/local_stack.py up --binaries $(PROGRAMS) $(PARAMETERS:%=--parameter %)

local-logs: ## What the functions of the local AWS have logged
	$(VENV)/bin/python infra/local_stack.py logs

local-down: ## Stop the local AWS
	$(VENV)/bin/python infra/local_stack.py down

$(VENV)/installed: infra/requirements.txt
	python3 -m venv $(VENV) && $(VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

