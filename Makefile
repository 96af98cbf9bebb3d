# Two commands for a fresh machine with Python 3.11+, a C++ compiler and make:
#   make demo   installs the project for itself, fetches two small models, and asks the sample company's documents
#   make test   installs everything for itself and runs the whole test suite, real models included
PYTHON ?= python3
DEMO = .venv-demo
TEST = .venv-test
HOME_OF_DEMO = $(CURDIR)/$(DEMO)/home
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test torture clean

demo: $(DEMO)/installed
	@RAG="$(DEMO)/bin/rag" RAG_HOME="$(HOME_OF_DEMO)" RAG_KB="$(DEMO)/kb" sh .ci/demo

$(DEMO)/installed: pyproject.toml constraints.txt $(shell find rag ingest index -type f ! -name '*.pyc')
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python -m pip install --quiet --constraint constraints.txt .
	touch $@

test: $(TEST)/installed
	$(TEST)/bin/python -m ruff check .
	$(TEST)/bin/python -m ruff format --check .
	$(TEST)/bin/python -m mypy
	$(TEST)/bin/python -m pytest

$(TEST)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(TEST)
	$(TEST)/bin/python -m pip install --quiet --constraint constraints.txt --editable ".[all]"
	touch $@

torture: $(TEST)/installed
	$(TEST)/bin/python -m pytest -m torture --timeout 7200

clean:
	rm -rf $(DEMO) $(TEST) build *.egg-info
