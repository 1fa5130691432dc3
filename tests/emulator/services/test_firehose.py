"""Firehose from Kinesis to S3: buffered, partitioned and compressed as its settings say, and nothing lost."""

import base64
import gzip
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator.runtime import server_lifecycle
from tests.support.emulator.callers import make_role

QUERY = '{domain: ({"clicks": "web"}[.dataset] // error("no contract has this dataset")), dataset: .dataset}'
SETTINGS: dict[str, Any] = {
    "Prefix": "!{partitionKeyFromQuery:domain}/!{partitionKeyFromQuery:dataset}/!{timestamp:yyyy}/",
    "ErrorOutputPrefix": "lost/!{firehose:error-output-type}/!{timestamp:yyyy}/",
    "CompressionFormat": "GZIP",
    "FileExtension": ".jsonl.gz",
    "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 64},
    "DynamicPartitioningConfiguration": {"Enabled": True},
    "ProcessingConfiguration": {
        "Enabled": True,
        "Processors": [
            {
                "Type": "MetadataExtraction",
                "Parameters": [
                    {"ParameterName": "MetadataExtractionQuery", "ParameterValue": QUERY},
                    {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"},
                ],
            },
            {
                "Type": "AppendDelimiterToRecord",
                "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}],
            },
        ],
    },
}

Make = Callable[..., "Stream"]


class Stream:
    """A Kinesis stream, the Firehose stream that reads it, and the bucket that it fills."""

    def __init__(self, name: str, server: server_lifecycle.Server, settings: dict[str, Any]) -> None:
        self.name = name
        self.kinesis, self.firehose, self.s3 = (client(server, name) for name in ("kinesis", "firehose", "s3"))
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": server.region})
        self.kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
        role = make_role("delivery", endpoint=server.endpoint)
        arn = self.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
        self.firehose.create_delivery_stream(
            DeliveryStreamName=name,
            DeliveryStreamType="KinesisStreamAsSource",
            KinesisStreamSourceConfiguration={"KinesisStreamARN": arn, "RoleARN": role},
            ExtendedS3DestinationConfiguration={"BucketARN": f"arn:aws:s3:::{name}", "RoleARN": role} | settings,
        )

    def put(self, *records: bytes) -> None:
        for first in range(0, len(records), 500):
            entries = [
                {"Data": record, "PartitionKey": str(n)} for n, record in enumerate(records[first : first + 500])
            ]
            self.kinesis.put_records(StreamName=self.name, Records=entries)

    def objects(self, *, at_least: int, within: float = 10) -> dict[str, bytes]:
        """What was delivered, by key, when there is so much or when the time is over."""
        deadline = time.monotonic() + within
        while True:
            keys = [item["Key"] for item in self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])]
            if len(keys) >= at_least or time.monotonic() > deadline:
                return {key: self.s3.get_object(Bucket=self.name, Key=key)["Body"].read() for key in keys}
            time.sleep(0.05)


def client(server: server_lifecycle.Server, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=server.endpoint,
        region_name=server.region,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
    )


@pytest.fixture
def stream(aws: server_lifecycle.Server) -> Iterator[Make]:
    made: list[Stream] = []

    def make(**settings: Any) -> Stream:
        made.append(Stream(f"clicks-{uuid4()}", aws, SETTINGS | settings))
        return made[-1]

    yield make
    for item in made:
        item.firehose.delete_delivery_stream(DeliveryStreamName=item.name)
        item.kinesis.delete_stream(StreamName=item.name)


def event(number: int, dataset: str = "clicks", **fields: object) -> bytes:
    return json.dumps({"dataset": dataset, "number": number, **fields}).encode()


def test_many_events_are_one_compressed_object_under_their_dataset(stream: Make) -> None:
    clicks, sent = stream(), [event(number) for number in range(1200)]
    clicks.put(*sent)
    ((key, body),) = clicks.objects(at_least=1).items()
    assert key.startswith(time.strftime("web/clicks/%Y/", time.gmtime()))
    assert key.endswith(".jsonl.gz")
    assert gzip.decompress(body) == b"".join(record + b"\n" for record in sent)


