# The two commands of a newcomer are `make run` and `make test`.
# Each installs what it lacks (as root; otherwise it says what to install).

SHELL := /bin/bash
export PATH := $(if $(CARGO_HOME),$(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)

CONFIG ?= config/demo.toml
SECONDS_EACH ?= 8

.DEFAULT_GOAL := help
.PHONY: help run test sim storm pacing city faults detect contract fuzz bench deb fmt lint deny

help: ## list the targets
	@sed -nE 's/^([a-z]+): ## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: ## build and start the demo call centre (another one: make run CONFIG=file)
	@tools/needs build
	@exec cargo run --locked --release --bin trunkline -- run --config $(CONFIG)

test: ## everything that must hold before a change lands
	@tools/needs build wasm test contract openings
	@$(MAKE) --no-print-directory lint
	@tools/test

sim: ## 100,000 calls through the simulator, with faults (a minute of one core)
	@tools/needs build
	@exec cargo run --locked --release -p sim --example simulate -- --calls 100000

storm: ## ten million random events and a million calls of whole centres through the distributor (some minutes of one core)
	@tools/needs build
	cargo test --locked --release -p acd --test proof in_full -- --nocapture --test-threads=1

pacing: ## days of dialing with 5 to 160 agents, and 120 campaigns of 30 days, against what pacing has to reach (20 minutes)
	@tools/needs build
	cargo run --locked --release -p sim --example pacing
	cargo run --locked --release -p sim --example pacing months

city: ## campaigns over real SIP with 50 agents: one against the simulator, one killed in the middle (30 minutes)
	@tools/needs build test
	cargo test --locked --test city in_full_ -- --nocapture --test-threads=1

faults: ## kills, power losses, broken disks, clocks, databases and attackers, in full (about 25 minutes)
	@tools/needs build test
	TRUNKLINE_FAULTS=full cargo test --locked --test faults -- --nocapture --test-threads=1

detect: ## answer detection on 3,000 generated openings of calls (two minutes)
	@tools/needs build openings
	tools/make-openings.py target/openings/test test
	cargo run --locked --release -p detect --example openings -- target/openings/test

contract: ## the API against its own description, with several seeds (10 minutes)
	@tools/needs build contract
	cargo test --locked --test service in_full_schemathesis -- --nocapture

fuzz: ## every parser and core for a minute in all (longer: make fuzz SECONDS_EACH=600)
	@tools/needs build
	@tools/fuzz $(SECONDS_EACH)

bench: ## measure a built node beside Kamailio and rtpengine (20 minutes; make bench QUICK=1: two)
	@tools/needs build
	-@tools/needs bench
	cargo build --locked --release -p trunkline -p load
	target/release/trunkline-bench all $(if $(QUICK),--quick)
	cargo bench --locked -p acd --bench decisions
	cargo bench --locked -p dialer --bench gate

deb: ## the Debian package, in target/debian
	@tools/needs build deb
	cargo build --locked --release --bin trunkline
	@tools/make-deb

fmt: ## format the Rust code
	cargo fmt --all

lint: ## format, clippy, purity, arrows, licences; runs no tests
	@tools/needs build wasm
	cargo fmt --all -- --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	tools/check-purity
	tools/check-licences

deny: ## the licence and source check of cargo-deny (installs it: two minutes)
	@tools/needs build
	@cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny
	cargo deny --locked check licenses bans sources
