"""Evaluation of Trino expressions without a server; `make test-trino` compares each with a real Trino's."""

from collections.abc import Iterator

import pytest

from tests.support.emulator.athena_engine import open_engine
from tests.support.emulator.trino_values import Evaluate
from tests.support.trino import running
from tests.support.trino.compare import compared


@pytest.fixture(scope="session")
def evaluate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluate]:
    """Yield a function that runs a query without tables and returns its rows as Athena's texts and its column types."""
    with open_engine(tmp_path_factory.mktemp("athena")) as engine:
        if running.ON_TRINO:
            yield compared(engine.evaluate, request.getfixturevalue("trino_evaluate"))
        else:
            yield engine.evaluate
