"""datacontract-cli, which reads the same contracts: in an environment of its own, as it pins other versions."""

from pathlib import Path

import pytest

from tests.support.datacontract_cli import ROOT


@pytest.fixture(scope="session")
def datacontract() -> Path:
    """The program; `make test-contracts` installs it."""
    program = ROOT / ".venv-datacontract" / "bin" / "datacontract"
    if not program.exists():
        pytest.skip(f"{program} is not there: make test-contracts installs it")
    return program
