"""Fixtures of all tests: the emulator, started once for each session (and each worker of pytest-xdist)."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emulator.athena.trino import process as trino_process
from emulator.runtime import server_lifecycle
from tests.support.emulator.trino_values import Evaluate
from tests.support.trino import running

if TYPE_CHECKING:
    from xdist.remote import Producer

    from tests.support.xdist_scheduler import Suites


ROOT = Path(__file__).parents[1]
# The environment of jobs and builds in the emulator.
JOB_VARIABLES = {
    "LAKEHOUSE_ENGINE": os.environ.get("LAKEHOUSE_ENGINE", "sail"),
    "LAKEHOUSE_DBT_PYTHON": os.environ.get("LAKEHOUSE_DBT_PYTHON", str(ROOT / ".venv-dbt" / "bin" / "python")),
}


@pytest.hookimpl(optionalhook=True)  # Apache Spark has environments of its own, without pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "Suites":
    """Let each suite be one worker's, with its one server, in its own order."""
    from tests.support.xdist_scheduler import Suites

    return Suites(config, log)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server_lifecycle.Server]:
    """An emulator for this session; the process's AWS variables point at it while a test uses it."""
    root = tmp_path_factory.mktemp("aws")
    # Apache Spark has an environment of its own, in which the server cannot run.
    server = server_lifecycle.up(root, python=os.environ.get("LOCAL_PYTHON", sys.executable), variables=JOB_VARIABLES)
    before = dict(os.environ)
    _set_aws_variables(server_lifecycle.environment(server))
    if running.ON_TRINO:
        running.start(server)
    yield server
    trino_process.down(root)
    server_lifecycle.down(root)
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def trino_evaluate(aws: server_lifecycle.Server) -> Evaluate:
    """A function that runs a query without tables on a real Trino."""
    if not running.ON_TRINO:
        pytest.skip("it needs a real Trino: run `make test-trino`")
    from tests.support.trino.engine import TrinoEngine  # the environment of Apache Spark lacks what it imports

    return TrinoEngine(running.start(aws).url).evaluate


@pytest.fixture(autouse=True)
def _aws_only_where_asked_for(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that does not use `aws` sees neither its variables nor the developer's: no test ever reaches real AWS."""
    if "aws" not in request.fixturenames:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def _set_aws_variables(values: dict[str, str]) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(values)
