"""The engine of Athena's queries in a run of tests: the emulator's own, or a real Trino.

With `trino` in `LAKEHOUSE_TEST_ATHENA` they run on a Trino that is installed in the folder `LAKEHOUSE_TRINO_HOME`.
"""

import os
from pathlib import Path

from emulator.athena.trino import process
from emulator.athena.trino.process import Trino
from emulator.athena.trino.settings import Lake
from emulator.runtime.server_lifecycle import Server

ON_TRINO = os.environ.get("LAKEHOUSE_TEST_ATHENA") == "trino"


def start(server: Server) -> Trino:
    """Start the Trino of an emulator, or find the one that runs."""
    lake = Lake(endpoint=server.endpoint, account=server.account, region=server.region)
    return process.up(server.root, lake, home=Path(os.environ["LAKEHOUSE_TRINO_HOME"]))
