"""`lakehouse local`, as a user runs it."""

import os
import subprocess
import sys
from pathlib import Path

from local import embedded

MAIN = "from lakehouse.cli.main import main; main()"


def lakehouse(*words: str, root: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", MAIN, "local", *words, "--root", str(root)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | variables, check=False)


def test_env_points_a_shell_at_the_server(aws: embedded.Server) -> None:
    ran = lakehouse("env", root=aws.root, AWS_PROFILE="mine")
    assert ran.returncode == 0, ran.stderr
    echo = ran.stdout + 'echo "$AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID ${AWS_PROFILE-none}"'
    shell = subprocess.run(["sh", "-c", echo], capture_output=True, text=True, check=True)
    assert shell.stdout.split() == [aws.endpoint, aws.account, "none"]


def test_status_says_where_it_runs(aws: embedded.Server) -> None:
    ran = lakehouse("status", root=aws.root)
    assert ran.returncode == 0
    assert aws.endpoint in ran.stdout


def test_what_is_down_says_how_to_start_it(tmp_path: Path) -> None:
    status = lakehouse("status", root=tmp_path)
    assert (status.returncode, "lakehouse local up" in status.stdout) == (1, True)
    env = lakehouse("env", root=tmp_path)
    assert (env.returncode, env.stdout) == (2, "")
    assert "lakehouse local up" in env.stderr


def test_data_of_another_region_is_refused(aws: embedded.Server) -> None:
    ran = lakehouse("up", "--region", "us-east-1", root=aws.root)
    assert ran.returncode == 2
    assert "belongs to region eu-central-1, not us-east-1" in " ".join(ran.stderr.split())
