# One command per habit, the same on a laptop and in CI. Every target begins with `env`.
BIN := .venv/bin
UV := $(BIN)/uv

.PHONY: help env run test lint format lock clean

help: ## what can be made here
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: .venv/.ready ## the virtual environment, from the lock files

.venv/.ready: requirements/uv.txt requirements/dev.txt pyproject.toml bin/bootstrap
	@bin/bootstrap
	@touch $@

run: env ## bring everything up: manager, workers, balancer and a demo instance
	@$(BIN)/ocim up

lint: env ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache

format: env ## let ruff rewrite the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

test: env lint ## lint and the whole suite, acceptance on real processes included
	@bin/test-packages
	@$(BIN)/pytest

lock: env ## compile requirements/*.in to lock files with hashes
	@for f in uv ocim dev rehearsal; do \
	  $(UV) pip compile -q --python-version 3.11 --universal --generate-hashes \
	    --no-header --no-annotate requirements/$$f.in -o requirements/$$f.txt; done

clean: ## remove the environment and what tests left
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
