"""The emulator with the environment that the lakehouse's Glue jobs and builds need."""

import os
import sys
from pathlib import Path

from emulator.runtime import server_lifecycle
from emulator.runtime.server_lifecycle import Server

REPOSITORY = Path(__file__).resolve().parents[1]
DBT_PYTHON = str(REPOSITORY / ".venv-dbt" / "bin" / "python")


def start(root: Path, *, account: str | None = None, region: str | None = None, python: str = sys.executable) -> Server:
    """Start the emulator of a root folder, or find the one that runs; see `server_lifecycle.up`.

    Glue jobs run on Sail, and builds use the repository's dbt, unless this process's environment has other values.
    """
    defaults = {"LAKEHOUSE_ENGINE": "sail", "LAKEHOUSE_DBT_PYTHON": DBT_PYTHON}
    variables = {name: os.environ.get(name, value) for name, value in defaults.items()}
    return server_lifecycle.up(root, account=account, region=region, python=python, variables=variables)
