"""Alarms on what all datasets share: the queue of arrivals, Athena, metrics, lineage, Airflow."""

from collections.abc import Iterator

from lakehouse.lineage.endpoint import UNSENT, UNSENT_LOG
from lakehouse.moves.metrics import UNPUBLISHED, UNPUBLISHED_LOG
from lakehouse.names import Names, Urgency
from stacks.settings import Settings
from stacks.shared.alarms import DAY_SECONDS, MINUTES, Alarm, Comparison, Measure, Missing, Statistic


def platform_alarms(*, names: Names, settings: Settings) -> Iterator[Alarm]:
    """Yield the alarms that every deployment has, and those of its engine."""
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
        metric=Measure(
            namespace="AWS/SQS",
            name="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": queue},
            statistic=Statistic.MAXIMUM,
        ),
        threshold=0,
        # SQS publishes nothing for a queue without requests for six hours, whether it is full or empty.
        missing=Missing.IGNORE,
        urgency=Urgency.WARNING,
        text=(
            f"Messages about files in stage could not be processed. The queue {queue} keeps them for two weeks. The "
            f"files are in stage, and the next run of their datasets reads them. "
            f"1. If the data is urgent, run as operator: lakehouse run --env {names.environment}. "
            f"2. Read the messages in the queue and fix the cause. "
            f"3. Move the messages back: aws sqs start-message-move-task."
        ),
    )


def _scanned(*, names: Names, settings: Settings) -> Alarm:
    gib = settings.alerts.scanned_gib_a_day
    return Alarm(
        of="athena",
        subject="scanned",
        metric=Measure(
            namespace="AWS/Athena",
            name="ProcessedBytes",
            dimensions={"WorkGroup": names.workgroup},
            statistic=Statistic.SUM,
        ),
        threshold=gib * 2**30,
        period_seconds=DAY_SECONDS,
        # Without queries nothing is scanned.
        missing=Missing.NOT_BREACHING,
        urgency=Urgency.WARNING,
        text=(
            f"Queries in workgroup {names.workgroup} scanned more than {gib:,} GiB within a day. A TiB costs about 5 "
            f"USD. Nothing is broken. "
            f"1. Find the queries: aws athena list-query-executions --work-group {names.workgroup}. The CloudTrail log "
            f"has their users. "
            f"2. The usual cause is a report without the partition column in WHERE, or a scheduled SELECT *. Contact "
            f"its owner."
        ),
    )


def _unpublished(names: Names) -> Alarm:
    return _log_alarm(
        names,
        of="jobs",
        subject="unpublished",
        metric=UNPUBLISHED,
        text=(
            f"A job could not publish its metrics. The dashboards and the alarms on rejected records and freshness do "
            f"not have them. The data is in its tables, and the counts are in {names.ops_database}.batches. "
            f"Search for '{UNPUBLISHED_LOG}' in the logs under {names.job_log_prefix}: the line has CloudWatch's "
            f"error."
        ),
    )


def _unsent(names: Names, endpoint: str) -> Alarm:
    return _log_alarm(
        names,
        of="lineage",
        subject="unsent",
        metric=UNSENT,
        text=(
            f"A job or dbt could not send lineage events to {endpoint}. Nothing is lost: {names.ops_database}.lineage "
            f"has the events; lakehouse lineage --env {names.environment} shows them to operators. "
            f"Search for '{UNSENT_LOG}' in the logs under {names.log_prefix}: the line has the endpoint's answer."
        ),
    )


def _log_alarm(names: Names, *, of: str, subject: str, metric: str, text: str) -> Alarm:
    """Return an alarm on log lines that a metric filter has counted within an hour."""
    return Alarm(
        of=of,
        subject=subject,
        metric=Measure(namespace=names.metric_namespace, name=metric, dimensions={}, statistic=Statistic.SUM),
        threshold=0,
        period_seconds=60 * MINUTES,
        # A metric filter publishes nothing if no line matches.
        missing=Missing.NOT_BREACHING,
        urgency=Urgency.WARNING,
        text=text,
    )


def _heartbeat(names: Names) -> Alarm:
    return Alarm(
        of="airflow",
        subject="heartbeat",
        metric=Measure(
            namespace="AmazonMWAA",
            name="SchedulerHeartbeat",
            dimensions={"Function": "Scheduler", "Environment": names.airflow},
            statistic=Statistic.SUM,
        ),
        threshold=1,
        comparison=Comparison.LESS,
        periods=3,
        # A scheduler that does not run publishes nothing.
        missing=Missing.BREACHING,
        urgency=Urgency.CRITICAL,
        text=(
            f"The scheduler of Airflow environment {names.airflow} has sent no heartbeat for 15 minutes. It starts "
            f"nothing. MWAA normally restarts the scheduler within minutes. "
            f"1. If it has not, check the scheduler's log and the state of the environment in the MWAA console. An "
            f"update in progress explains the silence. "
            f"2. Until the scheduler is back, run as operator: lakehouse run --env {names.environment}."
        ),
    )
