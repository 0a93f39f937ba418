.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

# dbt 1.11 runs on Python 3.11 to 3.13; the first that fits is taken, `make PYTHON=...` overrides.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		>/dev/null 2>&1 && echo "$$python" && break; done)

VENV := .venv
# what looks at the page with the eyes of those who can't see it; its tests need Node.js, no others do
AXE := $(if $(shell command -v npm),tests/browser/node_modules/.package-lock.json)
BIN := $(VENV)/bin
PYTHON_FILES := pii_lint tests ops seeds

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.PHONY: help
help: ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/.duckdb ## Build the warehouse, check it, and see the gate stop the incident
	@ops/demo.sh

.PHONY: warehouse
warehouse: $(VENV)/.duckdb ## Build the warehouse alone, from synthetic data
	@ops/warehouse.sh

.PHONY: demo-postgres
demo-postgres: $(VENV)/.postgres ## Fill the warehouse from a real PostgreSQL, build it, check it
	@ops/demo-postgres.sh

.PHONY: demo-spark
demo-spark: $(VENV)/.spark ## Build the warehouse on a Spark cluster of two workers, check it
	@ops/demo-spark.sh

.PHONY: scale
scale: $(VENV)/.spark ## Build up to 10 million events on Spark and DuckDB (make scale ARGS='--events 100000')
	@$(BIN)/python -m tests.bench.scale $(ARGS)

.PHONY: test
test: $(VENV)/.dev $(AXE) ## Run every test (make test ARGS='-m "not slow"' for the quick ones)
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 \
		--dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: verify
verify: $(VENV)/.duckdb ## Alter personal data, build anew, and see that no safe mart moves
	@ops/verify.sh

.PHONY: bench
bench: $(VENV)/.dev ## Measure the linter's speed beside other tools' (make bench ARGS=--no-peers)
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: accuracy
accuracy: $(VENV)/.dev ## Ask the linter and other tools the same questions (make accuracy ARGS=--no-peers)
	@$(BIN)/python -m tests.bench.accuracy $(ARGS)

.PHONY: fuzz
fuzz: $(VENV)/.dev ## Hold random SQL against the engine (make fuzz ARGS='--minutes 30 --seed 7')
	@$(BIN)/python -m tests.fuzz.campaign $(ARGS)

.PHONY: dialects
dialects: $(VENV)/.clouds ## Compile with the adapters of five warehouses themselves (installs 730 MB)
	@$(BIN)/python -m pytest tests/dialects/real_adapters.py $(ARGS)

.PHONY: lint
lint: $(VENV)/.dev ## Check style, types, layers, workflows and generated files
	$(BIN)/ruff check $(PYTHON_FILES)
	$(BIN)/ruff format --check $(PYTHON_FILES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	ops/lint-workflows.sh
	$(MAKE) --no-print-directory generate CHECK=--check

.PHONY: format
format: $(VENV)/.dev ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix $(PYTHON_FILES)
	$(BIN)/ruff format $(PYTHON_FILES)

.PHONY: generate
generate: $(VENV)/.dev ## Write the generated files anew
	$(BIN)/python seeds/generate.py $(CHECK)
	$(BIN)/python -m pii_lint.data.generate $(CHECK)
	$(BIN)/python -m pii_lint.rules.pages $(CHECK)

.PHONY: docs
docs: $(VENV)/.duckdb ## Write the warehouse's documentation to target/static_index.html
	$(BIN)/dbt --quiet deps
	$(BIN)/dbt docs generate --static

.PHONY: clean
clean: ## Remove what was made, but neither the warehouse nor its salt
	rm -rf $(VENV) target logs dbt_packages build dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "No Python 3.11, 3.12 or 3.13 was found: install one, or name it with make PYTHON=/path/to/python3." >&2; \
		exit 1; \
	fi
	@$(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); \
		echo "$(PYTHON) can't make a virtual environment: install its venv module (on Debian: python3-venv)." >&2; \
		exit 1; \
	}

tests/browser/node_modules/.package-lock.json: tests/browser/package-lock.json
	npm ci --silent --no-audit --no-fund --prefix tests/browser

# A stamp an extra, so that nothing is installed twice and a changed pyproject.toml is noticed.
$(VENV)/.duckdb: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[duckdb]'
	@touch $@

$(VENV)/.postgres: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[duckdb,postgres]'
	@touch $@ $(VENV)/.duckdb

$(VENV)/.clouds: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev,duckdb,postgres,clouds]'
	@touch $@ $(VENV)/.dev $(VENV)/.duckdb $(VENV)/.postgres

$(VENV)/.spark: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[duckdb,spark]'
	@touch $@ $(VENV)/.duckdb

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev,duckdb,postgres,spark]'
	@touch $@ $(VENV)/.duckdb
