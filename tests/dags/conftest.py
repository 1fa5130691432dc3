"""Airflow with the DAGs of this repository's contracts."""

from pathlib import Path
from typing import Any

import pytest

from tests.dags.running import AIRFLOW, Airflow, bundle


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """A home with a bundle; nothing runs in it."""
    assert (AIRFLOW / "python").exists(), "no Airflow: `make test-dags` makes its environment"
    home: Path = tmp_path_factory.mktemp("airflow")
    made = bundle(home / "dags")
    assert made.returncode == 0, made.stderr
    return Airflow(home=home, dags=home / "dags")


@pytest.fixture(scope="session")
def parsed(airflow: Airflow) -> Any:
    """What Airflow's own parser finds in the bundle."""
    return airflow.run("inspect_dags.py", str(airflow.dags))
