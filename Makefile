.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# Python of the Glue version that has this Spark: 6.0 has Spark 4.1, 5.1 has Spark 3.5.
GLUE_PYTHON_4.1 := 3.13
GLUE_PYTHON_3.5 := 3.11
# Tests of what the jobs do, on whichever engine runs them, and of what they are made of.
JOB_TESTS := $(foreach of,changes gates histories job quality raw_to_integration raw_to_integration_facts \
	raw_to_integration_races raw_to_integration_snapshots stage_to_raw,tests/integration/test_$(of).py)
JOB_UNIT_TESTS := tests/unit/readers $(foreach of,batches columns touched types,tests/unit/test_$(of).py)
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)
# A laptop's lakehouse talks to 127.0.0.1 without TLS: a bundle or a profile of the user's must not get in the way.
unexport AWS_CA_BUNDLE AWS_PROFILE PYTHONDONTWRITEBYTECODE
export AWS_EC2_METADATA_DISABLED := true
# Node 20 is enough; jsii would say at every synth that a newer one exists.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

##@ Use
.PHONY: demo
demo: setup $(if $(filter airflow,$(ORCHESTRATOR)),.venv-airflow/.installed) ## the whole lakehouse on this machine: deploy, load, change, query; ORCHESTRATOR=airflow: by its DAGs
	python -m local.demo.__main__ $(if $(filter airflow,$(ORCHESTRATOR)),--by-airflow)

.PHONY: bench
bench: setup ## speed and memory beside DuckDB, awswrangler and Spark (10 million rows; 8 minutes)
	@if command -v java >/dev/null; then $(MAKE) --no-print-directory --silent .venv-spark-4.1/.installed; fi
	python -m tests.benchmarks.stage_to_raw
	python -m tests.benchmarks.raw_to_integration

.PHONY: bench-batches
bench-batches: setup ## what a batch costs as tables grow to 50 million rows, beside PyIceberg, pandas and Spark (10 minutes)
	@if command -v java >/dev/null; then $(MAKE) --no-print-directory --silent .venv-spark-4.1/.installed; fi
	python -m tests.benchmarks.batch_cost

##@ Check
.PHONY: test
test: setup lint ## everything below, in under 15 minutes
	pytest tests/unit tests/infrastructure -n 2
# Three suites (tests/suites.py), each of which waits for servers a part of its time.
	pytest tests/integration tests/e2e -n 3

.PHONY: test-unit
test-unit: setup ## rules and parts, no server
	pytest tests/unit -n 2

.PHONY: test-infrastructure
test-infrastructure: setup ## the synthesized templates
	pytest tests/infrastructure

.PHONY: test-integration
test-integration: setup ## jobs, Athena, DMS and dbt against the embedded AWS
	pytest tests/integration

.PHONY: test-e2e
test-e2e: setup ## the demo and the CDK CLI from end to end
	pytest tests/e2e

.PHONY: test-dags
test-dags: setup .venv-airflow/.installed ## the DAGs in Airflow, against the embedded AWS
	pytest tests/dags

.PHONY: openlineage
openlineage: setup ## OpenLineage's schemas from openlineage.io: with them, lineage events are tested by these too
	python -m tests.openlineage

.PHONY: test-contracts
test-contracts: setup .venv-datacontract/.installed ## the contracts by datacontract-cli: lint, and its test run beside our own results
	pytest tests/datacontract

.PHONY: test-dags-next
test-dags-next: setup .venv-airflow-3.3/.installed ## the DAGs in the Airflow that comes after Amazon MWAA's: imports and structure
	LAKEHOUSE_TEST_AIRFLOW=.venv-airflow-3.3 pytest tests/dags/test_structure.py

.PHONY: test-browser
test-browser: setup .venv-airflow/.installed ## the pages that people look at, in headless Chromium
	pytest tests/browser

.PHONY: test-spark
test-spark: setup .venv-spark-4.1/.installed .venv-spark-3.5/.installed ## the jobs on Apache Spark as Glue 6.0 and 5.1 have it; needs Java 17 and Maven
	pytest tests/spark
	EVERY=4 HISTORIES=100 python -m tests.spark.engines 4.1 -m pytest $(JOB_TESTS) tests/spark/test_traps.py
	EVERY=4 HISTORIES=100 python -m tests.spark.engines 3.5 -m pytest $(JOB_TESTS) tests/spark/test_traps.py

.PHONY: test-pythons
test-pythons: setup ## what the jobs are made of, on every Python from 3.11 to 3.13 that this machine has
	@for version in 3.11 3.12 3.13; do \
		interpreter=$$(python -m tests.spark.pythons $$version) || { echo "no Python $$version here: not tested"; continue; }; \
		echo "Python $$version"; \
		UV_CONSTRAINT=requirements.txt uv run --quiet --isolated --no-project --python $$interpreter --with ".[local,api]" --with ./emulator \
			--with pytest --with pytest-timeout --with hypothesis python -m pytest -p no:cacheprovider $(JOB_UNIT_TESTS) || exit 1; \
	done

HISTORY_TESTS := tests/integration/test_histories.py tests/integration/dms/test_whole_way.py
.PHONY: test-reliability
test-reliability: setup ## what takes long: 2,000 histories, crashes at every step, a hostile network, writers at once, hostile data, erasure
	HISTORIES=2000 EXAMPLES=50 pytest $(HISTORY_TESTS)
	pytest tests/reliability

