# thecal: `make demo` and `make test` set everything up by themselves.
# Needs Python 3.11 or newer with venv, git and make.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help setup demo test test-slow check format bench bench-record verify validation mutate lock clean

help:
	@echo "make demo    set up, then run the main job on a published course"
	@echo "make test    set up, then run the tests"
	@echo "make setup   the environment in $(VENV), with the command thecal in it"
	@echo "make check   format, lint, spelling, types, import contracts"
	@echo "make bench   timings on this machine, as ratios within one run"
	@echo "make bench-record  the record of 10,000 patients with 60 doses each, timed"
	@echo "make verify  every solver against every oracle, written to docs/verification.md"
	@echo "make validation  every published number beside the model, written to docs/validation.md"
	@echo "make mutate  how many wrong programs the tests notice; MODULE=walk for one module"
	@echo "make lock    resolve the dependencies anew (needs uv)"

setup: $(READY)

$(READY): requirements.lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "thecal needs Python 3.11 or newer; found $$($(PYTHON) --version). Set PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q src
	@touch $@

demo: $(READY)
	@mkdir -p out
	$(BIN)/thecal course examples/dresden.csv --report out/dresden.html
	@echo "The report is out/dresden.html: open it in a browser."

test: $(READY)
	$(BIN)/python -m pytest -n auto -m "not slow"

test-slow: $(READY)
	$(BIN)/python -m pytest -n auto -m slow

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell src tests docs bench README.md CHANGELOG.md CONTRIBUTING.md
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)
	$(BIN)/python -m compileall -q src
	$(BIN)/python bench/bench.py
	$(BIN)/python bench/record.py

bench-record: $(READY)
	$(BIN)/python bench/record.py --patients 10000

verify: $(READY)
	$(BIN)/python bench/verify.py --write

validation: $(READY)
	$(BIN)/thecal validate tofersen --page docs/validation.md

mutate: $(READY)
	$(BIN)/python bench/mutate.py $(MODULE)

lock:
	uv lock --upgrade
	uv export --quiet --no-emit-project --no-header --all-groups --all-extras -o requirements.lock.txt

clean:
	rm -rf $(VENV) out mutants build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
