# Everything here bootstraps its own .venv and uv; a machine needs python3 >= 3.11, make and the package registry.
.DEFAULT_GOAL := help
.PHONY: help setup demo dev test proofs bench bench-dbt check reference format clean

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest

export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never
export DAGSTER_DISABLE_TELEMETRY := yes
export DO_NOT_TRACK := 1
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

help:
	@echo "make demo    the whole platform on two simulated tenants, then the Dagster UI  (ARGS=\"--no-ui --fresh\")"
	@echo "make dev     Dagster on your own tenants.toml"
	@echo "make test    the tests, without the slow proofs                               (ARGS=\"-k name\")"
	@echo "make proofs  the slow proofs"
	@echo "make bench   the platform beside raw COPY, dlt and pandas: benchmarks/RESULTS.md      (ARGS=\"--rows 50000 --rounds 1\")"
	@echo "make bench-dbt   seconds of every dbt model on a large simulated tenant               (ARGS=\"--size small --tests\")"
	@echo "make check   format, lint, types, floors, SQL, data dictionary, lock file"
	@echo "make format  rewrite the code as the formatter wants it"
	@echo "make reference   rewrite the data dictionary and the dbt sources from the catalog and the glossary"
	@echo "make clean   remove the environment and caches, not the data under .st_platform"

setup: .venv/ready

.venv/ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
		{ echo "$(PYTHON) cannot make a virtual environment; on Debian and Ubuntu install python3-venv" >&2; exit 1; }
	@$(BIN)/uv --version 2>/dev/null | grep -q "^uv $(UV_VERSION)" || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv sync --frozen --quiet
	@touch $@

demo: setup
	$(BIN)/st-platform demo $(ARGS)

dev: setup
	$(BIN)/st-platform dev $(ARGS)

test: setup
	$(PYTEST) -n 2 -m "not slow" $(ARGS)

proofs: setup
	$(PYTEST) -m slow $(ARGS)

bench: .venv-bench/ready
	.venv-bench/bin/python -m benchmarks $(ARGS)

bench-dbt: setup
	$(BIN)/python -m benchmarks.models $(ARGS)

# The others' libraries stay out of the environment that tests and people use.
.venv-bench/ready: .venv/ready
	UV_PROJECT_ENVIRONMENT=.venv-bench $(BIN)/uv sync --frozen --quiet --no-default-groups --group bench
	@touch $@

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/st-platform dbt lint
	$(BIN)/python -m scripts.write_reference --check
	$(BIN)/python scripts/check_manifest.py
	$(BIN)/uv lock --check

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

reference: setup
	$(BIN)/python -m scripts.write_reference

clean:
	rm -rf .venv .venv-bench .pytest_cache .ruff_cache .import_linter_cache .hypothesis dbt_project/target dbt_project/logs
