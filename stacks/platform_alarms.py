"""Alarms on what carries the data, where that exists: DMS, Kinesis, Firehose, queues, Athena, Airflow."""

from collections.abc import Iterable, Iterator, Sequence

from aws_cdk.aws_cloudwatch import ComparisonOperator, Stats, TreatMissingData

from lakehouse.contract import Contract
from lakehouse.metrics import UNPUBLISHED, UNPUBLISHED_LOG
from lakehouse.names import Names, Urgency
from stacks.alarms import DAY_SECONDS, MINUTES, Alarm
from stacks.settings import Settings


def platform_alarms(contracts: Sequence[Contract], *, names: Names, settings: Settings) -> Iterator[Alarm]:
    """Alarms of all parts of the platform that the contracts and settings ask for; see `replication_alarms` for DMS."""
    for source in sorted({contract.source.name for contract in contracts if contract.source.type == "kinesis"}):
        yield _unread(source, names=names, settings=settings)
        yield _undelivered(source, names.delivery(source=source), names=names, settings=settings)
    if settings.streaming.kafka:
        for dataset in sorted(contract.dataset for contract in contracts if contract.source.type == "kafka"):
            yield _undelivered(dataset, names.topic_delivery(dataset=dataset), names=names, settings=settings)
    yield _dead_letters(names)
    yield _scanned(names=names, settings=settings)
    yield _unpublished(names)
    if settings.orchestration.engine == "mwaa":
        yield _heartbeat(names)


def replication_alarms(source: str, resource: str, *, names: Names, settings: Settings) -> Iterable[Alarm]:
    """Alarms on how far a source database's replication is behind.

    Args:
        source: the source's name.
        resource: `<account>:<last part of its ARN>`, by which DMS Serverless names it in its metrics.
        names: names of the deployment.
        settings: says how late is too late.
    """
    minutes = settings.alerts.replication_lag_minutes
    sides = {
        "CDCLatencySource": "reading the source's log",
        "CDCLatencyTarget": "writing files to stage",
    }
    return [
        Alarm(
            of=source,
            subject=f"{metric.removeprefix('CDCLatency').lower()}-latency",
            namespace="AWS/DMS",
            metric=metric,
            dimensions={"ReplicationConfigId": resource},
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
                f"slot holds back all of it. Look at CapacityUtilization and at the log of "
                f"{names.replication(source=source)} in the DMS console. At its limit: raise replication.units. A long "
                f"transaction in the source: wait for it or end it. Stopped: start it with resume-processing."
            ),
        )
        for metric, doing in sides.items()
    ]


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


def _dead_letters(names: Names) -> Alarm:
    queue = names.arrivals_dead_letters
    return Alarm(
        of="arrivals",
        subject="dead-letters",
        namespace="AWS/SQS",
        metric="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": queue},
        statistic=Stats.MAXIMUM,
        threshold=0,
        # SQS stops to measure a queue that nobody touches for six hours, full or empty.
        missing=TreatMissingData.IGNORE,
        urgency=Urgency.WARNING,
        text=(
            f"Somebody was told of files in stage and could not take them: their messages are in {queue}, for two "
            f"weeks. The files are in stage and are taken by the dataset's next run; to be quick: lakehouse run --env "
            f"{names.environment}. Then mend what the messages show and move them back: aws sqs "
            "start-message-move-task."
        ),
    )


def _scanned(*, names: Names, settings: Settings) -> Alarm:
    gib = settings.alerts.scanned_gib_a_day
    return Alarm(
        of="athena",
        subject="scanned",
        namespace="AWS/Athena",
        metric="ProcessedBytes",
        dimensions={"WorkGroup": names.workgroup},
        statistic=Stats.SUM,
        threshold=gib * 2**30,
        period_seconds=DAY_SECONDS,
        # Who asks nothing scans nothing.
        missing=TreatMissingData.NOT_BREACHING,
        urgency=Urgency.WARNING,
        text=(
            f"Queries in workgroup {names.workgroup} scanned more than {gib:,} GiB within a day, at about 5 USD a TiB. "
            f"Who and what: aws athena list-query-executions --work-group {names.workgroup}, or the trail. Most often "
            f"a report without its partition column in WHERE, or SELECT * on a schedule. Nothing is broken."
        ),
    )


def _unpublished(names: Names) -> Alarm:
    return Alarm(
        of="jobs",
        subject="unpublished",
        namespace=names.metric_namespace,
        metric=UNPUBLISHED,
        dimensions={},
        statistic=Stats.SUM,
        threshold=0,
        period_seconds=60 * MINUTES,
        # The log's metric filter counts only what it finds.
        missing=TreatMissingData.NOT_BREACHING,
        urgency=Urgency.WARNING,
        text=(
            f"Jobs could not publish metrics: alarms on refused records and freshness, and the dashboards, lack them. "
            f"The data is in its tables, and the counts are in {names.ops_database}.batches. Look for "
            f"'{UNPUBLISHED_LOG}' in the logs under {names.job_log_prefix}: the line names CloudWatch's error."
        ),
    )


def _heartbeat(names: Names) -> Alarm:
    return Alarm(
        of="airflow",
        subject="heartbeat",
        namespace="AmazonMWAA",
        metric="SchedulerHeartbeat",
        dimensions={"Function": "Scheduler", "Environment": names.airflow},
        statistic=Stats.SUM,
        threshold=1,
        comparison=ComparisonOperator.LESS_THAN_THRESHOLD,
        periods=3,
        # A scheduler that is dead says nothing.
        missing=TreatMissingData.BREACHING,
        urgency=Urgency.CRITICAL,
        text=(
            f"The scheduler of Airflow environment {names.airflow} has been silent for 15 minutes: nothing is started. "
            f"MWAA replaces a dead scheduler by itself within minutes. Not yet: look at its scheduler log and the "
            f"environment's state in the MWAA console; an update in progress explains it. Meanwhile: lakehouse run "
            f"--env {names.environment}."
        ),
    )
