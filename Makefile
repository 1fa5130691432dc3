.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# The Python of the Glue version with this Spark: Glue 6.0 has Spark 4.1, Glue 5.1 has Spark 3.5.
GLUE_PYTHON_4.1 := 3.13
GLUE_PYTHON_3.5 := 3.11
# Tests of the jobs, which run on every engine, and unit tests of the modules that they use.
JOB_TESTS := $(foreach test,gates histories job quality raw_to_integration raw_to_integration_append_only \
	raw_to_integration_conflicts raw_to_integration_snapshots stage_to_raw version_order,tests/integration/test_$(test).py)
JOB_UNIT_TESTS := tests/unit/readers $(foreach test,batches/test_manifests contracts/test_columns contracts/test_types \
	integration/test_pruning,tests/unit/$(test).py)
# Tests of Athena that run on a real Trino too: values, statements, callers and random queries.
TRINO := 476
TRINO_TESTS := $(shell grep -rl 'evaluate: Evaluate' tests/emulator/unit/athena) $(foreach test,changes hive \
	qualified_columns select tables views,tests/emulator/athena/test_$(test).py) tests/trino
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)
# The lakehouse on a laptop talks to 127.0.0.1 without TLS: a CA bundle or profile of the user would break that.
unexport AWS_CA_BUNDLE AWS_PROFILE PYTHONDONTWRITEBYTECODE
export AWS_EC2_METADATA_DISABLED := true
# Node 20 is enough; jsii would warn at each synth that there is a newer one.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

##@ Use
.PHONY: demo
demo: setup $(if $(filter airflow,$(ORCHESTRATOR)),.venv-airflow/.installed) ## run the whole lakehouse on this machine (Linux, macOS, WSL 2); ORCHESTRATOR=airflow: by its DAGs
	python -m local.demo.__main__ $(if $(filter airflow,$(ORCHESTRATOR)),--by-airflow)

.PHONY: bench
bench: setup ## compare speed and memory with DuckDB, awswrangler and Spark (10 million rows, 8 minutes)
	@if command -v java >/dev/null; then $(MAKE) --no-print-directory --silent .venv-spark-4.1/.installed; fi
	python -m benchmarks.stage_to_raw
	python -m benchmarks.raw_to_integration

.PHONY: bench-batches
bench-batches: setup ## measure a batch on tables of up to 50 million rows, next to PyIceberg, pandas and Spark (10 minutes)
	@if command -v java >/dev/null; then $(MAKE) --no-print-directory --silent .venv-spark-4.1/.installed; fi
	python -m benchmarks.batch_cost

.PHONY: bench-authorization
bench-authorization: setup ## measure what authorization costs the demo (8 minutes)
	python -m benchmarks.authorization

.PHONY: bench-scale
bench-scale: setup ## measure what grows with datasets (to 1,000) and batches (to 100,000); fails over a bar (20 minutes)
	python -m benchmarks.scale

##@ Check
.PHONY: test
test: setup lint ## lint, unit, template, emulator, integration and e2e tests, in under 15 minutes
	pytest -m "not slow" tests/unit tests/infrastructure -n 2
# Suites share servers (tests/support/xdist_scheduler.py); those that take longest come first.
	pytest -m "not slow" tests/e2e tests/integration tests/emulator -n 3 --no-loadscope-reorder

.PHONY: test-slow
test-slow: setup ## what `test` leaves out: deployments by the CDK CLI, dbt's histories, commits at each moment of a run
	pytest -m slow tests/e2e tests/integration tests/emulator tests/infrastructure tests/unit -n 3 --no-loadscope-reorder
# `test` tries a quarter of the examples of these property tests.
	ALL_EXAMPLES=1 pytest $$(grep -rl "examples import examples" tests/unit tests/emulator) -n 2

.PHONY: test-unit
test-unit: setup ## unit tests, without a server
	pytest tests/unit -n 2

.PHONY: test-infrastructure
test-infrastructure: setup ## tests of the synthesized templates
	pytest tests/infrastructure

.PHONY: test-emulator
test-emulator: setup ## tests of the emulator alone, without the lakehouse
	pytest tests/emulator

.PHONY: test-integration
test-integration: setup ## jobs, replication and dbt on the emulator
	pytest tests/integration

.PHONY: test-e2e
test-e2e: setup ## the demo, deployments by the CDK CLI and the command line, from end to end
	pytest tests/e2e

.PHONY: test-dags
test-dags: setup .venv-airflow/.installed ## the DAGs in Airflow, on the emulator
	pytest tests/dags

.PHONY: openlineage
openlineage: setup ## fetch OpenLineage's schemas from openlineage.io, by which lineage events are then tested too
	python -m tests.support.lineage.openlineage

.PHONY: test-contracts
test-contracts: setup .venv-datacontract/.installed ## the contracts in datacontract-cli: its linter, and its quality results against ours
	pytest tests/datacontract

