"""dbt's unit tests of the models' logic, on the laptop's Athena: fixtures in, rows out, without any table."""

import json
import os
import subprocess
from pathlib import Path

import boto3
import pytest
import yaml

from emulator.runtime.server_lifecycle import Server
from lakehouse.governance.models import of_models
from lakehouse.names import Zone
from lakehouse.operations import dbt
from tests.support.models import small_project

MODELS = Path(dbt.__file__).parents[2] / "models"
UNIT_TESTS = [
    test for path in (MODELS / "unit_tests").glob("*.yml") for test in yaml.safe_load(path.read_text())["unit_tests"]
]


def test_every_model_has_a_unit_test() -> None:
    assert {test["model"] for test in UNIT_TESTS} == {table.name for table in of_models(MODELS)}


@pytest.mark.timeout(900)
def test_the_unit_tests_pass(aws: Server, tmp_path: Path) -> None:
    names = small_project.deploy(aws, project="logic")
    finished = subprocess.run(
        [
            *(dbt.interpreter(MODELS), MODELS / "run_dbt.py", "test", "--select", "test_type:unit"),
            *("--project-dir", MODELS, "--profiles-dir", MODELS, "--target-path", tmp_path, "--log-path", tmp_path),
        ],
        env={**os.environ, **dbt.environment(names), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout
    results = json.loads((tmp_path / "run_results.json").read_text())["results"]
    assert {result["unique_id"].split(".")[-1]: result["status"] for result in results} == {
        test["name"]: "pass" for test in UNIT_TESTS
    }
    for zone in (Zone.INTEGRATION, Zone.CURATED):
        assert boto3.client("glue").get_tables(DatabaseName=names.database(zone))["TableList"] == []
