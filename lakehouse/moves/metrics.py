"""Metrics of the lakehouse: names, units and dimensions, for the jobs, the alarms and the dashboards."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from lakehouse.names import Move, Names

if TYPE_CHECKING:  # stacks import the names without loading Iceberg
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.literals import StandardUnitType
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

    from lakehouse.batches.attempts import Attempt


UNPUBLISHED = "MetricsUnpublished"
"""Attempts whose metrics could not be published to CloudWatch; without dimensions, counted in the jobs' logs."""

UNPUBLISHED_LOG = "metrics were not published"
"""Text that a job logs in this case."""


class Metric(StrEnum):
    """A metric; the value is its name in CloudWatch."""

    RECEIVED = "RecordsReceived"
    ACCEPTED = "RecordsAccepted"
    REJECTED = "RecordsRejected"
    REJECTED_PERCENT = "RecordsRejectedPercent"
    """Rejected records in percent of those received: the rejected-record ratio."""
    CHANGED = "RowsChanged"
    """Rows of the integration table that were inserted, updated or deleted."""
    DATA_AGE = "DataAge"
    """Freshness: time since the newest data that has just reached integration arrived in stage."""
    DURATION = "Duration"
    FAILURES = "Failures"
    """1 for an attempt that failed, 0 for one that did not."""
    BLOCKED = "GatesBlocked"
    """1 for an attempt whose gate blocks its batches or dataset, 0 for one whose gate passes."""
    UNEXPECTED = "UnexpectedReaderErrors"
    """Rejected records, and rests of objects, that caused an error in a reader that nobody expected: report it."""
    STALE = "RowsStale"
    """Rows of the integration table that are older than in the source, because their latest change was rejected."""

    @property
    def unit(self) -> "StandardUnitType":
        """CloudWatch's unit of the values."""
        return _UNITS.get(self, "Count")

    @property
    def is_by_move(self) -> bool:
        """Whether each move of a dataset has its own values."""
        return self in (Metric.DURATION, Metric.FAILURES)


_UNITS: "dict[Metric, StandardUnitType]" = {
    Metric.REJECTED_PERCENT: "Percent",
    Metric.DATA_AGE: "Seconds",
    Metric.DURATION: "Seconds",
}


def dimensions(metric: Metric, *, dataset: str, move: Move | None = None) -> dict[str, str]:
    """Return the dimensions of a metric.

    Args:
        metric: the metric.
        dataset: the dataset that is measured.
        move: the move that is measured; required for a metric that `is_by_move`, else None.

    Raises:
        ValueError: `move` does not fit the metric.
    """
    if metric.is_by_move != (move is not None):
        raise ValueError(f"{metric} is {'' if metric.is_by_move else 'not '}measured for each move, but move is {move}")
    return {"Dataset": dataset} | ({"Move": move} if move else {})


def publish(
    cloudwatch: "CloudWatchClient",
    attempts: Sequence["Attempt"],
    *,
    names: Names,
    age: timedelta | None,
    stale: int | None = None,
    unexpected: int | None = None,
) -> None:
    """Put the metrics of one attempt on some batches into `names.metric_namespace`.

    Args:
        cloudwatch: CloudWatch client.
        attempts: the attempt on each batch; all began and ended together.
        names: names of the deployment.
        age: time since its newest data arrived in stage; None unless it reached integration.
        stale: number of rows whose latest change was rejected; None if it was not measured.
        unexpected: number of rejected records and parts of objects that caused an unexpected error of a reader; None
            if the attempt read no object.

    Raises:
        botocore.exceptions.ClientError: CloudWatch refused the metrics.
        botocore.exceptions.BotoCoreError: CloudWatch could not be reached.
    """
    values = values_of(attempts, age)
    measured = {Metric.STALE: stale, Metric.UNEXPECTED: unexpected}
    values |= {metric: value for metric, value in measured.items() if value is not None}
    cloudwatch.put_metric_data(Namespace=names.metric_namespace, MetricData=_data(attempts, values))


def values_of(attempts: Iterable["Attempt"], age: timedelta | None) -> dict[Metric, float]:
    """Return the values of the metrics that an attempt on some batches has, without those that it does not count."""
    attempts = list(attempts)
    counts = {
        Metric.RECEIVED: [attempt.received for attempt in attempts],
        Metric.ACCEPTED: [attempt.accepted for attempt in attempts],
        Metric.REJECTED: [attempt.rejected for attempt in attempts],
        Metric.CHANGED: [attempt.changed for attempt in attempts],
    }
    values: dict[Metric, float] = {
        metric: sum(number or 0 for number in numbers)
        for metric, numbers in counts.items()
        if any(number is not None for number in numbers)
    }
    if received := values.get(Metric.RECEIVED):
        values[Metric.REJECTED_PERCENT] = 100 * values[Metric.REJECTED] / received
    values[Metric.DURATION] = (attempts[0].finished_at - attempts[0].started_at).total_seconds()
    values[Metric.FAILURES] = int(attempts[0].error is not None)
    if any(attempt.gate is not None for attempt in attempts):
        values[Metric.BLOCKED] = int(any(attempt.is_blocked for attempt in attempts))
    if age is not None:
        values[Metric.DATA_AGE] = age.total_seconds()
    return values


def _data(attempts: Sequence["Attempt"], values: Mapping[Metric, float]) -> "list[MetricDatumTypeDef]":
    attempt = attempts[0]
    return [
        {
            "MetricName": metric,
            "Unit": metric.unit,
            "Value": value,
            "Timestamp": attempt.finished_at,
            "Dimensions": [
                {"Name": name, "Value": dimension}
                for name, dimension in dimensions(
                    metric, dataset=attempt.dataset, move=attempt.move if metric.is_by_move else None
                ).items()
            ],
        }
        for metric, value in values.items()
    ]
