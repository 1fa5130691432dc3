"""Alarms on datasets, from their contracts: rejected records, gates that hold, and data that is older than promised."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from aws_cdk.aws_cloudwatch import Stats, TreatMissingData

from lakehouse.contracts.model import Contract
from lakehouse.moves.metrics import Metric, dimensions
from lakehouse.names import Names, Urgency, Zone
from stacks.observability.alarms import DAY_SECONDS, LONGEST_WINDOW_DAYS, MINUTES, Alarm
from stacks.settings import Settings


def dataset_alarms(contract: Contract, *, names: Names, settings: Settings) -> Iterator[Alarm]:
    """Alarms of one dataset; that on freshness exists if its contract promises it."""
    yield _rejected(contract, names=names, settings=settings)
    yield _blocked(contract, names=names)
    if contract.freshness is not None:
        yield _freshness(contract, promised=contract.freshness, names=names)


def _rejected(contract: Contract, *, names: Names, settings: Settings) -> Alarm:
    dataset, environment, limit = contract.dataset, names.environment, settings.alerts.rejected_percent
    return Alarm(
        of=dataset,
        subject="rejected",
        namespace=names.metric_namespace,
        metric=Metric.REJECTED_PERCENT,
        dimensions=dimensions(Metric.REJECTED_PERCENT, dataset=dataset),
        statistic=Stats.MAXIMUM,
        threshold=limit,
        # The state is that of the last batch, however long ago it came.
        missing=TreatMissingData.IGNORE,
        urgency=Urgency.WARNING,
        text=(
            f"More than {limit:g} % of the records of the last batch of {contract.domain}/{dataset} break its "
            f"contract. Nothing is lost: raw keeps each of them with its reasons, the others went on. "
            f"Look: lakehouse quarantine {dataset} --env {environment}. "
            f"Is the source wrong, tell its owner{f' ({contract.owner})' if contract.owner else ''}. "
            f"Is the contract, correct it, then: lakehouse tables apply --env {environment}; "
            f"lakehouse replay {dataset} --env {environment}."
        ),
    )


def _blocked(contract: Contract, *, names: Names) -> Alarm:
    dataset, environment = contract.dataset, names.environment
    return Alarm(
        of=dataset,
        subject="blocked",
        namespace=names.metric_namespace,
        metric=Metric.BLOCKED,
        dimensions=dimensions(Metric.BLOCKED, dataset=dataset),
        statistic=Stats.MAXIMUM,
        threshold=0,
        # The state is that of the last move, however long ago it was.
        missing=TreatMissingData.IGNORE,
        urgency=Urgency.CRITICAL,
        text=(
            f"A quality rule of {contract.domain}/{dataset} did not pass, so its gate holds a batch in raw, or what "
            f"depends on the dataset. Readers see the state before; none is lost. "
            f"Which rule, what it measured and which batch: lakehouse run {dataset} --env {environment} says it, and "
            f"ops.quality_results has it. Mend the source or the contract "
            f"(lakehouse tables apply --env {environment}), then: lakehouse rerun {dataset} BATCH --env {environment}."
        ),
    )


def _freshness(contract: Contract, *, promised: timedelta, names: Names) -> Alarm:
    dataset, environment = contract.dataset, names.environment
    window = window_of(promised)
    return Alarm(
        of=dataset,
        subject="freshness",
        namespace=names.metric_namespace,
        metric=Metric.DATA_AGE,
        dimensions=dimensions(Metric.DATA_AGE, dataset=dataset),
        statistic=Stats.MINIMUM,
        threshold=promised.total_seconds(),
        missing=window.missing,
        urgency=Urgency.CRITICAL,
        period_seconds=window.period_seconds,
        periods=window.periods,
        text=(
            f"The contract of {contract.domain}/{dataset} promises data that is at most {_words(promised)} old, and "
            f"none that new has reached integration for as long. Readers see old data; none is lost. "
            f"1. Other alarms of this source or of failed jobs come first. "
            f"2. Does data wait? lakehouse run {dataset} --env {environment} moves it and says what fails. "
            f"3. Nothing waits: the source sends nothing. Look for its newest object: "
            f"aws s3 ls --recursive s3://{names.bucket(Zone.STAGE)}/{contract.stage_prefix} "
            f"Quiet by nature (nights, holidays)? Then the contract promises too much."
        ),
    )


class Window(NamedTuple):
    """How far an alarm on freshness looks back, and what no data in a period means."""

    period_seconds: int
    periods: int
    missing: TreatMissingData


def window_of(promised: timedelta) -> Window:
    """The window for a promise: as long as it is, for data must come within it or be missed.

    CloudWatch looks back seven days at most, and one day in periods of less than an hour (API reference,
    PutMetricAlarm). For a longer promise the alarm only judges data when it comes.
    """
    if promised > timedelta(days=LONGEST_WINDOW_DAYS):
        return Window(5 * MINUTES, 1, TreatMissingData.IGNORE)
    seconds = int(promised.total_seconds())
    period = max(MINUTES, seconds // 5 // MINUTES * MINUTES)
    return Window(period, max(1, seconds // period), TreatMissingData.BREACHING)


def _words(promised: timedelta) -> str:
    """A duration in its largest whole unit: `15 minutes`."""
    seconds = int(promised.total_seconds())
    for unit, of in (("days", DAY_SECONDS), ("hours", 60 * MINUTES), ("minutes", MINUTES)):
        if seconds % of == 0:
            return f"{seconds // of} {unit}"
    return f"{seconds} seconds"
