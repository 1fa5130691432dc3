"""What surrounds AWS's images, without them: the script for Glue's, with Sail in place of `spark-submit`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import official_images
from tests.support.demo.finished_demo import Demo
from tests.support.repository import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SPARK_SUBMIT = """\
#!/usr/bin/env bash
set -eu
[ "$1" != --version ] || exit 0
while [ "$1" = --conf ]; do
    echo "$2" >> "$SETTINGS"
    shift 2
done
exec {python} "$@"
"""
PYTHON = """\
#!/usr/bin/env bash
[ "$1" = --version ] || echo "$@" >> "$SETTINGS.pip"
"""


def test_the_script_runs_the_moves_as_the_deployed_jobs_are_started(finished: Demo, tmp_path: Path) -> None:
    folder, tools, settings = tmp_path / "glue", tmp_path / "bin", tmp_path / "settings"
    batch_id = official_images.prepare_glue(finished.lake, folder)
    tools.mkdir()
    for name, text in (("spark-submit", SPARK_SUBMIT.format(python=sys.executable)), ("python3", PYTHON)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    variables = dict(line.split("=", 1) for line in (folder / "environment").read_text().splitlines())
    run = subprocess.run(
        ["bash", ROOT / ".ci" / "official-images" / "glue", folder],
        env={
            **os.environ,
            **variables,
            "PATH": f"{tools}:{os.environ['PATH']}",
            "LAKEHOUSE_ENGINE": "sail",
            "SETTINGS": str(settings),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert batch_id in run.stdout
    official_images.check_glue(finished.lake, folder)
    assert ".whl" in settings.with_suffix(".pip").read_text()
    given = settings.read_text().splitlines()
    assert given.count("spark.sql.defaultCatalog=glue_catalog") == 2
    assert all(setting.startswith("spark.") and "=" in setting for setting in given), given