.PHONY: test-clients
test-clients: setup .venv-clients/.installed .venv-clients-pyathena3/.installed ## PyAthena 3 and 4, SQLAlchemy, ibis and the AWS CLI on the emulator's Athena
	LOCAL_PYTHON=$(CURDIR)/.venv/bin/python .venv-clients/bin/python -m pytest -p no:cacheprovider tests/emulator/clients
	LOCAL_PYTHON=$(CURDIR)/.venv/bin/python .venv-clients-pyathena3/bin/python -m pytest -p no:cacheprovider \
		tests/emulator/clients/test_pyathena.py tests/emulator/clients/test_sqlalchemy.py

HISTORIES ?= 100

.PHONY: test-panes
test-panes: setup .venv-beam/.installed ## panes of windows against Apache Beam, on HISTORIES=100 random histories
	.venv-beam/bin/python -m tests.support.beam $(HISTORIES)

.PHONY: test-trino
test-trino: setup .trino-$(TRINO)/.installed ## the emulator's Athena and a real Trino: values, statements, callers, 500 random queries; needs Java 24 and Maven
	LAKEHOUSE_TEST_ATHENA=trino pytest -p tests.support.trino.differences $(TRINO_TESTS)

.PHONY: trino-expressions
trino-expressions: setup ## judge the emulator's Athena by the expression tests of Trino 476; needs Java and Maven (10 minutes)
	python -m tests.support.trino

.PHONY: test-dags-next
test-dags-next: setup .venv-airflow-3.3/.installed ## imports and structure of the DAGs in the Airflow version after Amazon MWAA's
	LAKEHOUSE_TEST_AIRFLOW=.venv-airflow-3.3 pytest tests/dags/test_structure.py

.PHONY: test-browser
test-browser: setup .venv-airflow/.installed ## the HTML pages, in headless Chromium
	npm install --no-save --no-audit --no-fund --prefix .axe axe-core@4.14.1
	pytest tests/browser

.PHONY: test-spark
test-spark: setup .venv-spark-4.1/.installed .venv-spark-3.5/.installed ## the jobs on the Apache Spark of Glue 6.0 and 5.1; needs Java 17 and Maven
	pytest tests/spark
	EVERY=4 HISTORIES=100 python -m tests.support.spark.engines 4.1 -m pytest $(JOB_TESTS) tests/spark/test_traps.py
	EVERY=4 HISTORIES=100 python -m tests.support.spark.engines 3.5 -m pytest $(JOB_TESTS) tests/spark/test_traps.py

.PHONY: test-pythons
test-pythons: setup ## unit tests of the jobs on each Python from 3.11 to 3.13 that this machine has
	@for version in 3.11 3.12 3.13; do \
		interpreter=$$(python -m tests.support.spark.pythons $$version) || { echo "no Python $$version here: not tested"; continue; }; \
		echo "Python $$version"; \
		UV_CONSTRAINT=requirements.txt uv run --quiet --isolated --no-project --python $$interpreter --with ".[local,api]" --with ./emulator \
			--with pytest --with pytest-timeout --with hypothesis python -m pytest -p no:cacheprovider $(JOB_UNIT_TESTS) || exit 1; \
	done

# The second judge of decisions is licensed under the AGPL, so it is no dependency of the project.
.PHONY: test-authorization
test-authorization: setup ## the demo and the verbs, each under its role: denials, and permissions that nothing uses
	npm install --no-save --no-audit --no-fund --prefix .authorization-judge @cloud-copilot/iam-simulate@0.1.173
	pytest -s tests/authorization

HISTORY_TESTS := tests/integration/test_histories.py tests/integration/replicator/test_source_to_integration.py
.PHONY: test-reliability
test-reliability: setup ## long tests: 2,000 histories, crashes, a faulty network, concurrent writers, harmful data, erasure, grants
	HISTORIES=2000 EXAMPLES=50 pytest $(HISTORY_TESTS)
	EXAMPLES=300 pytest tests/emulator/athena/test_lake_formation_any.py
	EXAMPLES=2000 pytest tests/unit/operations/doctor/test_redact.py
	ALL_COLUMNS=1 pytest tests/e2e/test_access.py
	pytest tests/reliability

.PHONY: test-histories
test-histories: setup ## 500 histories of tables in PostgreSQL, odd schemas and changes: each ends equal to the source or held (30 minutes)
	SOURCE_HISTORIES=500 pytest -s tests/integration/replicator/test_source_histories.py

.PHONY: fuzz-readers
fuzz-readers: setup ## damaged files of each format (FUZZ_FILES=20000), and every value in every format
	EVERY_VALUE=1 pytest tests/unit/readers/test_one_value.py
	FUZZ_FILES=$${FUZZ_FILES:-20000} pytest tests/reliability/test_fuzz.py

.PHONY: fetch-public-suites
fetch-public-suites: setup ## fetch files of public test suites, by which the readers are then tested too
	python -m tests.support.readers.public_suites

.PHONY: fuzz
fuzz: setup ## the same for hours: ten times the histories and network faults, kills around each side effect
	HISTORIES=20000 EXAMPLES=500 pytest $(HISTORY_TESTS)
	RELIABILITY_LONG=1 pytest tests/reliability

.PHONY: lint
lint: setup ## ruff and mypy
	ruff check .
	ruff format --check .
	mypy

