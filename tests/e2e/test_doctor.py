"""`lakehouse doctor` in the deployed lakehouse finds what the emulator does not have, as docs/local.md lists it."""

import contextlib
import json
import re
from pathlib import Path

import boto3
import pytest

from emulator.runtime import server_lifecycle
from lakehouse.names import Names, Urgency
from lakehouse.operations.doctor.account import DMS_ROLES
from tests.support.demo.command_line import run_cli
from tests.support.demo.finished_demo import Demo
from tests.support.repository import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

TRUST = {"Effect": "Allow", "Principal": {"Service": "dms.amazonaws.com"}, "Action": "sts:AssumeRole"}
ROW = re.compile(r"^\| (?P<check>[\w-]+) \| (?P<role>\w+) \| (?P<subject>.*?) \| (?P<found>.*?) \|", re.MULTILINE)


def prepare(names: Names) -> None:
    """What docs/deploy.md and docs/first-deploy.md ask of a person: roles of DMS, subscribers of the alerts."""
    iam, sns = boto3.client("iam"), boto3.client("sns")
    for role, policy in DMS_ROLES.items():
        document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=document)
        iam.attach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::aws:policy/service-role/{policy}")
    for urgency in Urgency:
        topic = f"arn:aws:sns:{names.region}:{names.account}:{names.alerts_topic(urgency)}"
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="on-call@example.com")


def lacking() -> set[str]:
    """The checks that docs/local.md names."""
    section = (ROOT / "docs" / "local.md").read_text().partition("## What `lakehouse doctor` finds")[2]
    return set(re.findall(r"^\| `([\w-]+)` \|", section.partition("\n## ")[0], re.MULTILINE))


def test_it_finds_what_the_emulator_does_not_have(
    finished: Demo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = finished.lake.server
    prepare(finished.lake.names)
    for name, value in server_lifecycle.environment(server).items():
        monkeypatch.setenv(name, value)
    device = f"arn:aws:iam::{server.account}:mfa/administrator"
    report = tmp_path / "report.md"
    run = run_cli("doctor", "--report", report, "--mfa-serial", device, "--mfa-code", "123456")
    text = report.read_text()
    sections = dict(re.findall(r"^## ([\w ]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert "Failed" not in sections, sections["Failed"]
    assert run.returncode == 0, run.stdout + run.stderr
    # A log group whose writer has not run is empty in an account too.
    unchecked = {row["check"] for row in ROW.finditer(sections["Not checked"]) if "has not run" not in row["found"]}
    assert unchecked - {"check"} == lacking()
    passed = {row["role"] for row in ROW.finditer(sections["Passed"])}
    assert {"caller", "analyst", "engineer", "steward", "operator", "auditor", "tables", "erasure"} <= passed
    for secret in (server.account, server.access_key, server.secret_key, "on-call@"):
        assert secret not in text


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_checked(finished: Demo, tmp_path: Path) -> None:
    refused = run_cli("doctor", "--report", tmp_path / "missing" / "report.md")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "there is no folder" in refused.stderr
