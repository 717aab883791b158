# The first Python of 3.11 or later that runs; another one: make PYTHON=/path/to/python test
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv
PIP = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check
# Files in their order: by itself, pytest-xdist begins with those of many tests and ends with the few that take a minute each.
PYTEST = $(VENV)/bin/pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
DEMO = $(VENV)/.installed-demo
DEV = $(VENV)/.installed-dev

.PHONY: demo test bounds crashes lint bench
.DELETE_ON_ERROR:

demo: $(DEMO)
	$(VENV)/bin/lakedrift demo

test: $(DEV)
	$(PYTEST)
	NUMBA_DISABLE_JIT=1 $(PYTEST) tests/kernels
	NUMBA_BOUNDSCHECK=1 $(PYTEST) tests/kernels

# The bounds of every metric against brute force, over twenty thousand hostile cases; make test tries five hundred.
bounds: $(DEV)
	LAKEDRIFT_BOUNDS_CASES=20000 $(VENV)/bin/pytest tests/laws/test_bounds.py

# A hundred writers of profiles, a hundred of stores and fifty that replace grids, killed at random moments, and every failure of
# a disk; make test kills a tenth of them.
crashes: $(DEV)
	LAKEDRIFT_KILLS=200 $(VENV)/bin/pytest tests/test_store_kills.py tests/test_store_faults.py

lint: $(DEV)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache

# Makes an environment for every peer, then measures; docs/benchmarks.md is the result. Takes an hour.
bench: $(DEV)
	$(VENV)/bin/python -m benchmarks.peer
	$(VENV)/bin/python -m benchmarks.report

# Both install in editable mode, so that whichever comes second does not shadow the sources with a copy.
$(DEMO): pyproject.toml | $(VENV)/bin/python
	$(PIP) --editable '.[demo]'
	@touch $@

$(DEV): pyproject.toml | $(VENV)/bin/python
	$(PIP) --editable '.[dev]'
	@touch $@ $(DEMO)

$(VENV)/bin/python:
	@test -n '$(PYTHON)' || { echo 'lakedrift needs Python 3.11 or later: make PYTHON=/path/to/python' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
