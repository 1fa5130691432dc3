"""The parts of a CloudWatch alarm, so that the modules with alarms contain only what differs between alarms.

Alarms are CloudFormation resources as they are: the CDK's own class costs ten times the time at a synth, and a thousand
datasets have four thousand alarms.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from lakehouse.moves.metrics import Metric, dimensions
from lakehouse.names import Move, Names, Urgency
from stacks.stack import LakehouseStack

MINUTES = 60
DAY_SECONDS = 24 * 60 * MINUTES
LONGEST_WINDOW_DAYS = 7
"""CloudWatch's limit for the time that an alarm evaluates."""


class Statistic(StrEnum):
    """How the values of a period become one."""

    MAXIMUM = "Maximum"
    MINIMUM = "Minimum"
    SUM = "Sum"


class Missing(StrEnum):
    """How a period without data counts."""

    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"
    IGNORE = "ignore"
    MISSING = "missing"


class Comparison(StrEnum):
    """How a value is compared with the threshold."""

    GREATER = "GreaterThanThreshold"
    LESS = "LessThanThreshold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A metric with its statistic.

    Attributes:
        namespace: namespace of the metric.
        name: name of the metric.
        dimensions: dimensions of the metric.
        statistic: statistic of each period.
    """

    namespace: str
    name: str
    statistic: Statistic
    dimensions: Mapping[str, str]


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
    metric: Measure
    threshold: float
    missing: Missing
    urgency: Urgency
    text: str
    period_seconds: int = 5 * MINUTES
    periods: int = 1
    comparison: Comparison = Comparison.GREATER


def dataset_metric(
    names: Names, metric: Metric, *, dataset: str, statistic: Statistic, move: Move | None = None
) -> Measure:
    """Return a metric that the jobs publish for a dataset, or for one of its moves if the metric `is_by_move`."""
    return Measure(
        namespace=names.metric_namespace,
        name=metric,
        dimensions=dimensions(metric, dataset=dataset, move=move),
        statistic=statistic,
    )


def add_alarm(stack: LakehouseStack, alarm: Alarm, *, topics: Mapping[Urgency, str]) -> None:
    """Add an alarm to a stack; it notifies the topic of its urgency when it begins and when it is over.

    Args:
        stack: the stack.
        alarm: the alarm.
        topics: ARN of the topic of each urgency.
    """
    topic = topics[alarm.urgency]
    cloudwatch.CfnAlarm(
        Construct(stack, f"{alarm.of}-{alarm.subject}"),
        "Resource",
        alarm_name=stack.names.alarm(alarm.subject, of=alarm.of),
        alarm_description=alarm.text,
        namespace=alarm.metric.namespace,
        metric_name=alarm.metric.name,
        dimensions=[{"name": name, "value": value} for name, value in alarm.metric.dimensions.items()] or None,
        statistic=alarm.metric.statistic,
        period=alarm.period_seconds,
        threshold=alarm.threshold,
        comparison_operator=alarm.comparison,
        evaluation_periods=alarm.periods,
        treat_missing_data=alarm.missing,
        alarm_actions=[topic],
        ok_actions=[topic],
    )


def alarm_arn(stack: LakehouseStack, alarm: Alarm) -> str:
    """Return the ARN of an alarm."""
    return stack.arn("cloudwatch", resource=f"alarm:{stack.names.alarm(alarm.subject, of=alarm.of)}")


def line(measure: Measure, *, label: str, period_seconds: int = 5 * MINUTES) -> list[Any]:
    """Return a metric as the body of a dashboard writes it."""
    pairs = [part for pair in measure.dimensions.items() for part in pair]
    options = {"label": label, "period": period_seconds, "stat": measure.statistic}
    return [measure.namespace, measure.name, *pairs, options]
