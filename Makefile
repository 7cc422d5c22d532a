# What one does here, by name; `make` alone lists it.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

# livekit-server and the like, where the prerequisites put it when this machine has none.
export PATH := $(PATH):$(CURDIR)/.meetbox/bin
# Queries are checked against .sqlx/; `make sqlx` brings that up to date.
export SQLX_OFFLINE := true

TARGET := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
CARGO_TARGET_DIR ?= target

WEB_SOURCES := $(shell find web -type f \
	-not -path '*/node_modules/*' -not -path 'web/.next/*' -not -path 'web/out/*' -not -path '*/dist/*' \
	-not -name next-env.d.ts -not -name '*.tsbuildinfo' 2>/dev/null)

SCRIPTS = $(shell git ls-files '*.sh') .ci/run

.PHONY: help prerequisites prerequisites-tests shellcheck dev test web client lint fmt screens bench seed sqlx static dist

help: ## List these
	@sed -nE 's/^([a-z0-9]+):.*## (.*)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | column -t -s '|'

prerequisites: ## Install what developing needs and this machine lacks
	@packaging/dev-prerequisites.sh

prerequisites-tests:
	@packaging/dev-prerequisites.sh --tests

dev: prerequisites ## Run everything that a meeting needs, until Ctrl-C; ARGS="--port 4001" hands options on
	@cargo build --bin meetbox
	@exec $(CARGO_TARGET_DIR)/debug/meetbox dev $(ARGS)

test: prerequisites-tests web tests/e2e/node_modules/.package-lock.json tests/oidc-provider/node_modules/.package-lock.json .meetbox/venv/bin/schemathesis .meetbox/localstack/installed .meetbox/moto/installed ## Run every test, on a real Postgres, Redis and LiveKit
	@status=0; set -x; \
	npm --prefix web test || status=$$?; \
	cargo test --locked --no-fail-fast -- --skip lighthouse || status=$$?; \
	cargo test --locked --test it lighthouse || status=$$?; \
	exit $$status

web: web/out/index.html ## Build the web app that the binary embeds

client: web/node_modules/.package-lock.json ## Generate the API's typed client from openapi/openapi.json
	npm --prefix web run client

lint: web/node_modules/.package-lock.json ## Check form and lints of everything
	cargo fmt --all --check
	cargo clippy --all-targets --locked -- -D warnings
	@$(MAKE) shellcheck
	npm --prefix web run lint
	npm --prefix web run client:check

shellcheck:
	shellcheck --external-sources $(SCRIPTS)

fmt: web/node_modules/.package-lock.json ## Bring everything into form
	cargo fmt --all
	npm --prefix web run format

screens: prerequisites-tests web tests/e2e/node_modules/.package-lock.json tests/oidc-provider/node_modules/.package-lock.json ## Take the pictures in docs/screens anew, as the browser's scenes see the pages
	@rm -rf docs/screens
	SCREENS=$(CURDIR)/docs/screens cargo test --locked --test it browser_windows -- --nocapture
	@du -sh docs/screens

bench: prerequisites web ## Measure against a bare server, Express and pgbench; write docs/benchmarks.md
	cargo bench --locked --bench ratios

seed: ## Fill the database of `make dev` with believable meetings
	@[[ -e .meetbox/env ]] || { echo 'error: `make dev` must run, and has not yet' >&2; exit 1; }
	@set -a; . .meetbox/env; cargo run --quiet --bin meetbox -- seed

sqlx: prerequisites ## Describe the queries anew in .sqlx, after one or a migration has changed
	@packaging/describe-queries.sh

static: web ## Build the static release binary
	RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --locked --target $(TARGET)
	@if readelf --program-headers $(CARGO_TARGET_DIR)/$(TARGET)/release/meetbox | grep -q INTERP; then \
		echo 'error: the binary asks for a dynamic loader' >&2; exit 1; fi
	@ls -l $(CARGO_TARGET_DIR)/$(TARGET)/release/meetbox

dist: ## Make a release in dist/: static binaries for AMD64 and ARM64, bundles, lists, checksums
	@packaging/dev-prerequisites.sh --dist
	@$(MAKE) web
	@packaging/dist.sh

# npm writes this list when it has installed everything on it.
%/node_modules/.package-lock.json: %/package-lock.json %/package.json
	npm --prefix $* ci --no-audit --no-fund
	@touch $@

.meetbox/venv/bin/schemathesis: tests/schemathesis/requirements.txt
	python3 -m venv .meetbox/venv
	.meetbox/venv/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# The object stores of the tests that are written in Python; each in a place of its own, for they want different versions of
# the same things.
.meetbox/%/installed: tests/stores/%.txt
	python3 -m venv .meetbox/$*
	.meetbox/$*/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

web/out/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	npm --prefix web run build
	@touch $@
