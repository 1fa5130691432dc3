"""Alarms on what all datasets share: the queue of arrivals, Athena, metrics, Airflow."""

from collections.abc import Iterator

from aws_cdk.aws_cloudwatch import ComparisonOperator, Stats, TreatMissingData

from lakehouse.lineage.endpoint import UNSENT, UNSENT_LOG
from lakehouse.moves.metrics import UNPUBLISHED, UNPUBLISHED_LOG
from lakehouse.names import Names, Urgency
from stacks.observability.alarms import DAY_SECONDS, MINUTES, Alarm
from stacks.settings import Settings


def platform_alarms(*, names: Names, settings: Settings) -> Iterator[Alarm]:
    """Alarms of what every deployment has, and of its engine."""
    yield _dead_letters(names)
    yield _scanned(names=names, settings=settings)
    yield _unpublished(names)
    if settings.lineage_endpoint:
        yield _unsent(names, settings.lineage_endpoint)
    if settings.orchestration.engine == "mwaa":
        yield _heartbeat(names)


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
    return _in_the_log(
        names,
        of="jobs",
        subject="unpublished",
        metric=UNPUBLISHED,
        text=(
            f"Jobs could not publish metrics: alarms on rejected records and freshness, and the dashboards, lack them. "
            f"The data is in its tables, and the counts are in {names.ops_database}.batches. Look for "
            f"'{UNPUBLISHED_LOG}' in the logs under {names.job_log_prefix}: the line names CloudWatch's error."
        ),
    )


def _unsent(names: Names, endpoint: str) -> Alarm:
    return _in_the_log(
        names,
        of="lineage",
        subject="unsent",
        metric=UNSENT,
        text=(
            f"Jobs or dbt could not send lineage events to {endpoint}, which lacks them. They are in "
            f"{names.ops_database}.lineage, and lakehouse lineage shows them. Look for '{UNSENT_LOG}' in the logs "
            f"under {names.log_prefix}: the line says what the endpoint answered."
        ),
    )


def _in_the_log(names: Names, *, of: str, subject: str, metric: str, text: str) -> Alarm:
    """What metric filters find in the logs within an hour."""
    return Alarm(
        of=of,
        subject=subject,
        namespace=names.metric_namespace,
        metric=metric,
        dimensions={},
        statistic=Stats.SUM,
        threshold=0,
        period_seconds=60 * MINUTES,
        # A filter counts only what it finds.
        missing=TreatMissingData.NOT_BREACHING,
        urgency=Urgency.WARNING,
        text=text,
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
