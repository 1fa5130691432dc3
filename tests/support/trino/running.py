"""The engine of Athena's queries in a run of tests: the emulator's own, or a real Trino (`make test-trino`)."""

import os
from pathlib import Path

from emulator.athena.trino import process
from emulator.athena.trino.process import Trino
from emulator.athena.trino.settings import Lake
from emulator.runtime.server_lifecycle import Server
from tests.support.repository import ROOT

ON_TRINO = os.environ.get("LAKEHOUSE_TEST_ATHENA") == "trino"
HOME = Path(os.environ.get("LAKEHOUSE_TRINO_HOME", ROOT / f".trino-{process.VERSION}"))
"""Folder of the installed Trino."""


def start(server: Server) -> Trino:
    """Start the Trino of an emulator, or find the one that runs."""
    lake = Lake(endpoint=server.endpoint, account=server.account, region=server.region)
    return process.up(server.root, lake, home=HOME)
