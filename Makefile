# Every target makes its own environment in .venv; nothing but Python 3.11+, pip and make is needed.
PYTHON ?= python3
BIN := .venv/bin
FOLDER ?=

.PHONY: demo test test-long lint types imports unit bench docs clean

demo: .venv/ready
	$(BIN)/python examples/demo.py $(if $(FOLDER),"$(FOLDER)")

test: lint types imports unit

test-long: .venv/ready
	$(BIN)/python -m pytest -m "long or not long" -n 2

unit: .venv/ready
	$(BIN)/python -m pytest -m "not long" -n 2

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/ready
	$(BIN)/mypy

imports: .venv/ready
	$(BIN)/lint-imports

docs: .venv/ready
	$(BIN)/python docs/generate.py

bench: .venv/bench
	for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

.venv/ready: pyproject.toml setup.py $(wildcard src/nlsearch/_*.c)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

.venv/bench: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	touch $@

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .hypothesis
