"""Evaluation of Trino expressions without a server, or on a real Trino (`make test-trino`)."""

from collections.abc import Iterator

import pytest

from tests.support.emulator.athena_engine import open_engine
from tests.support.emulator.trino_values import Evaluate
from tests.support.trino import running


@pytest.fixture(scope="session")
def evaluate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluate]:
    """Yield a function that runs a query without tables and returns its rows as Athena's texts and its column types."""
    if running.ON_TRINO:
        yield request.getfixturevalue("trino_evaluate")
        return
    with open_engine(tmp_path_factory.mktemp("athena")) as engine:
        yield engine.evaluate
