"""Tests that give something else on a real Trino, by design or not yet: a list that may only shrink.

A plug-in of pytest for `make test-trino`. A listed test must fail on Trino, and a listed name must be a test.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.trino.running import ON_TRINO

_LIST = Path(__file__).with_name("differences.txt")


def listed() -> Iterator[tuple[str, str]]:
    """Yield each listed test with the reason above it."""
    reason = ""
    for line in _LIST.read_text().splitlines():
        if line.startswith("# "):
            reason = line[2:]
        elif line:
            yield line, reason


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect the listed tests to fail on Trino.

    Raises:
        UsageError: a listed test is not in its file.
    """
    if not ON_TRINO:
        return
    reasons = dict(listed())
    for item in items:
        if item.nodeid in reasons:
            item.add_marker(pytest.mark.xfail(strict=True, reason=reasons[item.nodeid]))
    whole = {item.nodeid.partition("::")[0] for item in items}
    gone = {name for name in reasons if name.partition("::")[0] in whole} - {item.nodeid for item in items}
    if gone:
        raise pytest.UsageError(f"{_LIST.name} lists tests that do not exist: {', '.join(sorted(gone))}")
