"""The circuit breaker of a source, in real task runs."""

import shutil
from pathlib import Path

import pytest

from tests.support.airflow import airflow_home
from tests.support.airflow.airflow_home import Airflow


@pytest.mark.usefixtures("migrated")
def test_it_opens_after_failures_in_a_row_and_closes_with_a_success(airflow: Airflow, tmp_path: Path) -> None:
    script = shutil.copy(
        Path(airflow_home.__file__).with_name("breaker_runs.py"), tmp_path
    )  # Airflow runs what is in its folder
    *failing, skipped, tried, succeeded = airflow.run(
        script, str(airflow.dags), variables={"AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path)}
    )
    assert [run["state"] for run in failing] == ["failed"] * 3
    assert [run["breaker"]["failures"] for run in failing] == [1, 2, 3]

    assert (skipped["state"], skipped["called"]) == ("skipped", 0)
    assert "flaky is not called before" in skipped["reason"]
    assert "failed 3 times in a row, last with: ConnectionError: the source is down" in skipped["reason"]
    assert "delete the variable breaker-flaky" in skipped["reason"]

    assert (tried["state"], tried["called"], tried["breaker"]["failures"]) == (
        "failed",
        1,
        4,
    )  # one call was let through
    assert (succeeded["state"], succeeded["called"], succeeded["breaker"]) == ("success", 1, None)
