"""The command line as a user runs it, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.repository import ROOT


def run_cli(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command line as a user runs it, on this process's AWS."""
    return subprocess.run(
        [Path(sys.executable).with_name("lakehouse"), *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )


def cli(*arguments: str | Path) -> str:
    finished = run_cli(*arguments)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout
