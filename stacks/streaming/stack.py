"""Streaming: Firehose delivers events of Kinesis sources to stage."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_kms as kms
from constructs import Construct

from lakehouse.contracts.model import Contract
from lakehouse.names import Names
from stacks.settings import Settings
from stacks.stack import LakehouseStack
from stacks.streaming.event_stream import EventStream


class Streaming(LakehouseStack):
    """A Kinesis stream for each source, with its delivery to stage.

    Args:
        sources: contracts of each source, by the source's name.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        names: Names,
        settings: Settings,
        key: kms.IKey,
        sources: Mapping[str, Sequence[Contract]],
    ) -> None:
        super().__init__(scope, "streaming", names=names, description="Delivery of events from streams to stage")
        for source, contracts in sources.items():
            EventStream(self, source, contracts=contracts, settings=settings, key=key)
