# cocmail. Needs make and Python 3.11, 3.12 or 3.13; everything else is installed, hash-checked, into $(VENV).
#
#   make demo      one report through the whole house, over real SMTP, then ends; STAY=1 keeps it running
#   make test      the tests, without the long ones        make soak   the long ones
#   make check     lint, types, import arrows              make run    the daemon; CONFIG=FILE names its configuration
#   make lock      new hash-pinned requirements            make clean  takes away what make made
#
# PYTHON=... chooses the interpreter when $(VENV) is made; VENV=... another folder. make test ARGS='-k recuse'.

# The first that runs: a version manager's shim may stand in the path and answer "not found".
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	"$$p" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' >/dev/null 2>&1 \
	&& { echo "$$p"; break; }; done)
VENV ?= .venv
UV ?= uv
# One more than two cores have: the tests wait for servers as much as they reckon.
WORKERS ?= 3
# The daemons and readers that the tests start are to find what was compiled before, whatever the environment says.
COMPILED := PYTHONDONTWRITEBYTECODE=
# The tests write and sync thousands of small files; memory does for them where there are two gigabytes of it to spare.
TEMPROOT ?= $(shell [ -w /dev/shm ] && df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 2000000 {print "/dev/shm"}')
ARGS ?=

BIN := $(VENV)/bin
# Twice quiet: errors are shown, warnings about other people's pip settings are not.
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check --no-input
LIBRARIES := $(VENV)/.libraries
RUN_READY := $(VENV)/.ready-run
DEV_READY := $(VENV)/.ready-dev

.PHONY: demo test soak check lint types arrows run lock clean help
.DEFAULT_GOAL := help

help:
	@sed -n '3,8s/^# \{0,1\}//p' Makefile

demo: $(RUN_READY)
	@$(BIN)/python -m cocmail demo $(if $(STAY),--stay)

run: $(RUN_READY)
	@exec $(BIN)/python -m cocmail run $(if $(CONFIG),--config '$(CONFIG)')

test: $(DEV_READY)
	$(COMPILED) $(if $(TEMPROOT),PYTEST_DEBUG_TEMPROOT='$(TEMPROOT)') $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

soak: $(DEV_READY)
	$(COMPILED) $(BIN)/python -m pytest -m soak --timeout 0 $(ARGS)

check: lint types arrows

lint: $(DEV_READY)
	$(BIN)/ruff check .

types: $(DEV_READY)
	$(BIN)/mypy

arrows: $(DEV_READY)
	$(BIN)/lint-imports

# Made anew when the pinned requirements change, so that nothing of an older set stays behind.
# One library comes as source alone, as we do: what builds them is pinned too, hence no build isolation.
$(LIBRARIES): requirements/build.txt requirements/run.txt
	@python="$(PYTHON)"; \
	if [ -z "$$python" ]; then \
	  echo "cocmail needs Python 3.11, 3.12 or 3.13 with its venv module (Debian: apt install python3-venv)." >&2; \
	  exit 1; \
	fi; \
	if [ -e "$(VENV)" ] && [ ! -f "$(VENV)/pyvenv.cfg" ]; then \
	  echo "$(VENV) is there and is no virtual environment; name another one with VENV=..." >&2; exit 1; \
	fi; \
	echo "Installing what cocmail needs into $(VENV) (once)" && rm -rf "$(VENV)" && "$$python" -m venv "$(VENV)"
	@$(PIP) install --require-hashes --requirement requirements/build.txt
	@$(PIP) install --require-hashes --no-build-isolation --use-pep517 --requirement requirements/run.txt
	@touch $@

$(RUN_READY): $(LIBRARIES) pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(DEV_READY): requirements/dev.txt $(LIBRARIES) | $(RUN_READY)
	@echo "Installing what the tests and checks need into $(VENV) (once)"
	@$(PIP) install --require-hashes --no-build-isolation --use-pep517 --requirement requirements/dev.txt
	@touch $@

# The pins hold for every Python and platform we support, with the hashes of every file of a release, and name no index.
# `make lock LOCK=--upgrade` takes newer releases; without it only what pyproject.toml asks for changes.
lock:
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv, or UV=/path/to/uv" >&2; exit 1; }
	$(UV) pip compile $(PINNED) requirements/build.in --output-file requirements/build.txt
	$(UV) pip compile $(PINNED) --extra postgresql pyproject.toml requirements/build.in \
	  --constraint requirements/build.txt --output-file requirements/run.txt
	$(UV) pip compile $(PINNED) --extra postgresql --extra dev pyproject.toml requirements/build.in \
	  --constraint requirements/run.txt --output-file requirements/dev.txt

PINNED := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
  --no-annotate --no-header $(LOCK)

clean:
	@if [ -f "$(VENV)/pyvenv.cfg" ]; then rm -rf "$(VENV)"; fi
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	@find cocmail tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
