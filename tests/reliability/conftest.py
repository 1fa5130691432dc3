"""What these tests share: a launcher of jobs, and the figures that are printed at the end."""

from collections.abc import Iterator

import pytest

from emulator.runtime.server_lifecycle import Server
from tests.support.reliability import figures
from tests.support.reliability.job_launcher import Launcher, launcher
from tests.support.reliability.scenarios import Scenes


@pytest.fixture(scope="session")
def jobs(aws: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    with launcher(tmp_path_factory.mktemp("jobs")) as running:
        yield running


@pytest.fixture(scope="session")
def scenes(aws: Server, jobs: Launcher) -> Scenes:
    return Scenes(aws, jobs)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for title, lines in figures.tables():
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)