.PHONY: types
types: setup ## mypy on the stacks and reports: the CDK's types take three minutes
	mypy -p stacks -p reports

.PHONY: format
format: setup ## fix with ruff what it can fix
	ruff check --fix .
	ruff format .

##@ AWS
.PHONY: synth
synth: setup ## write the templates of all environments and profiles to cdk.out; needs no credentials
	cdk synth --quiet -c environment=all
	@echo "templates are in cdk.out"

.PHONY: cfn-lint
cfn-lint: synth ## check those templates by CloudFormation's schemas
	cfn-lint

.PHONY: baselines
baselines: setup ## record the templates that changes are compared with; review the difference before you commit it
	python -m reports.baselines
	git --no-pager diff --stat -- tests/infrastructure/baselines

.PHONY: nag
nag: setup ## list the findings of cdk-nag in all environments, with their reasons
	python -m reports.findings

.PHONY: deploy
deploy: setup ## deploy to the AWS account of your credentials (docs/deploy.md)
	cdk deploy --all
	@echo 'next, with the role that creates tables (docs/deploy.md): lakehouse tables apply'

##@ Keep
.PHONY: docs
docs: setup ## draw the pictures of the architecture, from the templates, and of windows, from a run
	python -m reports.picture
	python -m reports.windows

.PHONY: setup
setup: .venv/.installed .venv-dbt/.installed node_modules/.installed ## install environments and tools (all targets above do it)

# One line for each locked file: the file, and the sources and options that it is compiled from.
define LOCKS
requirements.txt --all-extras pyproject.toml emulator/pyproject.toml
models/requirements.txt models/requirements.in
requirements/datacontract.txt requirements/datacontract.in
dags/environment.txt --constraint dags/constraints.txt dags/environment.in
requirements/airflow-3.3.txt requirements/airflow-3.3.in
requirements/clients.txt requirements/clients.in
requirements/clients-pyathena3.txt requirements/clients-pyathena3.in
requirements/beam.txt requirements/beam.in
requirements/spark-4.1.txt pyproject.toml requirements/spark-4.1.in
requirements/spark-3.5.txt pyproject.toml requirements/spark-3.5.in
endef
export LOCKS

.PHONY: lock
lock: .venv/.installed ## compile the locked requirements again from pyproject.toml and the *.in files
	@while read -r locked sources; do echo "$$locked"; \
		uv pip compile --quiet --universal --generate-hashes --python-version 3.11 $$sources -o $$locked || exit 1; \
	done <<< "$$LOCKS"

.PHONY: clean
clean: ## stop the local lakehouse and remove build results, but not the environments
	-[ -x $(BIN)/lakehouse ] && lakehouse local down
	rm -rf .local cdk.out build dist models/target models/logs .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help
help: ## print this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Python 3.11 or newer is needed, {sys.executable} is {sys.version.split()[0]}; set PYTHON=python3.x")'
	@echo "setting up .venv"
	@[ -x $(BIN)/uv ] || { $(PYTHON) -m venv .venv && $(BIN)/pip install --quiet --disable-pip-version-check $$(grep -oE '^uv==[0-9.]+' requirements.txt); }
	@uv pip sync --quiet --python $(BIN)/python requirements.txt
	@uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

# Before the rule below, which also matches: make 3.81 takes the first.
.venv-spark-%/.installed: requirements/spark-%.txt tests/spark/jars-%.txt .venv/.installed
	@echo "setting up $(@D) (Apache Spark and the Spark Connect client that Sail uses exclude each other)"
	@[ -x $(@D)/bin/python ] || $$($(BIN)/python -m tests.support.spark.pythons $(GLUE_PYTHON_$*) || echo $(PYTHON)) -m venv --without-pip $(@D)
	@uv pip sync --quiet --python $(@D)/bin/python requirements/spark-$*.txt
	@$(BIN)/python -m tests.support.spark.jars tests/spark/jars-$*.txt $(@D)
	@touch $@

.trino-%/.installed: tests/support/trino/artifacts-%.txt .venv/.installed
	@echo "setting up $(@D) (a Trino of 840 MB; it runs on Java 24 or newer)"
	@$(BIN)/python -m tests.support.trino.install $< $(@D)
	@touch $@

# Environments of tools whose pinned versions conflict with ours and with each other's.
.venv-dbt/.installed: models/requirements.txt
.venv-clients/.installed: requirements/clients.txt
.venv-clients-pyathena3/.installed: requirements/clients-pyathena3.txt
.venv-datacontract/.installed: requirements/datacontract.txt
.venv-beam/.installed: requirements/beam.txt
.venv-airflow/.installed: dags/environment.txt
.venv-airflow-3.3/.installed: requirements/airflow-3.3.txt
.venv-%/.installed: .venv/.installed
	@echo "setting up $(@D)"
	@[ -x $(@D)/bin/python ] || $(PYTHON) -m venv --without-pip $(@D)
	@uv pip sync --quiet --python $(@D)/bin/python $(filter %.txt,$^)
	@touch $@

node_modules/.installed: package-lock.json
	@echo "setting up the CDK CLI"
	@npm ci --silent --no-audit --no-fund
	@touch $@
