# Two commands set everything up on a machine that has Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check bench fuzz fmt clean

$(BIN)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: $(BIN)/.ready    ## the whole loop on the samples, in a temporary folder
	$(BIN)/govern demo

test: $(BIN)/.ready    ## all tests; those that need the corpus skip with a reason where it is absent
	$(BIN)/python -m pytest

check: $(BIN)/.ready   ## lint, format, types
	$(BIN)/ruff check src tests samples
	$(BIN)/ruff format --check src tests samples
	$(BIN)/mypy

bench: $(BIN)/.ready   ## figures side by side with baselines and peers; about a quarter of an hour
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python -m tests.benchmarks

fuzz: $(BIN)/.ready    ## a million (policy, call) pairs through every engine; a disagreement is made small and shown
	$(BIN)/python -m tests.conformance.fuzz --pairs 1000000 --events 4000 --seed 1

fmt: $(BIN)/.ready
	$(BIN)/ruff check --fix src tests samples
	$(BIN)/ruff format src tests samples

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