@pytest.mark.parametrize("record", [event(1, "unheard_of"), b'{"number": 1}', b"no json", b"[]", event(1) * 2])
def test_an_event_that_belongs_nowhere_is_kept_under_the_error_prefix(stream: Make, record: bytes) -> None:
    clicks = stream()
    clicks.put(record)
    ((key, body),) = clicks.objects(at_least=1).items()
    assert key.startswith("lost/processing-failed/")
    document = json.loads(gzip.decompress(body))
    assert base64.b64decode(document["rawData"]) == record
    assert document["errorMessage"]


def test_an_event_that_belongs_nowhere_holds_up_no_other(stream: Make) -> None:
    clicks = stream()
    clicks.put(event(1), b"no json", event(2))
    delivered = clicks.objects(at_least=2)
    (good,) = (body for key, body in delivered.items() if key.startswith("web/clicks/"))
    assert gzip.decompress(good) == event(1) + b"\n" + event(2) + b"\n"
    assert len(delivered) == 2


def test_an_object_is_written_at_the_size_at_the_latest(stream: Make) -> None:
    clicks = stream(BufferingHints={"IntervalInSeconds": 900, "SizeInMBs": 1})
    padding = "x" * 1000
    until, sent = time.monotonic() + 10, 0
    while not clicks.objects(at_least=1, within=0) and time.monotonic() < until:
        clicks.put(*(event(sent + number, padding=padding) for number in range(100)))
        sent += 100
    first = next(iter(clicks.objects(at_least=1).values()))
    assert len(gzip.decompress(first)) >= 1 << 20
    assert sent > 1000


def test_an_object_is_written_after_the_interval_while_events_still_come(stream: Make) -> None:
    clicks, begun, sent = stream(BufferingHints={"IntervalInSeconds": 2, "SizeInMBs": 64}), time.monotonic(), 0
    while not clicks.objects(at_least=1, within=0):
        clicks.put(event(sent))
        sent += 1
        time.sleep(0.1)
        assert time.monotonic() - begun < 10
    assert time.monotonic() - begun >= 2
    (body,) = clicks.objects(at_least=1).values()
    assert len(gzip.decompress(body).splitlines()) > 10


def test_without_partitioning_and_processors_records_stand_side_by_side(stream: Make) -> None:
    plain = stream(
        Prefix="plain/!{timestamp:yyyy}/",
        CompressionFormat="UNCOMPRESSED",
        FileExtension="",
        DynamicPartitioningConfiguration={"Enabled": False},
        ProcessingConfiguration={"Enabled": False},
    )
    plain.put(b"\x00a", b"b")
    assert list(plain.objects(at_least=1).values()) == [b"\x00ab"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [("CompressionFormat", "Snappy"), ("DataFormatConversionConfiguration", {"Enabled": True})],
)
def test_a_setting_that_nothing_obeys_is_refused_by_name(stream: Make, setting: str, value: object) -> None:
    with pytest.raises(ClientError, match=rf"does not (support|convert).*({setting}|{value})"):
        stream(**{setting: value})


def test_what_waits_in_a_buffer_survives_kill_9(aws: server_lifecycle.Server, tmp_path: Any) -> None:
    root = tmp_path / "root"
    try:
        clicks = Stream("clicks", server_lifecycle.up(root), SETTINGS)
        clicks.s3.delete_bucket(Bucket="clicks")  # nothing can be delivered
        clicks.put(event(1), event(2))
        time.sleep(2)
        server = server_lifecycle.status(root)
        assert server is not None
        os.kill(server.pid, signal.SIGKILL)
        while not server_lifecycle.crashed(root):
            time.sleep(0.01)
        again = server_lifecycle.up(root)
        clicks.s3.create_bucket(Bucket="clicks", CreateBucketConfiguration={"LocationConstraint": again.region})
        (body,) = clicks.objects(at_least=1).values()
        assert sorted(gzip.decompress(body).splitlines()) == [event(1), event(2)]
    finally:
        server_lifecycle.down(root)
