"""`lakehouse local`, as a user runs it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from emulator.runtime import server_lifecycle
from lakehouse.errors import LakehouseError
from local.cli import app

MAIN = "from lakehouse.cli.main import main; main()"


def test_env_points_a_shell_at_the_server(aws: server_lifecycle.Server) -> None:
    command = [sys.executable, "-c", MAIN, "local", "env", "--root", str(aws.root)]
    environment = os.environ | {"AWS_PROFILE": "mine"}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    echo = ran.stdout + 'echo "$AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID ${AWS_PROFILE-none}"'
    shell = subprocess.run(["sh", "-c", echo], capture_output=True, text=True, env=environment, check=True)
    assert shell.stdout.split() == [aws.endpoint, aws.access_key, "none"]


def test_env_gives_an_administrator_who_is_not_root(aws: server_lifecycle.Server) -> None:
    arn = boto3.client("sts").get_caller_identity()["Arn"]
    assert arn == f"arn:aws:iam::{aws.account}:user/administrator"


def test_env_gives_a_role_by_its_name_or_purpose(aws: server_lifecycle.Server) -> None:
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    statement = {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement | {"Condition": condition}]})
    name = f"lakehouse-dev-watcher-{aws.region}"
    boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    for role in (name, "watcher", f"arn:aws:iam::{aws.account}:role/{name}"):
        ran = CliRunner().invoke(app, ["env", "--root", str(aws.root), "--role", role], catch_exceptions=False)
        keys = dict(re.findall(r"export (AWS_\w+)=(\S+)", ran.stdout))
        session = boto3.Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], keys["AWS_SESSION_TOKEN"])
        assert f":assumed-role/{name}/" in session.client("sts").get_caller_identity()["Arn"]


def test_env_refuses_a_role_that_does_not_exist(aws: server_lifecycle.Server) -> None:
    with pytest.raises(LakehouseError, match="there is no role nobody: deploy the stacks, or"):
        CliRunner().invoke(app, ["env", "--root", str(aws.root), "--role", "nobody"], catch_exceptions=False)


def test_status_says_where_it_runs(aws: server_lifecycle.Server) -> None:
    ran = CliRunner().invoke(app, ["status", "--root", str(aws.root)])
    assert ran.exit_code == 0
    assert aws.endpoint in ran.stdout


def test_what_is_down_says_how_to_start_it(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["status", "--root", str(tmp_path)])
    assert ran.exit_code == 1
    assert f"lakehouse local up --root {tmp_path}" in ran.stdout
    with pytest.raises(LakehouseError, match="lakehouse local up"):
        CliRunner().invoke(app, ["env", "--root", str(tmp_path)], catch_exceptions=False)


def test_a_crash_shows_the_end_of_the_log(tmp_path: Path) -> None:
    server_lifecycle.log_file(tmp_path).parent.mkdir()
    server_lifecycle.log_file(tmp_path).write_text("the last [words]\n")
    (tmp_path / "server.json").write_text("{}")
    ran = CliRunner().invoke(app, ["status", "--root", str(tmp_path)])
    assert ran.exit_code == 1
    assert "crashed" in ran.stdout
    assert "the last [words]" in ran.stdout


def test_an_error_of_the_emulator_is_one_message_and_exit_code_2(aws: server_lifecycle.Server) -> None:
    command = [sys.executable, "-c", MAIN, "local", "up", "--region", "us-east-1", "--root", str(aws.root)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert finished.stderr.startswith("error the data in ")
    assert finished.stderr.count("\n") == 1


def test_data_of_another_region_is_refused(aws: server_lifecycle.Server) -> None:
    with pytest.raises(LakehouseError, match="belongs to region eu-central-1, not us-east-1"):
        CliRunner().invoke(app, ["up", "--region", "us-east-1", "--root", str(aws.root)], catch_exceptions=False)
