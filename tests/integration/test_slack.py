"""A notice's whole way: SNS topic, the Lambda function out of the wheel, the webhook's secret, a POST."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from emulator.runtime.server_lifecycle import Server
from lakehouse.operations import slack
from tests.support.emulator.callers import make_role
from tests.support.http_servers import Posted, receiving

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def posted() -> Iterator[tuple[str, list[str]]]:
    """URL of a webhook, and the texts that were posted to it."""
    texts: list[str] = []

    def take(request: Posted) -> tuple[int, str]:
        texts.append(json.loads(request.body)["text"])
        return 200, "ok"

    with receiving(take) as url:
        yield f"{url}/services/T0/B0/x", texts


@pytest.fixture
def topic(aws: Server, posted: tuple[str, list[str]]) -> str:
    """ARN of a topic that tells the function, as stacks/observability/slack.py wires it."""
    sns, functions = boto3.client("sns"), boto3.client("lambda")
    boto3.client("secretsmanager").create_secret(Name="slack-webhook", SecretString=posted[0])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as wheel:
        for path in (REPOSITORY / "lakehouse").rglob("*.py"):
            wheel.write(path, path.relative_to(REPOSITORY))
    function = functions.create_function(
        FunctionName="slack",
        Runtime="python3.14",
        Role=make_role("slack"),
        Handler="lakehouse.operations.slack.handler",
        Code={"ZipFile": archive.getvalue()},
        Environment={"Variables": {slack.SECRET: "slack-webhook"}},
        Timeout=30,
    )["FunctionArn"]
    arn = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="lambda", Endpoint=function)
    return arn


def test_what_a_topic_is_told_is_posted_to_slack(topic: str, posted: tuple[str, list[str]]) -> None:
    boto3.client("sns").publish(
        TopicArn=topic,
        Subject="lakehouse-dev: parcels is stopped: parcels.integration_gate failed",
        Message="reason: rule enough FAIL: 1 > 2\nnext step: `lakehouse rerun parcels BATCH`",
    )
    deadline = time.monotonic() + 60
    while not posted[1]:
        assert time.monotonic() < deadline, "nothing was posted"
        time.sleep(0.05)
    [text] = posted[1]
    assert text.splitlines() == [
        "*lakehouse-dev: parcels is stopped: parcels.integration_gate failed*",
        "reason: rule enough FAIL: 1 &gt; 2",
        "next step: `lakehouse rerun parcels BATCH`",
    ]
