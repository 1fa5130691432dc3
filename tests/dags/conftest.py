"""Airflow with the DAGs of this repository's contracts, and a lakehouse for them to work on."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import local.airflow.lifecycle
from lakehouse.contracts.loader import load_contracts
from local import lake
from local.demo import __main__
from tests.support.airflow.airflow_home import AIRFLOW, REPOSITORY, Airflow, bundle
from tests.support.airflow.running_lake import Running, add_shipping


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
    """A lakehouse whose sources have delivered, and an Airflow that has moved nothing yet."""
    before = dict(os.environ)
    home: Path = tmp_path_factory.mktemp("running")
    shutil.copytree(REPOSITORY / "contracts", home / "contracts")
    add_shipping(home / "contracts")
    airflow = _airflow(home, contracts=home / "contracts")
    airflow.migrate()
    contracts = load_contracts(home / "contracts")
    started = lake.up(home / "lake")
    __main__.prepare(started, contracts)
    __main__.load(started, contracts)
    yield Running(airflow=airflow, lake=started, contracts=contracts)
    lake.down(home / "lake")
    os.environ.clear()
    os.environ.update(before)


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


def _airflow(home: Path, *, contracts: Path) -> Airflow:
    assert (AIRFLOW / "python").exists(), "no Airflow: `make test-dags` makes its environment"
    made = bundle(home / "dags", contracts=contracts)
    assert made.returncode == 0, made.stderr
    return Airflow(home=home, dags=home / "dags")
