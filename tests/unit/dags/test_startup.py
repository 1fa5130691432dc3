"""The start-up script of Amazon MWAA ends in time and keeps its exports, also if packages come slowly or not at all.

Source: github.com/aws/amazon-mwaa-docker-images, images/airflow/3.2.1/python/mwaa/config/setup_environment.py: the
script is stopped after five minutes less five seconds, and what it exports is written when it ends.
"""

import json
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.support.repository import ROOT

SCRIPT = ROOT / "dags" / "startup.sh"
LIMIT_SECONDS = 5 * 60 - 5
VARIABLES = {
    "LAKEHOUSE_REGION": "eu-central-1",
    "LAKEHOUSE_PACKAGES_DOMAIN": "lakehouse-dev",
    "LAKEHOUSE_PACKAGES_HOST": "packages.example.com",
    "LAKEHOUSE_PACKAGES_REPOSITORY": "pypi",
    "LAKEHOUSE_BUCKET_DAGS": "dags",
    "LAKEHOUSE_DBT_REQUIREMENTS": "environment/dbt-requirements.txt",
    "LAKEHOUSE_DBT_ROLE": "arn:aws:iam::123456789012:role/dbt",
}
PYTHON = """\
#!/usr/bin/env bash
case "$*" in
*codeartifact*) echo token ;;
"-m venv"*) mkdir -p "$3/bin" && ln -sf {pip} "$3/bin/pip" ;;
esac
"""
BOTO3 = """\
import shutil

class client:
    def __init__(self, service, region_name): pass
    def get_authorization_token(self, domain): return {{"authorizationToken": "token"}}
    def download_file(self, bucket, key, file):
        assert (bucket, key) == ("dags", "environment/1/packages.zip")
        shutil.copy("{archive}", file)
"""
PIPS = {"at once": "exit 0", "slowly": "exec sleep 60", "not at all": "exit 1"}


@pytest.mark.parametrize("installs", PIPS)
def test_it_ends_in_time_and_exports_what_airflow_needs(tmp_path: Path, installs: str) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in (
        ("pip", f"#!/usr/bin/env bash\n{PIPS[installs]}\n"),
        ("python3", PYTHON.format(pip=tools / "pip")),
    ):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    before = time.monotonic()
    # As the image does it: the script is sourced, and the environment is written down when it has ended.
    dump = f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    run = subprocess.run(
        ["bash", "-c", f"source {SCRIPT}; echo; {dump}"],
        env=VARIABLES
        | {
            "PATH": f"{tools}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "AIRFLOW_HOME": str(tmp_path / "airflow"),
            "MWAA_AIRFLOW_COMPONENT": "worker",
            "LAKEHOUSE_DBT_INSTALL_SECONDS": "1",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=50,
    )
    assert time.monotonic() - before < 30
    exported = json.loads(run.stdout.splitlines()[-1])
    assert exported["PIP_INDEX_URL"] == "https://aws:token@packages.example.com/pypi/pypi/simple/"
    assert exported["LAKEHOUSE_DBT_PYTHON"].startswith(str(tmp_path))
    assert exported["LAKEHOUSE_DBT_PROFILE"] == "dbt"
    assert ("dbt is not installed" in run.stderr) == (installs != "at once")
    assert (tmp_path / "airflow" / "dbt").exists() == (installs == "at once")


def test_an_archive_of_packages_is_unpacked_and_nothing_is_installed(tmp_path: Path) -> None:
    archive = tmp_path / "dbt-packages.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("dbt_of_the_archive.py", "")
    (tmp_path / "boto3.py").write_text(BOTO3.format(archive=archive))
    run = subprocess.run(
        [
            "bash",
            "-c",
            f'source {SCRIPT}; "$LAKEHOUSE_DBT_PYTHON" -c "import dbt_of_the_archive, sys; print(sys.prefix)"',
        ],
        env=VARIABLES
        | {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "PYTHONPATH": str(tmp_path),
            "HOME": str(tmp_path),
            "AIRFLOW_HOME": str(tmp_path / "airflow"),
            "LAKEHOUSE_DBT_PACKAGES": "environment/1/packages.zip",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=50,
    )
    assert run.stdout.split() == [str(tmp_path / "airflow" / "dbt")]
    assert run.stderr == ""


def test_its_own_limit_is_below_the_images() -> None:
    [seconds] = re.findall(r"LAKEHOUSE_DBT_INSTALL_SECONDS:-(\d+)", SCRIPT.read_text())
    assert int(seconds) <= LIMIT_SECONDS - 45  # the virtual environment, the token and the download take time too
