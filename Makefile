# What one types here. Every target says what it does; `make` alone lists them.

BIN := target/release/proofmark

.PHONY: help build lint test conformance killers bench check clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 16

build: ## build the binary, release profile
	cargo build --release --locked

lint: ## formatting and clippy, warnings are errors
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

test: ## all tests of the workspace
	cargo test --workspace --locked

conformance: build ## the whole suite in process, then the server-role suite against a real process
	$(BIN) run --strict --reference --server-cmd '$(BIN) serve --listen 127.0.0.1:0'

killers: build ## every broken variant over all cases
	$(BIN) killers

bench: ## speed and memory, printed
	cargo run --release --locked -p proofmark-bench

check: lint test conformance killers ## what CI runs

clean: ## remove what was built and what runs wrote
	cargo clean
	rm -rf reports/out
