# Labkeep. `make demo` shows it, `make test` tests it; both install what is missing.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CARGO_TARGET_DIR ?= $(CURDIR)/target
export CARGO_TARGET_DIR
DEBUG := $(CARGO_TARGET_DIR)/debug
RELEASE := $(CARGO_TARGET_DIR)/release

.PHONY: help packages ui app demo run test bench package package-check format bindings icons

help:
	@echo "make demo      a practice GitLab with Labkeep connected to it"
	@echo "make run       Labkeep alone"
	@echo "make test      every check and test"
	@echo "make bench     speed and memory against git, rest and start of the window"
	@echo "make package   the Debian package; package-check proves it (as root)"
	@echo "make bindings  generate the TypeScript side of the border again"

packages:
	@tests/scripts/install-packages

ui/node_modules/.package-lock.json: ui/package.json ui/package-lock.json
	cd ui && npm ci --no-audit --no-fund
	@touch $@

ui: packages ui/node_modules/.package-lock.json
	cd ui && npm run --silent build

# The window with the built UI inside, the command line and the practice GitLab.
app: ui
	cargo build --quiet --workspace --bins --features labkeep/custom-protocol

run: app
	$(DEBUG)/labkeep

demo: app
	tests/scripts/demo $(DEBUG)

# The same cases of the properties at every run; other ones are tried with
# another seed: make test PROPTEST_RNG_SEED=$$RANDOM
PROPTEST_RNG_SEED ?= 20261126
export PROPTEST_RNG_SEED

test: packages
	tests/scripts/test

bench: ui
	cargo build --quiet --release --workspace --bin labkeep --bin labkeep-bench --example empty_window --features labkeep/custom-protocol
	$(RELEASE)/labkeep-bench

# One build for everything, so that what is packaged is what was tested.
package: ui
	cargo build --quiet --release --workspace --bin labkeep --bin labkeep-cli --features labkeep/custom-protocol
	src-tauri/packaging/make-deb

package-check:
	tests/scripts/package-check

bindings: ui
	cargo run --quiet --package labkeep --features custom-protocol --example bindings

format:
	cargo fmt --all
	cd ui && npm run --silent format
