"""From an object in a bucket by EventBridge to a message in SQS, and to the dead letters when nobody can take it."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from emulator.runtime import server_lifecycle
from tests.support.emulator.callers import open_to


def client(service: str) -> Any:
    return boto3.client(service)  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def queue(aws: server_lifecycle.Server) -> Iterator[tuple[str, str]]:
    """URLs of a queue and its dead letters, filled by a rule for a bucket, as stacks/arrivals/stack.py has it."""
    s3, sqs, events = client("s3"), client("sqs"), client("events")
    s3.create_bucket(Bucket="arriving", CreateBucketConfiguration={"LocationConstraint": aws.region})
    s3.put_bucket_notification_configuration(
        Bucket="arriving", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    letters = sqs.create_queue(QueueName="arriving-dead-letters")["QueueUrl"]
    redrive = {"deadLetterTargetArn": arn(sqs, letters), "maxReceiveCount": 2}
    policy = open_to("events", "sqs:SendMessage")
    attributes = {"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "0", "Policy": policy}
    url = sqs.create_queue(QueueName="arriving", Attributes=attributes)["QueueUrl"]
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": ["arriving"]},
            "object": {"key": [{"anything-but": {"prefix": "_undelivered/"}}]},
        },
    }
    events.put_rule(Name="arriving", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="arriving", Targets=[{"Id": "queue", "Arn": arn(sqs, url)}])
    yield url, letters
    events.remove_targets(Rule="arriving", Ids=["queue"])
    events.delete_rule(Name="arriving")


def arn(sqs: Any, url: str) -> str:
    found: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return found


def taken(url: str, *, count: int) -> list[str]:
    """Keys of the objects that so many messages are about, each deleted once it is read."""
    sqs = client("sqs")
    keys: list[str] = []
    while len(keys) < count:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=10).get("Messages", [])
        assert messages, keys
        for message in messages:
            keys.append(json.loads(message["Body"])["detail"]["object"]["key"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return keys


def test_an_object_that_arrives_is_a_message(queue: tuple[str, str]) -> None:
    s3 = client("s3")
    for key in ("_undelivered/web/x", "web/page views/ä.jsonl", "sales/orders/1"):
        s3.put_object(Bucket="arriving", Key=key, Body=b"x")
    upload = s3.create_multipart_upload(Bucket="arriving", Key="big")["UploadId"]
    part = s3.upload_part(Bucket="arriving", Key="big", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    s3.complete_multipart_upload(Bucket="arriving", Key="big", UploadId=upload, MultipartUpload=parts)
    s3.delete_object(Bucket="arriving", Key="sales/orders/1")
    assert sorted(taken(queue[0], count=3)) == ["big", "sales/orders/1", "web/page views/ä.jsonl"]


def test_a_message_that_nobody_takes_is_a_dead_letter(queue: tuple[str, str]) -> None:
    url, letters = queue
    client("s3").put_object(Bucket="arriving", Key="poison", Body=b"x")
    sqs = client("sqs")
    received = 0
    while messages := sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1 if received else 10).get("Messages"):
        received += len(messages)
    assert received == 2
    assert taken(letters, count=1) == ["poison"]
