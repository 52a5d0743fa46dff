# fsroute: the commands of a working day. "make" alone lists them.
#
# "make demo" needs Python 3.11 or newer and nothing else. The others work in .venv, which is made on first use and made
# again when setup.cfg or pyproject.toml changes. Another Python, another environment:
#     make test PYTHON=python3.13 VENV=.venv-3.13

PYTHON ?= python3
VENV   ?= .venv
# Plain "=": some shells export a HOST of their own, and that is not where a demo belongs.
HOST   = 127.0.0.1
PORT   = 8000
# More words for the command: make test ARGS="-k cookies -x", make lint ARGS=--fix, make bench ARGS=--quick.
ARGS   =

BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

# The browser of "make test-browser": the tests start what CHROMIUM names.
CHROMIUM ?= $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name) 2>/dev/null)))

.PHONY: help demo test test-browser test-api check lint types imports coverage bench clean python

help:
	@echo 'make demo           the demo shop on http://$(HOST):$(PORT)/   (HOST=, PORT=)'
	@echo 'make test           every test but those in a browser       (ARGS="-k name")'
	@echo 'make test-browser   the tests in a real Chromium            (CHROMIUM=path)'
	@echo 'make test-api       schemathesis against the demo shop      (ARGS="--max-examples 1000")'
	@echo 'make check          ruff, mypy, directions of imports'
	@echo 'make coverage       make test, and which lines it missed'
	@echo 'make bench          fsroute beside hand-written WSGI        (ARGS="--quick")'
	@echo 'make clean          remove .venv, caches, build output'

demo: python
	@exec $(PYTHON) -m fsroute dev demo/app --host $(HOST) --port $(PORT) $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest $(ARGS)

test-browser: $(READY)
	@test -x "$(CHROMIUM)" || { \
	    echo 'make test-browser needs Chromium. Debian and Ubuntu: apt-get install chromium.' >&2; \
	    echo 'One under another name: make test-browser CHROMIUM=/path/to/it' >&2; exit 1; }
	CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest -m browser $(ARGS)

# All that the shop's OpenAPI document allows or forbids is sent to it: tests/demo/schemathesis.toml.
test-api: $(READY)
	$(BIN)/python -m tests.demo.fuzz $(ARGS)

check: lint types imports

# ruff reads no setup.cfg, so its configuration is here. Beyond errors, imports and plain mistakes it looks for bugs (B),
# security (S), speed (PERF), dead weight (C4, PIE, RET, SIM, RUF) and old ways (UP, PT). Left out:
#   S101          assert: tests are made of it; fsroute itself never guards an answer with it
#   S104          "0.0.0.0" in a string is not yet a socket
#   RUF001-RUF003 look-alike letters: "١" stands in tests because it is no digit to HTTP
#   PERF203       try inside a loop: it costs nothing since Python 3.11
#   RET505-RET508 "else" after return or raise: two equal branches read better with it
#   SIM105        contextlib.suppress where try, except, pass is plain
# In tests also: S (secrets, subprocesses, temporary files and random numbers of tests harm nobody).
# "src" is where our own packages lie: the demo's "app" is one.
RUFF := --isolated --line-length 110 --target-version py311 --config 'src = [".", "demo"]' \
        --select E,F,W,I,B,UP,SIM,C4,RET,PT,RUF,PIE,PERF,S \
        --ignore S101,S104,RUF001,RUF002,RUF003,PERF203,RET505,RET506,RET507,RET508,SIM105 \
        --per-file-ignores 'tests/**:S'

lint: $(READY)
	$(BIN)/ruff check $(RUFF) $(ARGS) fsroute tests demo

types: $(READY)
	$(BIN)/mypy --strict

imports: $(READY)
	$(BIN)/lint-imports --no-logo --config setup.cfg

coverage: $(READY)
	$(BIN)/python -m coverage run -m pytest $(ARGS)
	$(BIN)/python -m coverage report

# In .venv too, for fsroute's validation is measured beside pydantic and marshmallow; python3 -m tests.bench does without.
bench: $(READY)
	$(BIN)/python -m tests.bench $(ARGS)

clean:
	rm -rf .venv* build dist *.egg-info htmlcov .coverage .coverage.*
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): setup.cfg pyproject.toml | python
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("fsroute needs Python 3.11 or newer, but $(PYTHON) is %d.%d. Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" % sys.version_info[:2])'
