# readapt: the commands of a checkout.
#   make demo   read three real pages (installs the reading tier only)
#   make test   install everything and run every check
#   make docs   build the site (theory, architecture, model card, results) in site/
#   make lint   format check, lint, types
#   make bench  measure beside Tesseract and RapidOCR (needs both, see benchmarks/README.md)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test lint format docs bench clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.reading: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	touch $@

$(VENV)/.everything: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[dev]'
	touch $@

demo: $(VENV)/.reading
	@$(BIN)/python examples/demo.py

test: $(VENV)/.everything lint
	$(BIN)/python -m pytest

lint: $(VENV)/.everything
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.everything
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.everything
	$(BIN)/mkdocs build --quiet --strict
	@echo "site/index.html"

bench: $(VENV)/.everything
	$(BIN)/python benchmarks/peers.py latest

clean:
	rm -rf $(VENV) demo-out site .mypy_cache .ruff_cache .pytest_cache .hypothesis
