"""Airflow in its own environment: a home, a bundle of DAGs, and programs that run there."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[3]
AIRFLOW = REPOSITORY / os.environ.get("LAKEHOUSE_TEST_AIRFLOW", ".venv-airflow") / "bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Airflow:
    """One Airflow of this session's own.

    Attributes:
        home: has its SQLite database.
        dags: the bundle.
        credentials: variables of the role that it runs under; empty for this process's own.
    """

    home: Path
    dags: Path
    credentials: Mapping[str, str] = field(default_factory=dict)

    def run(self, script: str, *arguments: str, variables: Mapping[str, str] | None = None) -> Any:
        """Run a script of this folder in Airflow's environment.

        Args:
            script: its name.
            arguments: of the script.
            variables: more of the process environment.

        Returns:
            what the last line that it printed says, as JSON.
        """
        finished = subprocess.run(
            [AIRFLOW / "python", Path(__file__).parent / script, *arguments],
            env={**os.environ, **self.environment, **(variables or {})},
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, f"{finished.stdout[-6000:]}\n{finished.stderr[-6000:]}"
        return json.loads(finished.stdout.splitlines()[-1])

    def migrate(self) -> None:
        """Make the database."""
        variables, command = os.environ | self.environment, [AIRFLOW / "airflow", "db", "migrate"]
        made = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr[-3000:]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self.credentials,
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
            "LAKEHOUSE_POLL_SECONDS": "1",
            "LAKEHOUSE_DBT_PYTHON": str(REPOSITORY / ".venv-dbt" / "bin" / "python"),
            "TMPDIR": str(self.home),
        }


def bundle(folder: Path, *, contracts: Path = REPOSITORY / "contracts") -> subprocess.CompletedProcess[str]:
    """Make a bundle as one does by hand."""
    return subprocess.run(
        [sys.executable, "-m", "dags.bundle", str(folder), "--contracts", str(contracts)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
