# `make help` lists every verb. `make run` and `make test` create all that they need; there is no other step.
PYTHON ?= python3
BIN := .venv/bin
ENV := LC_ALL=C.UTF-8

.DEFAULT_GOAL := help
.PHONY: help run test test-fast check coverage fuzz fuzz-api bench bench-crowd bench-harm bench-square bench-voice rehearsal format lock shots clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: .venv/run.stamp ## the demo room on the air at http://localhost:8000
	@exec $(BIN)/hustings serve --demo

test: .venv/dev.stamp .venv/system.stamp .venv/node.stamp ## every test, with real browsers and servers
	$(ENV) $(BIN)/python -m pytest -q -m "not e2e" $(ARGS)
	# a browser's test that falls on a busy machine has one more go, and is named at the end
	$(ENV) $(BIN)/python -m pytest -q -m e2e --reruns 1 -r R $(ARGS)

test-fast: .venv/dev.stamp ## the tests that need no browser (seconds)
	$(ENV) $(BIN)/python -m pytest -m "not e2e" -x -q $(ARGS)

check: .venv/dev.stamp .venv/node.stamp ## format, lint, types, import rule, dead code, browser code's types, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	tools/dead-code
	tests/e2e/node_modules/.bin/tsc -p client
	$(ENV) $(BIN)/python -m pytest -q tests/house

coverage: .venv/dev.stamp ## rtc/ to the last branch, by its own tests
	tools/rtc-coverage

fuzz: .venv/dev.stamp ## a minute of strangers' bytes for each parser and machine of the wire
	$(ENV) PYTHONPATH=src:. $(BIN)/python -m fuzz.campaign $(ARGS)

fuzz-api: .venv/dev.stamp ## every address of the API as its description says, EXAMPLES of each (300), on both databases
	$(ENV) EXAMPLES=$(or $(EXAMPLES),300) SEED=$(or $(SEED),1) $(BIN)/python -m pytest -q -s tests/web/test_schemathesis.py $(ARGS)

bench: .venv/dev.stamp .venv/system.stamp .venv/node.stamp ## the figures: bench/out/*.json and their pictures
	$(ENV) $(BIN)/python -m bench $(ARGS)

bench-crowd: .venv/dev.stamp .venv/system.stamp .venv/node.stamp ## listeners, requests and joins a core, beside nginx, Varnish and Icecast; a flash crowd
	tools/bench-system
	$(ENV) $(BIN)/python -m bench --crowd $(ARGS)

bench-harm: .venv/dev.stamp .venv/system.stamp .venv/node.stamp ## a room under attack, deaths of its processes, and half an hour without web
	tools/bench-system
	$(ENV) $(BIN)/python -m bench --harm $(ARGS)

bench-square: .venv/dev.stamp .venv/system.stamp .venv/node.stamp ## a million posts on both databases: home, search, fan-out, streams, a famous account goes live
	$(ENV) $(BIN)/python -m bench --square $(ARGS)

bench-voice: .venv/voice.stamp .venv/system.stamp .venv/node.stamp ## a voice on ten bad roads, beside Janus AudioBridge, aiortc and libopus
	tools/bench-system voice
	tools/speech
	$(ENV) $(BIN)/python -m bench --voice $(ARGS)

rehearsal: .venv/dev.stamp .venv/system.stamp .venv/node.stamp ## the demo room rehearsed: docs/rehearsal/
	$(ENV) $(BIN)/python -m bench.rehearsal

shots: .venv/dev.stamp .venv/system.stamp ## the screenshots in docs/pictures/, and every page in docs/pages/
	$(ENV) $(BIN)/python -m tests.e2e.shots
	$(ENV) $(BIN)/python -m tests.e2e.sheets

format: .venv/dev.stamp ## ruff's own order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/dev.stamp ## new requirements*.lock, with hashes
	tools/lock

clean: ## removes what was made here, but not data/
	rm -rf .venv tests/e2e/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/run.stamp: requirements.lock pyproject.toml
	@tools/setup run $(PYTHON)
	@touch $@

.venv/dev.stamp: requirements.lock requirements-dev.lock pyproject.toml
	@tools/setup dev $(PYTHON)
	@touch $@ .venv/run.stamp

.venv/voice.stamp: requirements-voice.lock .venv/dev.stamp
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-input --require-hashes --no-deps -r requirements-voice.lock
	@touch $@

.venv/system.stamp: tools/system .venv/dev.stamp
	@tools/system
	@touch $@

.venv/node.stamp: tests/e2e/package.json tests/e2e/package-lock.json .venv/system.stamp
	@cd tests/e2e && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
