# One word per task. Needs Python 3.11 or later and make; everything is installed into .venv.

PYTHON ?= python3
BIN := .venv/bin

# The pins hold for the packages and, through these two, also for what pip fetches to build detente itself.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup demo test lint types bench study docs clean

setup: .venv/dev.stamp

demo: .venv/demo.stamp
	$(BIN)/detente report cases/openai-microsoft -o report.html

test: .venv/dev.stamp
	$(BIN)/pytest --numprocesses=auto --dist=worksteal

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev.stamp
	$(BIN)/mypy

bench: .venv/dev.stamp
	$(BIN)/python -m bench.run

study: .venv/dev.stamp
	$(BIN)/python study/run.py

docs: .venv/dev.stamp
	$(BIN)/python docs/generate.py
	$(BIN)/python -m tests.errors.page

clean:
	rm -rf .venv build dist report.html .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two installs share .venv: what is needed to run and report, and everything. A stamp makes the next call instant.
.venv/demo.stamp: pyproject.toml constraints.txt
	@echo "Installing detente into .venv"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --editable '.[report]'
	@touch $@

.venv/dev.stamp: pyproject.toml constraints.txt
	@echo "Installing detente and what its tests need into .venv"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch .venv/demo.stamp $@
