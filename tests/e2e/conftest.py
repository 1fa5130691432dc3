"""One lakehouse for all e2e tests of a session, made by the demo's own steps."""

from pathlib import Path

import pytest

from tests.support.demo.finished_demo import aws, finished, started

__all__ = ["aws", "finished", "started"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give these tests 15 minutes: the first one makes the lakehouse, beside the other suites."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(900))
