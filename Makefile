# The media guarantees of the Connect platform. `make` alone lists the targets; docs/options.md explains them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help verify up shell logs down test selftests sabotage properties check-archive check mutants examples platforms \
	browser soak faults neighbours read-guide verify-statement \
	before-deploy after-deploy restore-drill rollouts manifest-cost bench compatibility clean lock

PYTHON ?= python3
VENV := .venv
# Tests that run at the same time. Each test that verifies a deployment has an engine of its own.
WORKERS ?= 4
# Which sabotages `make test` draws: any whole number.
COVER ?= 1
# Mutants that are tried at the same time.
MUTANTS ?= 2
# pip's cache is in the checkout, like everything else.
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
# Compiled Python files are kept, whatever the environment says: each start is 0.15 s faster.
unexport PYTHONDONTWRITEBYTECODE
BIN := $(VENV)/bin

# Make variables become pytest options. For our own stack, what goes beyond the guide counts as well.
OPTIONS := $(if $(ENGINE),--engine='$(ENGINE)') \
	$(if $(COMPOSE_FILE),--compose-file='$(COMPOSE_FILE)') \
	$(if $(GUIDE),--guide='$(GUIDE)') \
	$(if $(SERVICE),--service='$(SERVICE)') \
	$(if $(MEDIA_ROOT),--media-root='$(MEDIA_ROOT)') \
	$(if $(UPLOAD),--upload='$(UPLOAD)') \
	$(if $(UPLOAD_CONFIG),--upload-config='$(UPLOAD_CONFIG)') \
	$(if $(REPORT_DIR),--report-dir='$(REPORT_DIR)') \
	$(if $(SEED),--seed='$(SEED)') \
	$(if $(SIGN_KEY),--sign-key='$(SIGN_KEY)') \
	$(if $(NOTIFY_URL),--notify-url='$(NOTIFY_URL)') \
	$(if $(HEARTBEAT_URL),--heartbeat-url='$(HEARTBEAT_URL)') \
	$(if $(STATE),--state='$(STATE)') \
	$(if $(SERVER),--server='$(SERVER)') \
	$(if $(PROJECT),--project='$(PROJECT)') \
	$(if $(MEDIA_SERVER),--media-server='$(MEDIA_SERVER)') \
	$(if $(MANIFEST),--manifest='$(MANIFEST)') \
	$(if $(SAMPLE),--sample='$(SAMPLE)') \
	$(if $(DRILL),--drill='$(DRILL)') \
	$(if $(REMOVED),--removed='$(REMOVED)') \
	$(if $(REMOVED_LIST),--removed-list='$(REMOVED_LIST)') \
	$(if $(ARCHIVE),--archive='$(ARCHIVE)') \
	$(if $(PICK),--pick='$(PICK)') \
	$(if $(WINDOW),--window='$(WINDOW)') \
	$(if $(MAX_AGE),--max-age='$(MAX_AGE)') \
	$(if $(MAX_RPO),--max-rpo='$(MAX_RPO)') \
	$(if $(MIN_KEPT),--min-kept='$(MIN_KEPT)') \
	$(if $(KEEP),--keep) $(if $(REQUIRE_ALL),--require-all) \
	$(if $(or $(BEYOND),$(if $(COMPOSE_FILE),,ours)),--beyond)

# A key itself would be printed with the command.
ifneq ($(findstring PRIVATE KEY,$(SIGN_KEY)),)
$(error SIGN_KEY should name the file of an ssh key, but it holds a key itself. Write it into a file that only you can read)
endif

# They are options of the run. The guide's commands must not find them in their environment.
unexport ENGINE COMPOSE_FILE GUIDE SERVICE MEDIA_ROOT UPLOAD UPLOAD_CONFIG REPORT_DIR SEED SIGN_KEY KEEP REQUIRE_ALL BEYOND \
	MINUTES ARGS ARCHIVE AGAINST SAVE ANY_NAME MAY_BE_EMPTY QUICK \
	STATEMENT SIGNERS FOLDER NOTIFY_URL HEARTBEAT_URL
