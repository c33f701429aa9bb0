# The only commands that anyone needs. `make demo` and `make test` do all the set-up that they need.

CARGO  ?= cargo
PYTHON ?= python3
VENV   := .venv
VPY    := $(VENV)/bin/python
ROWS   ?= 10000000
SQL_SERVERS := libssl-dev pkg-config unixodbc libsqliteodbc odbc-postgresql odbc-mariadb postgresql mariadb-server
export CARGO_TERM_COLOR ?= auto

.PHONY: help accuracy compat demo sql-servers test test-rust test-python examples features golden header extension test-c miri check bench peers crash fuzz wheel docs clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

demo: ## build, generate ROWS airline rows (10 million), import, summarise, fit, predict
	$(CARGO) build --release -p rxdf
	$(CARGO) run --release -q -p rxdf -- demo --rows $(ROWS) --dir demo

test: check test-rust examples features docs test-python ## everything that CI runs

check: ## formatting, lints, and one version of arrow
	@test "$$(grep -c '^name = "arrow-array"$$' Cargo.lock)" = 1 || { echo 'Cargo.lock has more than one arrow'; exit 1; }
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	for features in "" microsoft parallel zstd microsoft,parallel microsoft,zstd parallel,zstd; do \
	  $(CARGO) clippy -q -p rxdf-xdf --all-targets --no-default-features --features "$$features" -- -D warnings || exit 1; done

test-rust: ## unit, integration and documentation tests
	$(CARGO) test --workspace

examples: ## the examples of docs/embedding.md: a file written, read and described
	$(CARGO) build -q -p rxdf-xdf --examples
	file=$$(mktemp -u --suffix .xdf) && trap 'rm -f '$$file EXIT && run="$(CARGO) run -q -p rxdf-xdf --example" && \
	  $$run write -- $$file && $$run read -- $$file income | tee /dev/stderr | grep -q '^sum of income: 404186107\.5, 14286 missing$$' && \
	  $$run statistics -- $$file

sql-servers: ## install the servers and ODBC drivers of the tests, where apt-get and root allow it
	@if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
	  echo 'not installed: needs root and apt-get; the tests start what is there, and say what they skip'; \
	else DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SQL_SERVERS) >/dev/null 2>&1 \
	  || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SQL_SERVERS) >/dev/null; } \
	  || echo 'not installed: $(SQL_SERVERS); the tests start what is there, and say what they skip'; fi
	@command -v mssql-mock-tds >/dev/null || $(CARGO) install --quiet --locked mssql-mock-tds@0.3.0 \
	  || echo 'not installed: mssql-mock-tds; its tests say that they are skipped'

test-c: ## the C interface: its header, its functions, and the C examples compiled, run and checked by valgrind
	$(CARGO) test -p rxdf-xdf-capi

golden: ## xdf/tests/data/xdf-5.1.xdf, anew: only while 5.1 is not released
	$(CARGO) test -q -p rxdf-xdf --test compat make_the_file_of_5_1 -- --ignored

header: ## xdf/capi/include/xdf.h, from the Rust sources
	UPDATE_HEADER=1 $(CARGO) test -q -p rxdf-xdf-capi --test header

extension: ## the language extension of SQL Server as an archive, rxdf-lang-extension.tar.gz in target/release
	$(CARGO) build --release -p rxdf-extension
	cd $${CARGO_TARGET_DIR:-target}/release && tar -czf rxdf-lang-extension.tar.gz librxdf_ext.so

features: ## the crate `xdf` without its features and with each alone
	$(CARGO) test -q -p rxdf-xdf --no-default-features --lib --test features --test roundtrip
	for feature in microsoft parallel zstd; do \
	  $(CARGO) test -q -p rxdf-xdf --no-default-features --features $$feature --lib --test features || exit 1; done

miri: ## the modules with unsafe code under Miri (rustup +nightly component add miri rust-src)
	@cargo +nightly miri --version >/dev/null 2>&1 || { echo 'needs: rustup +nightly component add miri rust-src'; exit 1; }
	MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test -p rxdf-xdf --no-default-features --lib mmap
	MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test -p rxdf-xdf-capi --no-default-features --lib border

$(VPY):
	$(PYTHON) -m venv $(VENV)
	$(VPY) -m pip install --quiet --upgrade pip
	$(VPY) -m pip install --quiet -r python/requirements-dev.txt

test-python: $(VPY) ## build the extension module into .venv, lint and test it
	cd python && VIRTUAL_ENV=$(CURDIR)/$(VENV) ../$(VENV)/bin/maturin develop --quiet
	cd python && ../$(VPY) -m ruff check . && ../$(VPY) -m ruff format --check . && ../$(VPY) -m mypy
	cd python && ../$(VPY) -m pytest -q

compat: $(VPY) ## docs/compat/revoscalepy.md, from the documented signatures and the package
	cd python && ../$(VPY) tests/compat.py

bench: ## criterion benches, each against a stated floor
	$(CARGO) bench -p rxdf-benches

peers: $(VPY) ## rxdf beside its peers in one run (PEER_ROWS rows, 10 million)
	$(CARGO) build --release -p rxdf -p rxdf-benches --bins
	$(VPY) -m pip install --quiet -r benches/peers/requirements.txt
	$(VPY) benches/peers/format.py
	$(VPY) benches/peers/foundation.py
	$(VPY) benches/peers/kmeans.py
	$(VPY) benches/peers/statistics.py

accuracy: $(VPY) ## the table of docs/accuracy.md: correct digits on NIST's sets, beside other programs
	$(CARGO) build --release -p rxdf
	$(VPY) -m pip install --quiet -r benches/peers/requirements.txt
	$(VPY) benches/accuracy.py --write docs/accuracy.md

crash: ## a hundred thousand crashes of changes in place, each state opened, compared and changed again
	$(CARGO) test -p rxdf-xdf --test crash -- --ignored --nocapture

fuzz: ## one minute for each fuzz target (needs nightly Rust and cargo-fuzz)
	cd fuzz && for target in $$(cargo +nightly fuzz list); do \
	  cargo +nightly fuzz run $$target --sanitizer none -- -max_total_time=60 || exit 1; done

wheel: $(VPY) ## a release wheel in target/wheels
	cd python && VIRTUAL_ENV=$(CURDIR)/$(VENV) ../$(VENV)/bin/maturin build --release --out ../target/wheels

docs: ## API documentation, warnings refused
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --exclude rxdf-python --exclude rxdf-benches

clean: ## remove what was built
	$(CARGO) clean
	rm -rf $(VENV) demo