.PHONY: fuzz
fuzz: setup ## the same for hours: ten times the histories and the bad network, kills before and after each side effect
	HISTORIES=20000 EXAMPLES=500 pytest $(HISTORY_TESTS)
	RELIABILITY_LONG=1 pytest tests/reliability

.PHONY: lint
lint: setup ## ruff and mypy
	ruff check .
	ruff format --check .
	mypy

.PHONY: format
format: setup ## let ruff mend what it can
	ruff check --fix .
	ruff format .

##@ AWS
.PHONY: synth
synth: setup ## CloudFormation templates of all environments and profiles into cdk.out; needs no credentials
	cdk synth --quiet -c environment=all
	@echo "templates are in cdk.out"

.PHONY: cfn-lint
cfn-lint: synth ## those templates by CloudFormation's schemas
	cfn-lint

.PHONY: baselines
baselines: setup ## templates as they are become what changes are compared with; look at the difference before you commit it
	python -m reports.baselines
	git --no-pager diff --stat -- tests/infrastructure/baselines

.PHONY: nag
nag: setup ## every finding of cdk-nag in all environments, and why it is as it should be
	python -m reports.findings

.PHONY: deploy
deploy: setup ## deploy to the AWS account of your credentials
	cdk deploy --all
	@echo 'next, under the role that makes tables (docs/deploy.md): lakehouse tables apply'

##@ Keep
.PHONY: docs
docs: setup ## the picture of the architecture, drawn from the templates
	python -m reports.picture

.PHONY: setup
setup: .venv/.installed .venv-dbt/.installed node_modules/.installed ## environments and tools (done by all the others)

.PHONY: lock
lock: .venv/.installed ## renew the locked requirements from pyproject.toml and models/requirements.in
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --all-extras pyproject.toml emulator/pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 models/requirements.in -o models/requirements.txt
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 tests/datacontract/requirements.in -o tests/datacontract/requirements.txt
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --constraint dags/constraints.txt dags/environment.in -o dags/environment.txt
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 tests/dags/environment-3.3.in -o tests/dags/environment-3.3.txt
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 pyproject.toml tests/spark/requirements-4.1.in -o tests/spark/requirements-4.1.txt
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 pyproject.toml tests/spark/requirements-3.5.in -o tests/spark/requirements-3.5.txt

.PHONY: clean
clean: ## stop the laptop's lakehouse and remove what was built, but no environment
	-[ -x $(BIN)/lakehouse ] && lakehouse local down
	rm -rf .local cdk.out build dist models/target models/logs .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Python 3.11 or newer is needed, {sys.executable} is {sys.version.split()[0]}; set PYTHON=python3.x")'
	@echo "setting up .venv"
	@[ -x $(BIN)/uv ] || { $(PYTHON) -m venv .venv && $(BIN)/pip install --quiet --disable-pip-version-check $$(grep -oE '^uv==[0-9.]+' requirements.txt); }
	@uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements.txt
	@uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.venv-dbt/.installed: models/requirements.txt .venv/.installed
	@echo "setting up .venv-dbt (dbt keeps an environment of its own)"
	@[ -x .venv-dbt/bin/python ] || $(PYTHON) -m venv --without-pip .venv-dbt
	@uv pip sync --quiet --compile-bytecode --python .venv-dbt/bin/python models/requirements.txt
	@touch $@

.venv-datacontract/.installed: tests/datacontract/requirements.txt .venv/.installed
	@echo "setting up .venv-datacontract (datacontract-cli pins versions of its own)"
	@[ -x .venv-datacontract/bin/python ] || $(PYTHON) -m venv --without-pip .venv-datacontract
	@uv pip sync --quiet --compile-bytecode --python .venv-datacontract/bin/python tests/datacontract/requirements.txt
	@touch $@

.venv-airflow/.installed: dags/environment.txt .venv/.installed
	@echo "setting up .venv-airflow (Airflow's constraints fit neither the CDK nor dbt)"
	@[ -x .venv-airflow/bin/python ] || $(PYTHON) -m venv --without-pip .venv-airflow
	@uv pip sync --quiet --compile-bytecode --python .venv-airflow/bin/python dags/environment.txt
	@touch $@

.venv-airflow-3.3/.installed: tests/dags/environment-3.3.txt .venv/.installed
	@echo "setting up .venv-airflow-3.3 (the DAGs have to be clean on the next Airflow too)"
	@[ -x .venv-airflow-3.3/bin/python ] || $(PYTHON) -m venv --without-pip .venv-airflow-3.3
	@uv pip sync --quiet --compile-bytecode --python .venv-airflow-3.3/bin/python tests/dags/environment-3.3.txt
	@touch $@

.venv-spark-%/.installed: tests/spark/requirements-%.txt tests/spark/jars-%.txt .venv/.installed
	@echo "setting up $(@D) (Apache Spark cannot be beside the Spark Connect client that Sail uses)"
	@[ -x $(@D)/bin/python ] || $$($(BIN)/python -m tests.spark.pythons $(GLUE_PYTHON_$*) || echo $(PYTHON)) -m venv --without-pip $(@D)
	@uv pip sync --quiet --compile-bytecode --python $(@D)/bin/python tests/spark/requirements-$*.txt
	@$(BIN)/python -m tests.spark.jars tests/spark/jars-$*.txt $(@D)
	@touch $@

node_modules/.installed: package-lock.json
	@echo "setting up the CDK CLI"
	@npm ci --silent --no-audit --no-fund
	@touch $@
