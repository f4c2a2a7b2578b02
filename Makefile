# `make run` optimises extend_attention for three minutes on this machine; `make test` passes the tests. Both create
# .venv and install the pinned versions first.
PYTHON ?= python3
KERNEL ?= extend_attention
MINUTES ?= 3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

.PHONY: run test test-all lint clean

run: .venv/.runtime
	$(BIN)/kernwright run $(KERNEL) --minutes $(MINUTES)

test: .venv/.tests
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-all: .venv/.tests
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "slow or not slow"

lint: .venv/.tests
	$(BIN)/ruff check .

.venv/.runtime: pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv .venv
	$(INSTALL) .
	touch $@

.venv/.tests: .venv/.runtime
	$(INSTALL) '.[test]'
	touch $@

clean:
	rm -rf .venv build dist
