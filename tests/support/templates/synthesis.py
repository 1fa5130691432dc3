"""Synthesis of the app for tests, and the names and settings of what it synthesizes."""

import json
from pathlib import Path
from typing import Any

import psutil
from aws_cdk import App

import app as cdk_entry
from lakehouse.names import Names
from stacks.settings import Settings, settings_of
from tests.support.templates.assembly import Assembly

CONTEXT: dict[str, Any] = json.loads((cdk_entry.ROOT / "cdk.json").read_text())["context"]

LINEAGE_ENDPOINT = "https://lineage.example.com/api/v1/lineage"

DEV = Names(environment="dev", account="123456789012", region="eu-central-1")


def synth(outdir: Path, names: Names, **context: str) -> Assembly:
    """The app as `cdk synth` makes it, with cdk-nag and CloudFormation's rules; each finding is an error."""
    app = App(context=CONTEXT | context, outdir=str(outdir))
    cdk_entry.build(app, account=names.account, region=names.region)
    app.synth()
    return Assembly(outdir)


def cpu_seconds() -> float:
    """Processor time of this process and of the CDK's Node process: what else the machine does is no part of it."""
    this = psutil.Process()
    times = [process.cpu_times() for process in (this, *this.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def deployment_settings(deployment: str) -> Settings:
    """Settings of one of DEPLOYMENTS."""
    environment, _, profile = deployment.partition("-")
    return settings_of(environment, profile=profile)