unexport STATE SERVER HOSTS PROJECT MEDIA_SERVER MANIFEST SAMPLE DRILL REMOVED REMOVED_LIST
unexport PICK WINDOW MAX_AGE MAX_RPO MIN_KEPT

# The tests of the deploy gate: on many servers at the same time, on one, or only the test that ARGS names.
comma := ,
servers := $(subst $(comma), ,$(HOSTS))
each_server = tests/deploy/hosts --gate=$@ --hosts='$(HOSTS)' --numprocesses=$(words $(servers))
gate = $(if $(servers),$(each_server),$(if $(findstring ::,$(ARGS)),,$(1)))

help:  ## List these targets
	@sed -n 's/^\([a-z][a-z-]*\):.*  ## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "  make %-16s %s\n", $$1, $$2 }'

verify: $(VENV)/verify.stamp  ## Prove the storage guide's promises on a real engine and a real service
	@$(BIN)/python -m pytest -p no:hypothesispytest $(OPTIONS) $(ARGS)

up: $(VENV)/verify.stamp  ## Start the stack and keep it; print its address, its token and how to reach it
	@$(BIN)/python -m media_guarantees up $(OPTIONS)

shell: $(VENV)/verify.stamp  ## Open a shell in which the guide's commands work, on that stack
	@$(BIN)/python -m media_guarantees shell

logs: $(VENV)/verify.stamp  ## Show the logs of that stack's containers (ARGS=--follow)
	@$(BIN)/python -m media_guarantees logs $(ARGS)

down: $(VENV)/verify.stamp  ## Stop the stack that make up started
	@$(BIN)/python -m media_guarantees down

before-deploy: $(VENV)/verify.stamp  ## Record a live service and its media before a deploy
	@$(BIN)/python -m pytest $(call gate,tests/deploy/before) $(OPTIONS) $(ARGS)

after-deploy: $(VENV)/verify.stamp  ## Report what the deploy did to them, and try their backup, read-only
	@$(BIN)/python -m pytest $(call gate,tests/deploy/after tests/deploy/drill) $(OPTIONS) $(ARGS)

restore-drill: $(VENV)/verify.stamp  ## Restore a backup beside the live volume: ARCHIVE=backups, or one made now by the guide
	@$(BIN)/python -m pytest $(call gate,tests/deploy/drill) $(OPTIONS) $(ARGS)

test: selftests  ## Run the project's own tests: the self-tests, then a few sabotages that break every guarantee
	@$(SABOTAGE) --cover=$(COVER) $(ARGS)

selftests: $(VENV)/dev.stamp  ## Run the tests of the library and of the service, which need no Docker
	@$(BIN)/python -m pytest tests/selftests service/tests --numprocesses=$(WORKERS) $(ARGS)

manifest-cost: $(VENV)/dev.stamp  ## Measure what the manifest of a live volume costs, by SIZES (long)
	@$(BIN)/python -m bench.manifest_cost $(or $(SIZES),1000:20000 10000:20000 100000:20000)

bench: $(VENV)/bench.stamp  ## Measure the suite beside pytest-docker, testcontainers, sha256sum, tar and others (QUICK=1; else long)
	@$(BIN)/python -m bench $(if $(QUICK),--quick) $(ARGS)

rollouts: $(VENV)/dev.stamp  ## Deploy to a demo server, well and badly, and show what the gate says (long)
	@$(BIN)/python -m pytest tests/rollouts -n $(WORKERS) --dist=worksteal $(ARGS)

# One by one, the longest first, so that no worker has a long one left at the end.
SABOTAGE = $(BIN)/python -m pytest tests/sabotage --numprocesses=$(WORKERS) --maxschedchunk=1

sabotage: $(VENV)/dev.stamp  ## Break deployments in one way at a time: exactly the right guarantees must break (long)
	@$(SABOTAGE) $(ARGS)

examples: $(VENV)/dev.stamp  ## Verify deployments of other kinds, each with the verdicts that it must get (long)
	@$(BIN)/python -m pytest tests/examples -n $(WORKERS) $(ARGS)

