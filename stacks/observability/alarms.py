"""The parts of a CloudWatch alarm, so that the modules with alarms contain only what differs between alarms."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk.aws_cloudwatch import ComparisonOperator, TreatMissingData

from lakehouse.moves.metrics import Metric, dimensions
from lakehouse.names import Move, Names, Urgency
from stacks.stack import LakehouseStack

MINUTES = 60
DAY_SECONDS = 24 * 60 * MINUTES
LONGEST_WINDOW_DAYS = 7
"""CloudWatch's limit for the time that an alarm evaluates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One CloudWatch alarm.

    Attributes:
        of: the watched dataset, source or part of the platform.
        subject: what is watched of it, in one word.
        metric: the metric, with its statistic.
        threshold: the alarm fires when all periods in a row are above it.
        missing: how a period without data counts; the reason is next to the definition of the alarm.
        urgency: how soon somebody has to act.
        text: what happened, how to check it, and what to run, for a reader at 3 a.m.
        period_seconds: length of one period.
        periods: number of periods in a row.
        comparison: how values are compared with the threshold.
    """

    of: str
    subject: str
    metric: cloudwatch.Metric
    threshold: float
    missing: TreatMissingData
    urgency: Urgency
    text: str
    period_seconds: int = 5 * MINUTES
    periods: int = 1
    comparison: ComparisonOperator = ComparisonOperator.GREATER_THAN_THRESHOLD


def dataset_metric(
    names: Names, metric: Metric, *, dataset: str, statistic: str, move: Move | None = None, label: str | None = None
) -> cloudwatch.Metric:
    """Return a metric that the jobs publish for a dataset, or for one of its moves if the metric `is_by_move`."""
    return cloudwatch.Metric(
        namespace=names.metric_namespace,
        metric_name=metric,
        dimensions_map=dimensions(metric, dataset=dataset, move=move),
        statistic=statistic,
        label=label,
    )


def add_alarm(stack: LakehouseStack, alarm: Alarm, *, topics: Mapping[Urgency, sns.ITopic]) -> cloudwatch.Alarm:
    """Add an alarm to a stack; it notifies the topic of its urgency when it begins and when it is over."""
    resource = cloudwatch.Alarm(
        stack,
        f"{alarm.of}-{alarm.subject}",
        alarm_name=stack.names.alarm(alarm.subject, of=alarm.of),
        alarm_description=alarm.text,
        metric=alarm.metric.with_(period=Duration.seconds(alarm.period_seconds)),
        threshold=alarm.threshold,
        comparison_operator=alarm.comparison,
        evaluation_periods=alarm.periods,
        treat_missing_data=alarm.missing,
    )
    action = actions.SnsAction(topics[alarm.urgency])
    resource.add_alarm_action(action)
    resource.add_ok_action(action)
    return resource
