# `make benchmark` and `make test` are all a newcomer types; both set up .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RESULTS ?= results/core

.PHONY: benchmark test validate reference reference-images docs lint format setup clean generators

benchmark: $(READY)
	@status=0; $(BIN)/indmech-bench run core --out $(RESULTS) || status=$$?; \
	$(BIN)/indmech-bench leaderboard $(RESULTS) && exit $$status

test: lint
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# long checks of the science, beyond what every change needs
validate: $(READY)
	$(BIN)/python -m pytest tests/validate
	$(BIN)/python -m pytest tests/harness/workers/test_interruption.py -k kills_lose --kills 20

# what results/reference/ holds, made anew from the present code; under an hour on 2 cores
reference: $(READY)
	.ci/reference core 64
	.ci/reference dose 64
	.ci/reference physics 32

reference-images: $(READY)
	.ci/reference images 8
	.ci/reference deep 8
	.ci/reference deep-scratch 8

# the pages of docs/ with the reference of the API, into site/
docs: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	$(BIN)/mkdocs build --strict --quiet

# the wheels of two trained generators, by their hashes, into the user's cache: tests of them are skipped without
generators: $(READY)
	$(BIN)/indmech-bench generators

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "indmech-bench needs Python 3.11 or newer; set PYTHON, as in: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

clean:
	rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
