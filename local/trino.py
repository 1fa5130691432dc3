"""The engine of Athena's queries: the emulator's own, or a real Trino."""

import os
from enum import StrEnum
from pathlib import Path

from emulator.athena.trino import process
from emulator.athena.trino.process import Trino
from emulator.athena.trino.settings import Lake
from emulator.runtime.server_lifecycle import Server
from local.progress import step

HOME = "LAKEHOUSE_TRINO_HOME"
"""Variable with the folder of an installed Trino; the default is the folder in which `make` installs it."""
_REPOSITORY = Path(__file__).resolve().parents[1]


class Engine(StrEnum):
    """An engine of Athena's queries."""

    DUCKDB = "duckdb"
    TRINO = "trino"


def choose(server: Server, engine: Engine | None) -> Trino | None:
    """Let an engine run the queries of an emulator from now on.

    Args:
        server: the emulator.
        engine: the engine; None: the one of the last time, which is DuckDB for a new root folder.

    Returns:
        The Trino that runs them, or None.

    Raises:
        EmulatorError: Trino is not installed, or did not start.
    """
    if engine is Engine.DUCKDB:
        process.down(server.root)
    if engine is not Engine.TRINO and process.address(server.root) is None:
        return None
    running = process.status(server.root)
    if running is not None:
        return running
    lake = Lake(endpoint=server.endpoint, account=server.account, region=server.region)
    home = Path(os.environ.get(HOME, _REPOSITORY / f".trino-{process.VERSION}"))
    with step("Trino (it takes a minute to start)"):
        return process.up(server.root, lake, home=home)


def stop(root: Path) -> None:
    """Stop the Trino of a root folder; the next `choose` starts it again."""
    process.down(root, keep=True)
