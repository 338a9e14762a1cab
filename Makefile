# Every command of the project; `make help` lists them. Nothing needs to be there before but git and make.
SHELL := /bin/sh
PYTHON := python3
VENV := .venv/bin/python
LOCAL := $(PYTHON) -m deploy.local
# Its own lines are all that a measurement prints; what setting up says goes beside them.
BENCH := $(LOCAL) setup >&2 && $(VENV) -m deploy.bench
SOURCES := deploy schemas services tests

.DEFAULT_GOAL := help
.PHONY: help demo test prove up down status logs check load lint format migrate clean setup python
.PHONY: bench-matching bench-at-once bench-event bench-gap bench-rivals simulate

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

demo: setup ## set up, start, load Chifeng, run the main job, print the summary; leaves the stack up
	@KEQIAO_ENVIRONMENT=demo $(LOCAL) up
	@KEQIAO_ENVIRONMENT=demo $(VENV) -m deploy.demo

test: python ## every test, on real servers of the tests' own
	@$(PYTHON) -m deploy.testing

prove: python ## the full depth: every case, large rounds, the simulated month
	@$(PYTHON) -m deploy.testing --prove

up: setup ## bring the stack to health (KEQIAO_PORT_BASE, KEQIAO_STATE choose which)
	@$(LOCAL) up

down: python ## end exactly what `make up` began
	@$(LOCAL) down

status: python ## a table of processes, ports and health
	@$(LOCAL) status

logs: python ## follow the logs (NAME=catalog for one process)
	@$(LOCAL) logs $(NAME)

check: python ## prove on the live stack that nothing is oversold, lost or out of step
	@$(VENV) -m deploy.check

load: python ## the load test against the live stack (DURATION, RATE); prints and writes docs/benchmarks.md
	@$(LOCAL) setup --load
	@.venv-load/bin/python -m loadtests

bench-matching: python ## one made season through the engine (REQUESTS, LIMIT seconds, SEED, FAIRNESS percent; SEEDS and SIZES write the table)
	@$(BENCH) matching

bench-at-once: python ## requests answered at once beside a pending round (REQUESTS, LIMIT seconds, SEED)
	@$(BENCH) at-once

bench-event: python ## slots and experts that fall away in a season of drafts (REQUESTS, SEED)
	@$(BENCH) event

bench-gap: python ## every assignment file of a folder through the engine (DIR, LIMIT, SEED; SEEDS=7,8,9 writes the table)
	@$(BENCH) gap

bench-rivals: python ## the same by greedy, HiGHS and CP-SAT (REQUESTS or DIR, LIMIT, SEED; SEEDS writes the table)
	@$(BENCH) rivals

simulate: python ## what if, side by side (REQUESTS, SEED, LIMIT, CHANGE='demand=1.2 venue_closed=1', REPLAY=5)
	@$(LOCAL) setup >&2 && $(VENV) -m deploy.simulate

lint: setup ## style, format and strict types
	@.venv/bin/ruff check $(SOURCES) loadtests
	@.venv/bin/ruff format --check $(SOURCES) loadtests
	@.venv/bin/mypy $(SOURCES) loadtests

format: setup ## put the sources into their format
	@.venv/bin/ruff check --fix-only $(SOURCES) loadtests
	@.venv/bin/ruff format $(SOURCES) loadtests

migrate: setup ## bring the databases of the running stack to their newest migration
	@$(LOCAL) migrate

clean: down ## end the stack and delete its data, environments and caches
	@$(LOCAL) clean
	@rm -rf .venv .venv-load .mypy_cache .ruff_cache .pytest_cache .hypothesis

setup: python ## install all that the stack needs (root or sudo)
	@$(LOCAL) setup

# The one step that Python cannot do for itself: a minimal Debian has none.
python:
	@command -v $(PYTHON) >/dev/null 2>&1 || sh deploy/bootstrap.sh
