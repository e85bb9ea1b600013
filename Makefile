# What one types here. Every target says what it does; `make` alone lists them.

BIN := target/release/proofmark

# The systems known by name, as `--system` takes them.
PEERS := $(sort $(notdir $(patsubst %/,%,$(dir $(wildcard fixtures/peers/*/system.yaml)))))
STATIC := target/static/x86_64-unknown-linux-gnu/release/proofmark

.PHONY: help build lint test conformance killers bench peer peers matrix steady deviations static containers check clean

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

peer: build ## build one system: NAME=go, and VERSION=v1.70.0 for another release of its library
	$(BIN) build $(NAME)$(if $(VERSION),@$(VERSION))

peers: build ## build every system known by name
	$(BIN) build

matrix: peers ## every system over all cases, both roles; writes reports/results/ and the table in README.md
	$(BIN) run --reference $(addprefix --system ,$(PEERS)) --seed 0x5eed1 --out reports/out/matrix; e=$$?; [ $$e = 0 ] || [ $$e = 1 ] || [ $$e = 4 ]
	$(BIN) matrix reports/out/matrix/record.jsonl --readme README.md

steady: peers ## the matrix ten times beside two busy loops: does a verdict change, is anything left behind?
	./fixtures/steady.sh $(BIN) $(PEERS)

deviations: peers ## every known deviation twenty times: is it the same each time?
	ROUNDS=20 BUSY=0 ONLY=deviations ./fixtures/steady.sh $(BIN) $(PEERS)

static: ## the binary without dynamic libraries, for containers
	RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --locked --target x86_64-unknown-linux-gnu --target-dir target/static

containers: static ## the reference service and the Go peer from images; needs a container engine
	cargo build --release --locked --features containers
	$(BIN) build go
	$(BIN) run --container reference=$(STATIC) --container go=target/peers/go/server

bench: build ## speed and memory, printed; with Go on PATH also the Go peer beside connectrpc's runner
	cargo run --release --locked -p proofmark-bench

check: lint test conformance killers ## what CI runs

clean: ## remove what was built and what runs wrote
	cargo clean
	rm -rf reports/out
