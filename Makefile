# Two commands matter: `make quickstart` and `make test`. Each is enough on a fresh machine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The same pip output everywhere; torch from the default index works with and without a GPU.
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help quickstart demo test test-slow check format clean

help:
	@echo "make quickstart   install, draw the synthetic benchmark, train on it, evaluate, write a report"
	@echo "make demo         put people into a gallery with that model, and open a page to search in"
	@echo "make test         install what the tests need and run all of them"
	@echo "make test-slow    the longer proofs"
	@echo "make check        what CI runs: lint, types, import contracts, spelling, tests"
	@echo "make format       format the code"
	@echo "make clean        remove .venv, runs/ and caches"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "reidkit needs Python 3.11 or newer, got $$($(PYTHON) --version). Set PYTHON=python3.12, say."; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-use: pyproject.toml | $(BIN)/python
	@echo "Installing reidkit and what training needs; torch is large, the first time takes some minutes ..."
	@$(PIP) install --quiet --editable '.[train,report]'
	@touch $@

$(VENV)/.installed-demo: $(VENV)/.installed-use
	@echo "Installing what the service needs ..."
	@$(PIP) install --quiet --editable '.[train,report,serve]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "Installing reidkit and what its tests need; torch is large, the first time takes some minutes ..."
	@$(PIP) install --quiet --editable '.[dev]'
	@touch $(VENV)/.installed-use $(VENV)/.installed-demo $@

quickstart: $(VENV)/.installed-use
	@$(BIN)/reidkit quickstart

demo: $(VENV)/.installed-demo
	@$(BIN)/reidkit demo

test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest --numprocesses auto -m "not slow"

test-slow: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest -m slow

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/codespell src tests docs benchmarks README.md CHANGELOG.md
	$(MAKE) test

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) runs build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
