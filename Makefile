# setup demo test test-all lint conformance fuzz bench: the only commands that people and CI need.
# Each does the set-up that it needs. PYTHON names the interpreter for the virtual environment, which
# is made again for another one.

ifdef PYTHON
SAME_PYTHON = [ "$$($(WHICH_PYTHON))" = "$$($(PYTHON) -c '$(IDENTITY)')" ]
else
PYTHON := python3
SAME_PYTHON = $(WHICH_PYTHON) >/dev/null # whichever it was made of
endif
VENV := .venv
BIN := $(VENV)/bin
IDENTITY := import sys; print("Python", sys.version.split()[0], "of", sys.base_exec_prefix)
WHICH_PYTHON = $(BIN)/python -c '$(IDENTITY)' 2>/dev/null
PYTEST := $(BIN)/python -m pytest --quiet
# The tests of a file share games, so they stay together.
PARALLEL := -p tests.parallel --numprocesses auto --dist loadfile
RUST_SOURCES := Cargo.toml Cargo.lock $(wildcard crates/*/Cargo.toml) \
	$(shell find crates/protocol/src crates/server/src crates/frames/src crates/rpc/src crates/pictures/src crates/bindings/src -name '*.rs')

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all lint conformance fuzz bench another-python other-pythons test-python

help:
	@echo 'make setup        virtual environment, dependencies, native module'
	@echo 'make demo         a real game with a stage in it'
	@echo 'make test         what every change must pass: some minutes'
	@echo 'make test-all     all tests, the long ones, too, and in every Python that is found'
	@echo 'make lint         formatting, lints, types'
	@echo 'make conformance  Autobahn|Testsuite'
	@echo 'make fuzz         the fuzz targets, FUZZ_SECONDS each: some minutes'
	@echo 'make bench        speed, as ratios to other servers'

setup: $(VENV)/native

# What the machine must have, said before anything fails for the lack of it.
$(VENV)/tools: $(if $(shell $(SAME_PYTHON) && echo same),,another-python)
	@command -v cargo >/dev/null || { echo 'Rust is missing: install it with rustup, 1.88 or later' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or later is missing: name one with make PYTHON=...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo 'the venv module is missing: on Debian, apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/dependencies: $(VENV)/tools pyproject.toml
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

$(VENV)/native: $(VENV)/dependencies $(RUST_SOURCES)
	@echo 'building the native module: half a minute, the first time'
	@mkdir -p build
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/maturin develop --release >build/native.log 2>&1 \
		|| { cat build/native.log >&2; exit 1; }
	@touch $@

demo: setup
	$(BIN)/python examples/demo.py

# What depends on time runs by itself, when nothing else does.
test: NOT_SLOW := and not slow
test test-all: setup
	@echo "testing with $$($(WHICH_PYTHON))"
	cargo test --quiet --workspace --exclude stagedoor-bindings
	$(BIN)/python -m tests.prepare # a browser, valgrind, a game
	$(BIN)/python -m benchmarks.instructions
	$(PYTEST) $(PARALLEL) -m 'not timing $(NOT_SLOW)'
	$(PYTEST) -m 'timing $(NOT_SLOW)'
	$(if $(NOT_SLOW),,$(BIN)/python -m benchmarks.where --check)
	$(if $(NOT_SLOW),,$(MAKE) other-pythons)

# The tests of Python in each other Python that is found here, in a virtual environment of its own.
other-pythons: setup
	@for python in $$($(BIN)/python -m tests.pythons); do \
		$(MAKE) --no-print-directory VENV=build/venv-$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])') \
			PYTHON=$$python test-python || exit 1; \
	done

test-python: setup
	@echo "testing with $$($(WHICH_PYTHON))"
	$(PYTEST) $(PARALLEL) -m 'not timing and not slow'
	$(PYTEST) -m 'timing and not slow'

lint: setup
	cargo fmt --check
	cargo clippy --quiet --workspace --all-targets -- -D warnings
	cargo clippy --quiet --package stagedoor-server -- -D warnings # as released: without faults
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest stagedoor._core --ignore-disjoint-bases

conformance: setup
	$(BIN)/python -m tests.conformance

# FUZZ_SECONDS is for each target. A failure says in which file its input is.
fuzz: export FUZZ_SECONDS ?= 20
fuzz: setup
	PROPTEST_CASES=20000 cargo test --quiet --release -p stagedoor-protocol --test connection properties
	FAULT_SEEDS=30 cargo test --quiet --release -p stagedoor-server --test 'faults*'
	cargo test --quiet --release -p stagedoor-protocol --test fuzz -- --nocapture
	$(BIN)/python -m pytest --quiet --capture=no --override-ini faulthandler_timeout=0 tests/fuzz

bench: setup
	$(BIN)/python -m benchmarks
