# Sonoform's commands. The environment they make and use is .venv/; `make help` lists them.

PYTHON ?= python3
PORT ?= 8501
CLASSIC_PORT ?= 8100

VENV := .venv
BIN := $(VENV)/bin/python
PIP := $(BIN) -m pip --disable-pip-version-check
TORCH := $(shell grep '^torch==' requirements.txt)

.DEFAULT_GOAL := help
.PHONY: run run-classic test lint format bench web clean help browser

# A stamp is touched when its step is done, so a step is taken once, and again only when what it depends on changed.
ENVIRONMENT := $(VENV)/.stamp-environment
PACKAGES := $(VENV)/.stamp-packages
PROJECT := $(VENV)/.stamp-project
TOOLS := $(VENV)/.stamp-tools

run: $(PROJECT) ## Start the web app with the API on http://127.0.0.1:8501 (PORT=N for another port)
	@echo "==> starting Sonoform on http://127.0.0.1:$(PORT) (Ctrl-C stops it)"
	@$(BIN) -m streamlit run streamlit_app.py --server.port $(PORT) \
		|| { echo "Sonoform stopped: if port $(PORT) is in use, name another, as in make run PORT=8601" >&2; exit 1; }

run-classic: $(PROJECT) ## The same under /sound_design/: http://127.0.0.1:8100/sound_design/?app=... (CLASSIC_PORT=N)
	@echo "==> starting Sonoform on http://127.0.0.1:$(CLASSIC_PORT)/sound_design/ (Ctrl-C stops it)"
	@$(BIN) -m streamlit run streamlit_app.py --server.port $(CLASSIC_PORT) --server.baseUrlPath sound_design \
		|| { echo "Sonoform stopped: if port $(CLASSIC_PORT) is in use, name another: CLASSIC_PORT=8601" >&2; exit 1; }

test: lint browser ## Lint, check types and run every test, in a browser too where Chromium is found
	@echo "==> tests"
	@$(BIN) -m pytest || { echo "==> what failed, once more: it has to pass alone" >&2; \
		$(BIN) -m pytest --last-failed --last-failed-no-failures none; }

lint: $(PROJECT) $(TOOLS) ## Lint (ruff) and check types (mypy)
	@echo "==> lint"
	@$(BIN) -m ruff check .
	@echo "==> types"
	@$(BIN) -m mypy

format: $(TOOLS) ## Put imports and layout in order (ruff)
	@echo "==> format"
	@$(BIN) -m ruff check --fix .
	@$(BIN) -m ruff format .

bench: $(PROJECT) ## Print this machine's latencies from patch to sound
	@echo "==> latencies"
	@$(BIN) -m synth bench

web: ## Test and build the live instrument from web/ into app/static/ (needs Node 20)
	@echo "==> packages of web/"
	@npm --prefix web ci --silent --no-audit --no-fund
	@echo "==> tests of web/"
	@npm --prefix web test --silent
	@echo "==> app/static/instrument.js"
	@npm --prefix web run build --silent

clean: ## Remove caches and build leftovers; .venv, runs and outputs stay
	@echo "==> removing caches and build leftovers"
	@rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -not -path './$(VENV)/*' -not -path './.git/*' -prune -exec rm -rf {} +

help: ## Show this list
	@echo "make COMMAND, where COMMAND is one of"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile

browser:
	@have() { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; \
	if ! have && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "==> installing Chromium for the browser tests"; \
		apt-get update -qq && apt-get install -y -qq chromium >/dev/null; \
	fi; \
	have || echo "==> browser tests are skipped: no Chromium is found (install the package chromium to run them)"

$(ENVIRONMENT):
	@echo "==> making $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is not Python 3.11 or later: install one, or name it with PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "$(VENV) cannot be made: install the package python3-venv, or name another PYTHON=" >&2; exit 1; }
	@touch $@

$(PACKAGES): requirements.txt | $(ENVIRONMENT)
	@echo "==> installing $(TORCH)"
	@$(PIP) install --quiet $(TORCH)
	@echo "==> installing requirements.txt"
	@$(PIP) install --quiet -r requirements.txt
	@touch $@

$(PROJECT): pyproject.toml setup.py | $(PACKAGES)
	@echo "==> installing the project itself"
	@$(PIP) install --quiet --editable . --no-deps
	@touch $@

$(TOOLS): requirements-dev.txt | $(PACKAGES)
	@echo "==> installing requirements-dev.txt"
	@$(PIP) install --quiet -r requirements-dev.txt
	@touch $@
