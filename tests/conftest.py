"""What every test may use: the embedded AWS, started once a session (once a worker under pytest-xdist)."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import embedded


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Under `--dist loadgroup` each of these suites is one worker's, with its one server, in its own order."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        suite = item.path.relative_to(Path(__file__).parent).parts[0]
        if suite in ("integration", "e2e"):
            item.add_marker(pytest.mark.xdist_group(suite))


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Server]:
    """An embedded AWS of this session's own; the process's AWS variables point at it while a test uses it."""
    root = tmp_path_factory.mktemp("aws")
    # Apache Spark has an environment of its own, in which the server cannot run.
    server = embedded.up(root, python=os.environ.get("LOCAL_PYTHON", sys.executable))
    before = dict(os.environ)
    _set_aws_variables(embedded.environment(server))
    yield server
    embedded.down(root)
    os.environ.clear()
    os.environ.update(before)


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
