"""Alarms on what brings data to stage, where a contract has such a source: DMS, Kinesis, Firehose."""

from collections.abc import Iterator, Mapping, Sequence

from aws_cdk.aws_cloudwatch import Stats, TreatMissingData

from lakehouse.contracts.model import Contract
from lakehouse.names import Names, Urgency
from stacks.observability.alarms import MINUTES, Alarm
from stacks.settings import Settings


def stream_alarms(contracts: Sequence[Contract], *, names: Names, settings: Settings) -> Iterator[Alarm]:
    """Alarms on the way of each Kinesis source, and of each Kafka topic if this deployment has the cluster."""
    for source in sorted({contract.source.name for contract in contracts if contract.source.type == "kinesis"}):
        yield _unread(source, names=names, settings=settings)
        yield _undelivered(source, names.delivery(source=source), names=names, settings=settings)
    if settings.streaming.kafka:
        for dataset in sorted(contract.dataset for contract in contracts if contract.source.type == "kafka"):
            yield _undelivered(dataset, names.topic_delivery(dataset=dataset), names=names, settings=settings)


def replication_alarms(
    source: str, dimensions: Mapping[str, str], *, names: Names, settings: Settings
) -> Iterator[Alarm]:
    """Alarms on how far a source database's replication is behind.

    Args:
        source: the source's name.
        dimensions: how DMS names the replication in its metrics.
        names: names of the deployment.
        settings: says how late is too late.
    """
    minutes = settings.alerts.replication_lag_minutes
    sides = {
        "CDCLatencySource": "reading the source's log",
        "CDCLatencyTarget": "writing files to stage",
    }
    for metric, doing in sides.items():
        yield Alarm(
            of=source,
            subject=f"{metric.removeprefix('CDCLatency').lower()}-latency",
            namespace="AWS/DMS",
            metric=metric,
            dimensions=dimensions,
            statistic=Stats.MAXIMUM,
            threshold=minutes * MINUTES,
            periods=3,
            # It is silent while it is stopped, on purpose or not: unknown, not well. That it failed is an event, and
            # that no data comes is the datasets' alarm on freshness.
            missing=TreatMissingData.MISSING,
            urgency=Urgency.CRITICAL,
            text=(
                f"DMS is more than {minutes} minutes behind the source database {source} with {doing}. "
                f"Nothing is lost while the source keeps its log, which grows until its disk is full: a PostgreSQL "
                f"slot holds back all of it. Look at the metrics and at the log of {names.replication(source=source)} "
                f"in the DMS console. At its limit: raise replication.units or instance_class. A long transaction in "
                f"the source: wait for it or end it. Stopped: start it with resume-processing."
            ),
        )


def _unread(source: str, *, names: Names, settings: Settings) -> Alarm:
    minutes = settings.alerts.stream_lag_minutes
    return Alarm(
        of=source,
        subject="iterator-age",
        namespace="AWS/Kinesis",
        metric="GetRecords.IteratorAgeMilliseconds",
        dimensions={"StreamName": names.stream(source=source)},
        statistic=Stats.MAXIMUM,
        threshold=minutes * MINUTES * 1000,
        # Firehose asks every second, also when there is nothing: silence is a stream that nobody reads.
        missing=TreatMissingData.BREACHING,
        urgency=Urgency.CRITICAL,
        text=(
            f"The oldest event that Firehose has not read of stream {names.stream(source=source)} is more than "
            f"{minutes} minutes old, or nobody reads it. Events are lost after {settings.streaming.retention_hours} "
            f"hours. Look at the errors in {names.delivery_log_group(delivery=names.delivery(source=source))}: access "
            f"to key, stream or bucket is the usual cause. Need time: aws kinesis increase-stream-retention-period."
        ),
    )


def _undelivered(of: str, delivery: str, *, names: Names, settings: Settings) -> Alarm:
    minutes = settings.alerts.stream_lag_minutes
    return Alarm(
        of=of,
        subject="delivery-age",
        namespace="AWS/Firehose",
        metric="DeliveryToS3.DataFreshness",
        dimensions={"DeliveryStreamName": delivery},
        statistic=Stats.MAXIMUM,
        threshold=settings.streaming.buffer_seconds + minutes * MINUTES,
        # Without events there is nothing to deliver.
        missing=TreatMissingData.NOT_BREACHING,
        urgency=Urgency.CRITICAL,
        text=(
            f"The oldest event that Firehose stream {delivery} has not delivered to stage is more than {minutes} "
            f"minutes older than its buffer allows. Firehose gives up after 24 hours. Look at the errors in "
            f"{names.delivery_log_group(delivery=delivery)}: access to bucket or key is the usual cause, and delivery "
            f"goes on by itself once that is mended."
        ),
    )
