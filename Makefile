# Two commands do everything: `make book` and `make test`. `make help` lists the rest.

PYTHON ?= python3
PORT   ?= 8000
VENV   := .venv
BIN    := $(VENV)/bin
STAMPS := $(VENV)/.stamps
SITE   := _build/html
BENCH  := .venv-bench

LIBRARY   := $(wildcard bplib/*.py bplib/*/*.py bplib/*/*.js)
CHAPTERS  := $(wildcard chapters/*.md solutions/*.md)
EXERCISES := $(shell find exercises -name '*.py' -o -name '*.md')
EXTENSION := $(shell find _ext -name '*.py' -o -name '*.js' -o -name '*.mjs')
HOUSE     := _config.yml _toc.yml references.bib $(shell find _ext -type f -not -path '*/__pycache__/*')

# What others are held to comes first.
PINNED    := requirements.in $(filter-out requirements.in requirements-bench.in,$(wildcard requirements*.in binder/*.in))
COMPILE    = $(BIN)/uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-header $(if $(UPGRADE),--upgrade)

# Tests that share nothing, each of which any process may run.
EACH := tests/sabotage tests/grading/test_keys_in_sandbox.py

# An environment knows where it was made: in a copied folder it would run the other folder's bplib.
HOME_OF_VENV := $(shell cat $(STAMPS)/home 2>/dev/null)
ifeq ($(filter distclean help,$(MAKECMDGOALS)),)
ifneq ($(HOME_OF_VENV),)
ifneq ($(HOME_OF_VENV),$(CURDIR))
$(error $(VENV) was made in $(HOME_OF_VENV), and this is $(CURDIR); say `make distclean` here, then again what you said)
endif
endif
endif

.DEFAULT_GOAL := help
.PHONY: help book exercises serve watch test grading lint bench audit pins clean distclean FORCE

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

book: $(STAMPS)/book  ## build the site to _build/html
	@echo "The book is in $(SITE). \`make serve\` shows it; opened as mere files, it cannot run chapters."

exercises: $(STAMPS)/python  ## write students' notebooks and nbgrader's to _build/exercises
	@$(BIN)/python -m exercises build

serve: book  ## show the built site in a browser
	@$(BIN)/python _ext/serve.py $(SITE) $(PORT)

watch: book  ## show the book, and follow its sources while you write
	@$(BIN)/python _ext/watch.py $(PORT)

test: $(STAMPS)/book $(STAMPS)/test $(STAMPS)/grading  ## build the book, then run every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder -m "not alone" tests $(addprefix --ignore=,$(EACH))
	$(BIN)/python -m pytest -n 2 $(EACH)
	$(BIN)/python -m pytest -m alone tests/site

lint: $(STAMPS)/test  ## check the style of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

grading: $(STAMPS)/grading  ## install what an instructor needs to grade, and show how
	@$(BIN)/python -m grading grade --help

bench: $(BENCH)/.stamp  ## time bplib beside PyTorch, JAX and others (about ten minutes)
	$(BENCH)/bin/python -m benchmarks

audit: $(STAMPS)/book $(STAMPS)/test  ## weigh and time every page of the site, beside its limits
	@$(BIN)/python -m benchmarks.pages

# PyTorch names what only a GPU needs, and its build for CPUs does without: a first pass finds it.
pins: $(STAMPS)/venv  ## pin what requirements*.in name; with UPGRADE=1 at the newest versions
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	for name in $(PINNED:.in=); do $(COMPILE) --quiet $$name.in -o $$name.txt || exit 1; done
	@mkdir -p _build
	$(COMPILE) requirements-bench.in > _build/all.txt
	sed -nE 's/^(triton|(cuda|nvidia)-[a-z0-9-]+)[^a-z0-9-].*/\1/p' _build/all.txt > _build/gpu.txt
	$(COMPILE) --quiet --excludes _build/gpu.txt requirements-bench.in -o requirements-bench.txt

clean:  ## remove what was built, keep the environment
	rm -rf _build assignments .pytest_cache .ruff_cache .hypothesis $(STAMPS)/book

distclean: clean  ## remove the environment too
	rm -rf $(VENV) $(BENCH) node_modules *.egg-info

# Python, the pinned requirements and bplib itself, editable.
$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "make: the book needs Python 3.11 or newer; say which one with 'make book PYTHON=/path/to/python3'" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "make: this Python cannot create environments; on Debian install python3-venv" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS)
	@echo "$(CURDIR)" > $(STAMPS)/home
	@touch $@

$(STAMPS)/python: requirements.txt pyproject.toml | $(STAMPS)/venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar off -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(STAMPS)/test: requirements-test.txt $(STAMPS)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar off -r requirements-test.txt
	@touch $@

# nbgrader brings a hundred packages; its pins agree with the book's, which does without them.
$(STAMPS)/grading: requirements-grading.txt $(STAMPS)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar off -r requirements-grading.txt
	@touch $@

# The contestants have an environment of their own, so that the book's stays small.
$(BENCH)/.stamp: requirements.txt requirements-bench.txt $(STAMPS)/venv
	test -x $(BENCH)/bin/python || $(BIN)/python -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --progress-bar off -r requirements-bench.txt
	@touch $@

# npm and node come with the requirements, so that nothing but Python and make need be there.
$(STAMPS)/node: package.json package-lock.json .npmrc $(STAMPS)/python
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/npm ci --silent
	@touch $@

# Chapters that change are executed again; the cache does not know that bplib did.
$(STAMPS)/executed: $(LIBRARY) $(STAMPS)/python
	rm -rf _build/.jupyter_cache _build/.doctrees
	@touch $@

# Sphinx does not know that the extension's code changed.
$(STAMPS)/read: $(EXTENSION)
	rm -rf _build/.doctrees
	@touch $@

# Where the book is published; _ext/bpsite/addresses.py says what each of them means.
$(STAMPS)/places: FORCE | $(STAMPS)/venv
	@echo "$(BOOK_REPOSITORY) $(BOOK_ADDRESS) $(BOOK_PYODIDE)" | cmp -s - $@ || \
	  echo "$(BOOK_REPOSITORY) $(BOOK_ADDRESS) $(BOOK_PYODIDE)" > $@
FORCE:

# One thread: matrices as small as the book's are slower with more, and timings mean nothing.
$(STAMPS)/book: export OPENBLAS_NUM_THREADS := 1

# A warning is said only while a chapter is read, so after a failure all are read again.
$(STAMPS)/book: $(CHAPTERS) $(EXERCISES) $(HOUSE) $(STAMPS)/node $(STAMPS)/executed $(STAMPS)/read $(STAMPS)/places
	$(BIN)/jupyter-book build --quiet -W --keep-going . || { rm -rf _build/.doctrees; exit 1; }
	@touch $@
