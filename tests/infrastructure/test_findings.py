"""cdk-nag in every environment and profile: each finding has a reason, and each reason a finding."""

from pathlib import Path

import pytest
from aws_cdk import App
from aws_cdk import aws_s3 as s3

from lakehouse.names import Names
from reports import findings
from reports.findings import DEPLOYMENTS, Finding, Report
from stacks.iam.acknowledge import acknowledge
from stacks.stack import LakehouseStack


@pytest.fixture(scope="module")
def report() -> Report:
    return findings.collect()


@pytest.mark.slow  # each synth of the other tests fails on a finding without a reason
def test_every_finding_is_acknowledged(report: Report) -> None:
    assert report.findings
    assert [finding for finding in report.findings if not finding.reason] == []


@pytest.mark.slow
def test_no_acknowledgement_is_left_over(report: Report) -> None:
    assert report.unused == []


@pytest.mark.slow
def test_reasons_are_sentences(report: Report) -> None:
    for reason in {finding.reason or "" for finding in report.findings}:
        assert len(reason) > 40, reason
        assert reason.endswith("."), reason


def test_a_finding_without_a_reason_and_a_reason_without_a_finding_show(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def build(app: App, **_: object) -> None:
        names = Names(environment="dev", account="123456789012", region="eu-central-1")
        stack = LakehouseStack(app, "storage", names=names, description="with a bucket that is not as it should be")
        bucket = s3.Bucket(stack, "Bucket", enforce_ssl=True)
        acknowledge(bucket, "AwsSolutions-S10", reason="It asks for TLS, so nobody needs this.")

    monkeypatch.setattr(findings.cdk_entry, "build", build)
    report = findings.collect()
    assert [(found.rule, found.path, found.reason) for found in report.findings] == [
        ("AwsSolutions-S1", "lakehouse-dev-storage/Bucket/Resource", None)
    ]
    assert report.unused == [("AwsSolutions-S10", "lakehouse-dev-storage/Bucket")]


def test_the_same_finding_in_all_deployments_is_one_row() -> None:
    def found(deployment: str, rule: str, reason: str | None = "So it is.") -> Finding:
        environment = deployment.partition("-")[0]
        path = f"{deployment}/lakehouse-{environment}-storage/Raw/Resource"
        return Finding(rule=rule.replace("ENV", environment), path=path, reason=reason)

    many = [found(name, "AwsSolutions-IAM5[Resource::arn:aws:s3:::lakehouse-ENV-raw/*]") for name in DEPLOYMENTS]
    bucket = ("lakehouse-ENV-storage", "Raw/Resource")
    assert findings.rows([*many, found("dev-minimal", "AwsSolutions-S1", None)]) == [
        ("AwsSolutions-IAM5", *bucket, "Resource::arn:aws:s3:::lakehouse-ENV-raw/*", "all", "So it is."),
        ("AwsSolutions-S1", *bucket, "", "dev-minimal", ""),
    ]
