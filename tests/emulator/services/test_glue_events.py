"""The end of a Glue job run reaches, by EventBridge and SNS, whom the stacks tell."""

import json
import time
from typing import Any

import boto3
import pytest

from emulator.runtime.server_lifecycle import Server
from tests.support.emulator.callers import make_role, open_to

PATTERN = {"source": ["aws.glue"], "detail-type": ["Glue Job State Change"], "detail": {"state": ["FAILED"]}}
FIELDS = ("jobName", "state", "message", "jobRunId")


@pytest.fixture(scope="module")
def queue(aws: Server) -> str:
    """URL of a queue that gets what a rule on failed runs publishes to a topic."""
    sns, sqs, events = boto3.client("sns"), boto3.client("sqs"), boto3.client("events")
    policy = {"Policy": open_to("events", "sns:Publish")}
    topic = sns.create_topic(Name="failures", Attributes=policy)["TopicArn"]
    url = sqs.create_queue(QueueName="failures")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    events.put_rule(Name="failures", EventPattern=json.dumps(PATTERN))
    transformer = {
        "InputPathsMap": {name: f"$.detail.{name}" for name in FIELDS},
        "InputTemplate": '"<jobName> <state>: <message> (<jobRunId>)"',
    }
    events.put_targets(Rule="failures", Targets=[{"Id": "topic", "Arn": topic, "InputTransformer": transformer}])
    return url


def run(glue: Any, name: str) -> dict[str, Any]:
    run_id = glue.start_job_run(JobName=name)["JobRunId"]
    while True:
        found: dict[str, Any] = glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]
        if found["JobRunState"] in ("SUCCEEDED", "FAILED"):
            return found
        time.sleep(0.02)


def test_a_run_that_fails_is_told_with_its_reason(aws: Server, queue: str) -> None:
    s3, glue, sqs = boto3.client("s3"), boto3.client("glue"), boto3.client("sqs")
    s3.create_bucket(Bucket="event-scripts", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    runs = {}
    for name, script in (("works", "print('done')"), ("breaks", "raise ValueError('no such file')")):
        s3.put_object(Bucket="event-scripts", Key=f"{name}.py", Body=script.encode())
        command = {"Name": "glueetl", "ScriptLocation": f"s3://event-scripts/{name}.py", "PythonVersion": "3"}
        glue.create_job(Name=name, Role=make_role("r"), Command=command, GlueVersion="6.0")
        runs[name] = run(glue, name)
    assert {name: found["JobRunState"] for name, found in runs.items()} == {"works": "SUCCEEDED", "breaks": "FAILED"}
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=5)
    [message] = received["Messages"]
    told = json.loads(json.loads(message["Body"])["Message"])
    assert told == f"breaks FAILED: ValueError: no such file ({runs['breaks']['Id']})"