platforms: $(VENV)/dev.stamp  ## Verify well-known platforms (Wagtail, MediaWiki, copyparty), sound and with faults (long)
	@$(BIN)/python -m pytest tests/platforms -n $(WORKERS) --maxschedchunk=1 $(ARGS)

properties: $(VENV)/dev.stamp  ## Send generated trees of files through the guide's backup and restore
	@$(BIN)/python -m pytest tests/properties $(OPTIONS) $(ARGS)

soak: $(VENV)/verify.stamp  ## Upload during one fault after another for MINUTES=10, then look for every picture
	@$(BIN)/python -m pytest tests/soak --minutes='$(or $(MINUTES),10)' $(OPTIONS) $(ARGS)

faults: $(VENV)/dev.stamp  ## Make disks, database and migrations fail under our own service, at moments drawn from SEED
	@$(BIN)/python -m pytest tests/faults $(OPTIONS) $(ARGS)

mutants: $(VENV)/mutants.stamp  ## Change one small thing at a time in the modules that judge: a self-test must fail (long)
	@$(BIN)/python tests/mutants/run.py $(MUTANTS) $(ARGS)

neighbours: $(VENV)/verify.stamp $(VENV)/dev.stamp  ## Run and kill the suite beside other containers and volumes: it must touch and leave nothing (long)
	@$(BIN)/python -m pytest tests/neighbours $(if $(SEED),--seed='$(SEED)') $(ARGS)

check-archive: $(VENV)/verify.stamp  ## Say whether a backup can be relied on: ARCHIVE=backups/… [AGAINST=media_volume]
	@$(BIN)/python -m media_guarantees check-archive $(if $(AGAINST),--against='$(AGAINST)') \
		$(if $(SAVE),--save='$(SAVE)') $(if $(ANY_NAME),--any-name) $(if $(MAY_BE_EMPTY),--may-be-empty) $(if $(ARCHIVE),-- '$(ARCHIVE)')

read-guide: $(VENV)/verify.stamp  ## Show what is read out of a guide, without Docker: GUIDE=docs/storage.md
	@$(BIN)/python -m media_guarantees read-guide $(if $(GUIDE),-- '$(GUIDE)')

verify-statement: $(VENV)/verify.stamp  ## Say who signed the statement about a run, and which files differ here: STATEMENT=reports/… SIGNERS=…
	@$(BIN)/python -m media_guarantees verify-statement $(if $(SIGNERS),--signers='$(SIGNERS)') \
		$(if $(FOLDER),--folder='$(FOLDER)') -- '$(or $(STATEMENT),$(or $(REPORT_DIR),reports)/latest/statement.json)'

compatibility: $(VENV)/verify.stamp $(VENV)/dev.stamp  ## Verify on every combination of engine and Compose, and write a table (long)
	@$(BIN)/python -m pytest tests/compatibility $(ARGS)

browser: $(VENV)/browser.stamp  ## Open a report in headless Chromium: console, filters, accessibility (downloads 120 MB)
	@$(BIN)/python -m pytest tests/browser $(ARGS)

check: $(VENV)/dev.stamp  ## Check style, types, the direction of imports and shell scripts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --cache-dir=.cache/imports
	@$(BIN)/python -m tools.shellcheck migrate_media.sh .ci/run tests/examples/whole_server/backup_media.sh \
		tests/examples/independent/migrate_media.sh recipes/ci-job.sh recipes/deploy.sh recipes/restore-drill.sh

clean:  ## Remove everything that runs have left behind: caches, virtual environment, reports
	@$(PYTHON) -B -m media_guarantees clean

lock: $(VENV)/dev.stamp  ## Lock the newest dependencies, with hashes
	@$(BIN)/python -m tools.lock_requirements

$(VENV)/%.stamp: requirements/%.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "Python 3.10 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
		echo "  hint: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; } >&2
	@$(PYTHON) -B -m tools.bootstrap $(VENV) $<
	@touch $@
