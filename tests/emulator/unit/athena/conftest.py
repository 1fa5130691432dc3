"""Evaluation of Trino expressions without a server."""

from collections.abc import Iterator

import pytest

from tests.support.emulator.athena_engine import open_engine
from tests.support.emulator.trino_values import Evaluate


@pytest.fixture(scope="session")
def evaluate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluate]:
    """Yield a function that runs a query without tables and returns its rows as Athena's texts and its column types."""
    with open_engine(tmp_path_factory.mktemp("athena")) as engine:
        yield engine.evaluate
