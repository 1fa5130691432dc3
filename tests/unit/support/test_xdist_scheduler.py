"""Distribution of tests to workers of pytest-xdist."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT
from tests.support.xdist_scheduler import suite

TEST = """
import os
import pytest

@pytest.mark.parametrize("number", range(5))
def test(number):
    with open({log!r}, "a") as log:
        print(os.getpid(), file=log)
"""


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/unit/test_sizes.py::test_a", "tests/unit/test_sizes.py"),
        ("tests/unit/contracts/test_types.py::test_a[tests/e2e/x::y]", "tests/unit/contracts/test_types.py"),
        ("tests/infrastructure/test_alarms.py::test_a", "infrastructure"),
        ("tests/emulator/test_server_lifecycle.py::test_a", "emulator"),
        ("tests/emulator/athena/test_select.py::test_a", "emulator"),
        ("tests/emulator/services/test_s3.py::test_a", "emulator"),
        ("tests/emulator/unit/athena/test_files.py::test_a", "tests/emulator/unit/athena/test_files.py"),
        ("tests/integration/test_job.py::test_a", "moves"),
        ("tests/integration/replicator/test_shop.py::test_a", "services"),
        ("tests/e2e/test_demo.py::test_a", "e2e"),
    ],
)
def test_suites(nodeid: str, expected: str) -> None:
    assert suite(nodeid) == expected


def test_a_suite_is_run_by_one_worker(tmp_path: Path) -> None:
    suites = ["integration", "integration/replicator", "e2e"]
    for name in suites:
        folder = tmp_path / "tests" / name
        folder.mkdir(parents=True)
        log = tmp_path / name.replace("/", "-")
        for file in "ab":
            (folder / f"test_{file}_of_{log.name}.py".replace("-", "_")).write_text(TEST.format(log=str(log)))

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-n", "3", "--rootdir", tmp_path, tmp_path / "tests"],
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "30 passed" in done.stdout, done.stdout + done.stderr
    workers = [(tmp_path / name.replace("/", "-")).read_text().split() for name in suites]
    assert [len(pids) for pids in workers] == [10, 10, 10]
    assert len({pid for pids in workers for pid in pids}) == 3
    assert all(len(set(pids)) == 1 for pids in workers)
