"""One source's Kinesis stream and its way to stage: Firehose sorts the events by the dataset that each names."""

import json
from collections.abc import Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from constructs import Construct

from lakehouse.contracts.model import Contract
from stacks.iam.acknowledge import acknowledge
from stacks.settings import Settings
from stacks.shared.delivery import Delivery
from stacks.stack import LakehouseStack

DATASET_FIELD = "dataset"
"""The field of each event that names its dataset."""

READ_ACTIONS = ["kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
# As `Contract.stage_prefix` has it.
PREFIX = "!{partitionKeyFromQuery:domain}/!{partitionKeyFromQuery:dataset}/"


class EventStream(Construct):
    """A Kinesis stream and the Firehose stream that empties it.

    Args:
        source: name of the source, as its contracts write it.
        contracts: the datasets that its events belong to.
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
            reason="The lakehouse's own key, so that what may read the stream is in one key policy and can be revoked.",
        )

        def read_by(role_arn: str) -> dict[str, Any]:
            return {
                "delivery_stream_type": "KinesisStreamAsSource",
                "kinesis_stream_source_configuration": {"kinesisStreamArn": stream.stream_arn, "roleArn": role_arn},
            }

        Delivery(
            stack,
            f"{source}-delivery",
            name=stack.names.delivery(source=source),
            source=read_by,
            reads=[iam.PolicyStatement(actions=READ_ACTIONS, resources=[stream.stream_arn])],
            prefix=PREFIX,
            folders=[contract.stage_prefix for contract in contracts],
            partition_keys=partition_keys(contracts),
            settings=settings,
            key=key,
        )


def partition_keys(contracts: Sequence[Contract]) -> str:
    """The jq object that finds an event's domain and dataset; an event of another dataset is an error.

    Firehose puts events that it finds no keys for under its error prefix, whole and with the reason, so that none
    lands where nobody looks.
    """
    domains = json.dumps({contract.dataset: contract.domain for contract in sorted(contracts, key=_dataset)})
    known = f'({domains}[.{DATASET_FIELD}] // error("no contract has this dataset"))'
    return f"{{domain: {known}, dataset: .{DATASET_FIELD}}}"


def _dataset(contract: Contract) -> str:
    return contract.dataset
