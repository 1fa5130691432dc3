"""Alarms on DMS, Kinesis and Firehose, which bring data to stage; they exist if a contract has such a source."""

from collections.abc import Iterator, Mapping, Sequence

from lakehouse.contracts.model import Contract
from lakehouse.names import Names, Urgency
from stacks.settings import Settings
from stacks.shared.alarms import MINUTES, Alarm, Measure, Missing, Statistic


def stream_alarms(contracts: Sequence[Contract], *, names: Names, settings: Settings) -> Iterator[Alarm]:
    """Yield the alarms of each Kinesis source, and of each Kafka topic if this deployment has the cluster."""
    for source in sorted({contract.source.name for contract in contracts if contract.source.type == "kinesis"}):
        yield _unread(source, names=names, settings=settings)
        yield _undelivered(source, names.delivery(source=source), names=names, settings=settings)
    if settings.streaming.kafka:
        for dataset in sorted(contract.dataset for contract in contracts if contract.source.type == "kafka"):
            yield _undelivered(dataset, names.topic_delivery(dataset=dataset), names=names, settings=settings)


def replication_alarms(
    source: str, dimensions: Mapping[str, str], *, names: Names, settings: Settings
) -> Iterator[Alarm]:
    """Yield the alarms on the delay of the replication of a source database.

    Args:
        source: name of the source.
        dimensions: the dimensions of the replication in the metrics of DMS.
        names: names of the deployment.
        settings: settings of the environment, with the allowed delay.
    """
    minutes = settings.alerts.replication_lag_minutes
    for metric, activity, cause in (
        (
            "CDCLatencySource",
            "reading the log of the source",
            "If the source has a long transaction, wait for it or end it.",
        ),
        (
            "CDCLatencyTarget",
            "writing files to stage",
            "Check the access of the replication to the stage bucket and to the key.",
        ),
    ):
        yield Alarm(
            of=source,
            subject=f"{metric.removeprefix('CDCLatency').lower()}-latency",
            metric=Measure(namespace="AWS/DMS", name=metric, dimensions=dict(dimensions), statistic=Statistic.MAXIMUM),
            threshold=minutes * MINUTES,
            periods=3,
            # DMS publishes nothing while a replication is stopped: the state is unknown, not OK. A failure is an event,
            # and the alarm on freshness watches missing data.
            missing=Missing.MISSING,
            urgency=Urgency.CRITICAL,
            text=(
                f"DMS is more than {minutes} minutes behind the source database {source} in {activity}. Nothing is "
                f"lost while the source keeps its log. The log grows until the source's disk is full; a PostgreSQL "
                f"replication slot keeps all of it. "
                f"1. Check the metrics and the log of {names.replication(source=source)} in the DMS console. "
                f"2. If the replication is at the limit of its capacity, raise replication.units or "
                f"replication.instance_class. "
                f"3. {cause} "
                f"4. If the replication is stopped, start it with resume-processing."
            ),
        )


def _unread(source: str, *, names: Names, settings: Settings) -> Alarm:
    minutes = settings.alerts.stream_lag_minutes
    return Alarm(
        of=source,
        subject="iterator-age",
        metric=Measure(
            namespace="AWS/Kinesis",
            name="GetRecords.IteratorAgeMilliseconds",
            dimensions={"StreamName": names.stream(source=source)},
            statistic=Statistic.MAXIMUM,
        ),
        threshold=minutes * MINUTES * 1000,
        # Firehose reads every second, even an empty stream: without data nothing reads the stream.
        missing=Missing.BREACHING,
        urgency=Urgency.CRITICAL,
        text=(
            f"The oldest event of stream {names.stream(source=source)} that Firehose has not read is more than "
            f"{minutes} minutes old, or nothing reads the stream. Events are lost after "
            f"{settings.streaming.retention_hours} hours. "
            f"1. Check the errors in the log group {names.delivery_log_group(delivery=names.delivery(source=source))}. "
            f"The usual cause is missing access to the key, the stream or the bucket. "
            f"2. If you need more time, run: aws kinesis increase-stream-retention-period."
        ),
    )


def _undelivered(of: str, delivery: str, *, names: Names, settings: Settings) -> Alarm:
    minutes = settings.alerts.stream_lag_minutes
    return Alarm(
        of=of,
        subject="delivery-age",
        metric=Measure(
            namespace="AWS/Firehose",
            name="DeliveryToS3.DataFreshness",
            dimensions={"DeliveryStreamName": delivery},
            statistic=Statistic.MAXIMUM,
        ),
        threshold=settings.streaming.buffer_seconds + minutes * MINUTES,
        # Without events there is nothing to deliver.
        missing=Missing.NOT_BREACHING,
        urgency=Urgency.CRITICAL,
        text=(
            f"The oldest event that Firehose stream {delivery} has not delivered to stage is more than {minutes} "
            f"minutes older than its buffer allows. Firehose gives up after 24 hours. "
            f"1. Check the errors in the log group {names.delivery_log_group(delivery=delivery)}. The usual cause is "
            f"missing access to the bucket or the key. "
            f"2. Fix the cause. The delivery then continues by itself."
        ),
    )
