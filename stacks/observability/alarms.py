"""What an alarm is made of, so that who defines alarms says what they mean and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk.aws_cloudwatch import ComparisonOperator, TreatMissingData

from lakehouse.names import Urgency
from stacks.stack import LakehouseStack

MINUTES = 60
DAY_SECONDS = 24 * 60 * MINUTES
LONGEST_WINDOW_DAYS = 7
"""CloudWatch's limit for what an alarm looks back over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One CloudWatch alarm.

    Args:
        of: what is watched: a dataset, a source, a part of the platform.
        subject: what is watched of it, in one word.
        namespace, metric, dimensions, statistic: the metric as CloudWatch knows it.
        threshold: the alarm is raised when all periods in a row are above it.
        missing: what a period without data means; why stands where the alarm is defined.
        urgency: how soon somebody has to see to it.
        text: what has happened, what that means, and what to do at 3 a.m.
        period_seconds, periods: how far it looks back.
        comparison: with the threshold.
    """

    of: str
    subject: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: str
    threshold: float
    missing: TreatMissingData
    urgency: Urgency
    text: str
    period_seconds: int = 5 * MINUTES
    periods: int = 1
    comparison: ComparisonOperator = ComparisonOperator.GREATER_THAN_THRESHOLD


def add_alarm(stack: LakehouseStack, alarm: Alarm, *, topics: Mapping[Urgency, sns.ITopic]) -> cloudwatch.Alarm:
    """Put an alarm into a stack; its topic is told when it is raised and when it is over."""
    added = cloudwatch.Alarm(
        stack,
        f"{alarm.of}-{alarm.subject}",
        alarm_name=stack.names.alarm(alarm.subject, of=alarm.of),
        alarm_description=alarm.text,
        metric=cloudwatch.Metric(
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            dimensions_map=dict(alarm.dimensions),
            statistic=alarm.statistic,
            period=Duration.seconds(alarm.period_seconds),
        ),
        threshold=alarm.threshold,
        comparison_operator=alarm.comparison,
        evaluation_periods=alarm.periods,
        treat_missing_data=alarm.missing,
    )
    action = actions.SnsAction(topics[alarm.urgency])
    added.add_alarm_action(action)
    added.add_ok_action(action)
    return added
