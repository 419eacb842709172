# Two commands: `make run` trains the quickstart experiment, `make test` runs every check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
WORKERS ?= 2

.PHONY: run test lock schema clean

run: $(INSTALLED)
	$(BIN)/runner run experiments/quickstart.yaml

test: $(INSTALLED)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

# Renews requirements.lock: the newest versions setup.cfg allows that work together, for every supported Python.
lock: $(INSTALLED)
	$(BIN)/uv pip compile setup.cfg --extra dev --universal --python-version 3.11 --upgrade --no-header \
		--no-emit-index-url --generate-hashes --output-file requirements.lock

# Renews the JSON Schema that editors use for experiment files.
schema: $(INSTALLED)
	$(BIN)/runner schema -o experiments/experiment.schema.json

$(INSTALLED): requirements.lock setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python >= 3.11 is needed, $(PYTHON) is older; try: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
