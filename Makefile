# `make test` creates .venv, installs the pinned versions and passes the tests.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: test test-all lint clean

.venv/.installed: pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

test: .venv/.installed
	$(BIN)/python -m pytest

test-all: .venv/.installed
	$(BIN)/python -m pytest -m "slow or not slow"

lint: .venv/.installed
	$(BIN)/ruff check .

clean:
	rm -rf .venv build dist
