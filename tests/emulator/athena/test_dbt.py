"""dbt-athena builds its materializations in the emulator: the first time, after changes, from scratch."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emulator.runtime import server_lifecycle
from tests.support.emulator.athena_client import Athena

PROJECT = Path(__file__).with_name("dbt_project")
DBT = Path(os.environ.get("LAKEHOUSE_DBT", Path(__file__).parents[3] / ".venv-dbt/bin/dbt"))

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DBT.exists(), reason="dbt has no environment: run `make setup`")]


class Project:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def build(self, *flags: str, **variables: Any) -> dict[str, str]:
        """Build all nodes, and return the status of each."""
        folder = self._folder
        command = [DBT, "build", "--project-dir", folder, "--profiles-dir", folder, "--vars", json.dumps(variables)]
        environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        done = subprocess.run([*command, *flags], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
        results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
        return {result["unique_id"].split(".")[2]: result["status"] for result in results}


@pytest.fixture(scope="module")
def project(aws: server_lifecycle.Server, athena: Athena, tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("dbt") / "project"
    shutil.copytree(PROJECT, folder)
    return Project(folder)


def test_dbt_builds_at_first_after_changes_and_from_scratch(project: Project, athena: Athena) -> None:
    def ask(sql: str) -> list[tuple[str | None, ...]]:
        return athena(sql, database="throwaway").rows

    assert set(project.build().values()) <= {"success", "pass"}
    assert ask("SELECT count(*), sum(amount) FROM orders") == [("30", "116.25")]
    assert ask("SELECT count(*), sum(orders) FROM orders_by_month") == [("3", "30")]
    assert ask("SELECT country, days FROM order_view WHERE order_id = 1") == [("France, la", "24107")]
    assert ask("SELECT code, population FROM countries WHERE joined > date '1990-01-01'") == [("se", None)]
    assert ask("SELECT count(*) FROM order_history WHERE dbt_valid_to IS NULL") == [("30",)]

    project.build(orders=35, factor=2, with_note=True)
    assert ask("SELECT count(*) FROM order_log") == [("10",)]
    assert ask("SELECT count(*), count(note) FROM order_states") == [("35", "15")]
    assert ask("SELECT amount FROM order_states WHERE order_id IN (20, 21) ORDER BY order_id") == [
        ("5.00",),
        ("10.50",),
    ]
    assert ask("SELECT count(*), count(dbt_valid_to) FROM order_history") == [("45", "10")]
    assert ask("SELECT sum(orders) FROM orders_by_month") == [("35",)]

    project.build("--full-refresh")
    assert ask("SELECT count(*) FROM order_states") == [("30",)]
    assert ask("SELECT count(*) FROM order_log") == [("5",)]
    assert ask("SHOW TABLES '*__*'") == []
