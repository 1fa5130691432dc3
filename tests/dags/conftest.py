"""Airflow with the DAGs of this repository's contracts, and a lakehouse for them to work on."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

import local.airflow.lifecycle
from emulator.runtime.server_lifecycle import Server
from lakehouse.contracts.loader import load_contracts
from local import lake
from local.demo import __main__
from local.profiles import role_environment
from tests.support.airflow.airflow_home import AIRFLOW, REPOSITORY, Airflow, bundle
from tests.support.airflow.running_lake import Running, add_shipping
from tests.support.authorization import decisions


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """A home with a bundle; nothing runs in it."""
    return _airflow(tmp_path_factory.mktemp("airflow"), contracts=REPOSITORY / "contracts")


@pytest.fixture(scope="session")
def migrated(airflow: Airflow) -> None:
    """Airflow's database, in its home."""
    airflow.migrate()


@pytest.fixture(scope="session")
def parsed(airflow: Airflow) -> Any:
    """What Airflow's own parser finds in the bundle."""
    return airflow.run("inspect_dags.py", str(airflow.dags))


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A lakehouse of the profile `standard` whose sources have delivered, and an Airflow that has moved nothing yet.

    Its programs run under the role of the Airflow environment. At the end no request of that role may have been denied.
    """
    before = dict(os.environ)
    home: Path = tmp_path_factory.mktemp("running")
    shutil.copytree(REPOSITORY / "contracts", home / "contracts")
    add_shipping(home / "contracts")
    airflow = _airflow(home, contracts=home / "contracts")
    airflow.migrate()
    contracts = load_contracts(home / "contracts")
    started = lake.up(home / "lake")
    # Lake Formation refuses the tables to an administrator of IAM, and nothing to root: a test may read what it checks.
    os.environ |= {"AWS_ACCESS_KEY_ID": started.server.account, "AWS_SECRET_ACCESS_KEY": "local"}
    __main__.prepare(started, contracts, "profile=standard")
    __main__.load(started, contracts)
    role = started.names.airflow_role
    yield Running(
        airflow=replace(airflow, credentials=_session(started.server, role)), lake=started, contracts=contracts
    )
    asked = [request for request in decisions.recorded(started.server.root) if str(request.role).endswith(role)]
    lake.down(home / "lake")
    os.environ.clear()
    os.environ.update(before)
    assert asked, f"Airflow asked for nothing as {role}"
    assert {(request.action, request.resource) for request in asked if not request.allowed} == set()


@pytest.fixture(scope="session")
def started(running: Running) -> Iterator[local.airflow.lifecycle.Airflow]:
    """The laptop's Airflow on that lakehouse, its DAGs paused."""
    server, contracts = running.lake.server, running.airflow.home / "contracts"
    yield local.airflow.lifecycle.up(server, running.lake.database, contracts=contracts)
    local.airflow.lifecycle.down(server.root)


@pytest.fixture
def aws(running: Running) -> Running:
    """In place of the bare server of the other suites: a test that asks for it keeps the variables that point there."""
    return running


def _session(server: Server, role: str) -> dict[str, str]:
    """Return variables of a session of a role that trusts AWS's services alone; from now on it trusts this account."""
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{server.account}:root"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    boto3.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(document))
    return role_environment(server, role)


def _airflow(home: Path, *, contracts: Path) -> Airflow:
    assert (AIRFLOW / "python").exists(), "no Airflow: `make test-dags` makes its environment"
    made = bundle(home / "dags", contracts=contracts)
    assert made.returncode == 0, made.stderr
    return Airflow(home=home, dags=home / "dags")
