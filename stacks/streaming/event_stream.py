"""Kinesis streams of sources: Firehose delivers the events to stage, sorted by the dataset that each event names."""

import json
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from constructs import Construct

from lakehouse.contracts.model import Contract
from stacks.iam.acknowledge import acknowledge
from stacks.iam.firehose import stream_statements
from stacks.iam.statements import folders_of
from stacks.settings import Settings
from stacks.shared.delivery import Delivery
from stacks.stack import LakehouseStack

DATASET_FIELD = "dataset"
"""The field of each event that names its dataset."""

LONGEST_QUERY = 5_120
"""Firehose API reference, ProcessorParameter: the length of a value."""

PREFIX = "!{partitionKeyFromQuery:domain}/!{partitionKeyFromQuery:dataset}/"
"""Prefix in stage, of the form of `Contract.stage_prefix`."""


class EventStream(Construct):
    """A Kinesis stream and the Firehose stream that delivers it to stage.

    Args:
        source: name of the source, as in its contracts.
        contracts: the datasets of its events.
    """

    def __init__(
        self, stack: LakehouseStack, source: str, *, contracts: Sequence[Contract], settings: Settings, key: kms.IKey
    ) -> None:
        super().__init__(stack, source)
        streaming = settings.streaming
        stream = kinesis.Stream(
            self,
            "Stream",
            stream_name=stack.names.stream(source=source),
            stream_mode=kinesis.StreamMode.PROVISIONED if streaming.shards else kinesis.StreamMode.ON_DEMAND,
            shard_count=streaming.shards,
            retention_period=Duration.hours(streaming.retention_hours),
            encryption=kinesis.StreamEncryption.KMS,
            encryption_key=key,
            removal_policy=settings.removal_policy,
        )
        acknowledge(
            stream,
            "AwsSolutions-KDS3",
            reason="The stream uses the lakehouse's own key, so that access to it can be revoked in one key policy.",
        )

        def delivery_source(role_arn: str) -> dict[str, Any]:
            return {
                "delivery_stream_type": "KinesisStreamAsSource",
                "kinesis_stream_source_configuration": {"kinesisStreamArn": stream.stream_arn, "roleArn": role_arn},
            }

        Delivery(
            stack,
            f"{source}-delivery",
            name=stack.names.delivery(source=source),
            source=delivery_source,
            reads=stream_statements(stream.stream_arn),
            prefix=PREFIX,
            folders=folders_of(contracts),
            partition_keys=partition_keys(contracts),
            settings=settings,
            key=key,
        )


def partition_keys(contracts: Sequence[Contract]) -> str:
    """Return the jq object that finds the domain and dataset of an event; another dataset is an error.

    Firehose writes events without keys under its error prefix, complete and with the reason.

    Raises:
        ValueError: The stream has more datasets than the object can name.
    """
    ordered = sorted(contracts, key=attrgetter("domain", "dataset"))
    datasets = {
        domain: ",".join(contract.dataset for contract in group)
        for domain, group in groupby(ordered, key=attrgetter("domain"))
    }
    found = f'{json.dumps(datasets)}|to_entries[]|select(.value|split(",")|any(.==$d))|.key'
    domain = f'.{DATASET_FIELD} as $d|first({found})//error("no contract has this dataset")'
    query = f"{{domain:({domain}),dataset:.{DATASET_FIELD}}}"
    if len(query) > LONGEST_QUERY:
        raise ValueError(
            f"stream {ordered[0].source.name} has {len(ordered)} datasets, whose names Firehose cannot tell apart in "
            f"{LONGEST_QUERY:,} characters: give some of them another server, which becomes a stream of its own"
        )
    return query
