# Every target is one call of bootstrap.py, so `python bootstrap.py run` is the same without make (Windows).
#   make run ARGS="-p platform live"     arguments for the command
#   make setup PYTHON=python3.12         another Python
#   make setup VENV=/some/folder         another place for the environment
PYTHON ?= python3
ARGS ?=
export VENV

.PHONY: help setup run test lab lint bench docs lock

help:
	@echo "make run | test | lab | setup | lint | bench | docs | lock      (see README.md)"

setup run test lab lint bench docs lock:
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) was not found. Next step: install Python 3.11 or newer, or name yours: make $@ PYTHON=..." >&2; exit 2; }
	@$(PYTHON) bootstrap.py $@ $(ARGS)
