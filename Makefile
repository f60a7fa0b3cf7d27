# The verbs of the project. `make run` and `make test` need nothing done before: each installs what it
# lacks, once. ARGS= passes arguments on: make test ARGS="-k tiles", make run ARGS="--help".

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test check bless conformance bench assets postgis lock clean runtime dev bench-packages chromium

# .venv is a link when the checkout lies far down (tools/install.sh).
PYTHON_HERE = "$$(readlink -f .venv)/bin/python"
ARGS ?=

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 14

run: runtime postgis assets ## a running geoportal: database, layers, one computed pipeline, web server
	@exec .venv/bin/geoportal up $(ARGS)

test: dev postgis assets chromium ## all tests, on a throw-away PostGIS
	@bash tools/test.sh $(PYTHON_HERE) $(ARGS)

check: dev ## style, types, imports between the rooms, layer definitions
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/geoportal layers check

bless: dev postgis ## write the golden answers in tests/golden anew (look at the difference before you commit)
	@$(PYTHON_HERE) -m pytest --bless -m "not browser" $(ARGS)

conformance: dev postgis assets ## the official OGC test suites in GEOPORTAL_CITE_DIR against our server
	@$(PYTHON_HERE) tools/conformance.py $(ARGS)

bench: dev bench-packages postgis assets ## the figures of benchmarks/, beside the rival servers in GEOPORTAL_PEERS_DIR
	@$(PYTHON_HERE) -m benchmarks $(ARGS)

assets: runtime ## the browser files of the map, from npm
	@bash tools/assets.sh $(PYTHON_HERE)

postgis: ## Debian's PostGIS, when it is missing
	@bash tools/postgis.sh

lock: ## the exact versions in requirements/ from pyproject.toml (needs uv)
	@bash tools/lock.sh $(ARGS)

clean: ## stop the embedded database and remove what was installed here (its data stay)
	@if [ -x .venv/bin/geoportal ]; then .venv/bin/geoportal db stop; fi
	@rm -rf "$$(readlink -f .venv)" .venv node_modules geoportal/web/static/vendor .pytest_cache .mypy_cache .ruff_cache \
		.import_linter_cache .hypothesis dist

runtime:
	@bash tools/install.sh runtime

dev:
	@bash tools/install.sh dev

bench-packages: dev
	@bash tools/install.sh bench

chromium:
	@bash tools/chromium.sh
