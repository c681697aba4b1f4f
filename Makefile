# One command per habit, the same on a laptop and in CI. Every target begins with `env`.
BIN := .venv/bin
UV := $(BIN)/uv
# Ocim's processes would compile all of it each time they start, and take twice as long.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help env env-rehearsal run shop check test test-base test-packages test-rehearsal test-rehearsal-lms test-rehearsal-discovery test-rehearsal-ecommerce conformance rehearsal-images release lint lint-rehearsal format reference docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: .venv/.ready ## make the virtual environment from the lock files

.venv/.ready: requirements/uv.txt requirements/dev.txt pyproject.toml bin/bootstrap
	@bin/bootstrap
	@touch $@

env-rehearsal: env .venv-rehearsal/.ready # the rehearsal services' own environment

.venv-rehearsal/.ready: .venv/.ready requirements/rehearsal-dev.txt bin/bootstrap-rehearsal
	@bin/bootstrap-rehearsal
	@touch $@

run: env ## start everything, with a demo instance; PROVISIONER=tutor: by Tutor, in containers
	@$(if $(PROVISIONER:ansible=),$(if $(PROVISIONER:tutor=),echo "PROVISIONER must be ansible or tutor." >&2; exit 2,$(BIN)/python -m demo),$(BIN)/ocim up)

shop: env ## do the same with a shop and a catalogue of courses in the demo
	@$(BIN)/ocim up --shop

lint: env lint-rehearsal ## run ruff, mypy --strict and import-linter
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache

lint-rehearsal: env-rehearsal # ruff looks at everything, mypy needs each distribution's own environment
	@cd rehearsal && ../.venv-rehearsal/bin/mypy
	@cd rehearsal && ../.venv-rehearsal/bin/mypy --config-file tests/discovery/mypy.ini
	@cd rehearsal && ../.venv-rehearsal/bin/mypy --config-file tests/ecommerce/mypy.ini

format: env ## let ruff rewrite the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# Tests that start no processes of their own.
QUICK := $(addprefix tests/,api catalog core operations parsing project store web)
PROCESSES := $(addprefix --ignore=tests/,operations/test_postgresql.py)

check: env lint ## run lint and the tests that start no processes
	@$(BIN)/pytest $(QUICK) $(PROCESSES)

test: env env-rehearsal ## run lint and all tests, on real processes too
	@$(MAKE) --no-print-directory --jobs=5 --output-sync=target lint test-rehearsal test-base test-collected
	@bin/in-memory $(BIN)/pytest

test-base: test-packages # file systems of hosts and images: built beside lint, or many tests wait for them
	@$(BIN)/python -m tests.nspawn_hosts
	@$(BIN)/python -m tests.rehearsal_images

test-collected: env # modules of tests: compiled once, and not by each process of the runner at the same time
	@output=$$($(BIN)/pytest --collect-only -qq -n 0) || { echo "$$output"; exit 1; }

test-packages: # the Debian packages that the suite uses
	@bin/test-packages

# In one process each, as they run beside one another: each more would load Django and make a database.
test-rehearsal: test-rehearsal-lms test-rehearsal-discovery test-rehearsal-ecommerce ## run the tests of the rehearsal services

test-rehearsal-lms: env-rehearsal
	@cd rehearsal && ../.venv-rehearsal/bin/pytest -n 0

test-rehearsal-discovery test-rehearsal-ecommerce: test-rehearsal-%: env-rehearsal
	@cd rehearsal && ../.venv-rehearsal/bin/pytest -c tests/$*/pytest.ini tests/$* -n 0

conformance: env env-rehearsal ## run the contracts of ecommerce and discovery, and print a table
	@$(BIN)/pytest tests/conformance/test_contracts.py -n 0 --installed --table $(if $(SERVICES),--services=$(SERVICES)) $(if $(WRITE),--write)

rehearsal-images: env ## build the stand-ins of Tutor's images on DOCKER_HOST; needs root and mmdebstrap
	@$(BIN)/python rehearsal/docker/images.py

COMPILE = $(UV) pip compile -q --python-version 3.11 --universal --generate-hashes --no-header --no-annotate

release: check ## release VERSION=X.Y.Z: changelog, commit, tag and wheel; push nothing
	@bin/release "$(VERSION)"

reference: env ## write docs/reference from the code
	@$(BIN)/python -m ocim.project.reference

docs: .venv-docs/.ready ## build the documentation site into build/docs
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet --strict
	@echo "Open build/docs/index.html, or run: python3 -m http.server --bind 127.0.0.1 --directory build/docs"

.venv-docs/.ready: .venv/.ready requirements/docs.txt
	@[ -x .venv-docs/bin/python ] || $(UV) venv --quiet --python $(BIN)/python .venv-docs
	@$(UV) pip sync --quiet --python .venv-docs/bin/python --require-hashes requirements/docs.txt
	@touch $@

lock: env ## compile requirements to lock files with hashes
	@for f in uv ocim dev docs tutor-build tutor-19 tutor-20 tutor-21 tutor-22; do $(COMPILE) requirements/$$f.in -o requirements/$$f.txt; done
	@$(COMPILE) rehearsal/pyproject.toml --extra uploads -o rehearsal/requirements.txt
	@$(COMPILE) rehearsal/pyproject.toml --extra ecommerce -c rehearsal/requirements.txt \
	  -o rehearsal/requirements-ecommerce.txt
	@$(COMPILE) rehearsal/pyproject.toml --extra discovery -c rehearsal/requirements-ecommerce.txt \
	  -o rehearsal/requirements-discovery.txt
	@$(COMPILE) rehearsal/pyproject.toml --extra ecommerce --extra discovery --extra uploads \
	  requirements/rehearsal-dev.in -c rehearsal/requirements-ecommerce.txt \
	  -c rehearsal/requirements-discovery.txt -o requirements/rehearsal-dev.txt
	@$(COMPILE) rehearsal/pyproject.toml --extra ecommerce --extra discovery --extra uploads \
	  rehearsal/docker/requirements.in -c requirements/rehearsal-dev.txt \
	  -o rehearsal/docker/requirements.txt

clean: ## remove environments, the site and leftovers of tests
	@rm -rf .venv .venv-rehearsal .venv-docs tests/node/node_modules build/docs .images .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
