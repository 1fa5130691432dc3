"""Alarms on datasets, from their contracts: rejected records, blocking gates, old data, tables without replication."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from lakehouse.contracts.model import Contract
from lakehouse.moves.metrics import Metric
from lakehouse.names import Names, Urgency, Zone
from lakehouse.operations.source_watch import SOURCE_BLOCKED
from stacks.settings import Settings
from stacks.shared.alarms import (
    DAY_SECONDS,
    LONGEST_WINDOW_DAYS,
    MINUTES,
    Alarm,
    Measure,
    Missing,
    Statistic,
    dataset_metric,
)


def dataset_alarms(contract: Contract, *, names: Names, settings: Settings) -> Iterator[Alarm]:
    """Yield the alarms of one dataset; the alarm on freshness exists only if the contract promises it."""
    yield _rejected(contract, names=names, settings=settings)
    yield _blocked(contract, names=names)
    if contract.has_versions:
        yield _stale(contract, names=names)
    if contract.freshness is not None:
        yield _freshness(contract, promised=contract.freshness, names=names)
    if contract.source.is_database:
        yield _unreplicated(contract, names=names)


def _rejected(contract: Contract, *, names: Names, settings: Settings) -> Alarm:
    dataset, environment, limit = contract.dataset, names.environment, settings.alerts.rejected_percent
    owner = f" ({contract.owner})" if contract.owner else ""
    return Alarm(
        of=dataset,
        subject="rejected",
        metric=dataset_metric(names, Metric.REJECTED_PERCENT, dataset=dataset, statistic=Statistic.MAXIMUM),
        threshold=limit,
        # The state is that of the last batch, even if it is old.
        missing=Missing.IGNORE,
        urgency=Urgency.WARNING,
        text=(
            f"More than {limit:g} % of the records in the last batch of {contract.domain}/{dataset} were rejected, "
            f"because they break the contract. Nothing is lost: raw keeps each rejected record with its reasons, and "
            f"the accepted records moved on. "
            f"1. Check the records as operator: lakehouse quarantine {dataset} --env {environment}. "
            f"2. If the source data is wrong, contact its owner{owner}. "
            f"3. If the contract is wrong, fix it and run as tables: lakehouse tables apply --env {environment}; "
            f"then as operator: lakehouse replay {dataset} --env {environment}."
        ),
    )


def _blocked(contract: Contract, *, names: Names) -> Alarm:
    dataset, environment = contract.dataset, names.environment
    return Alarm(
        of=dataset,
        subject="blocked",
        metric=dataset_metric(names, Metric.BLOCKED, dataset=dataset, statistic=Statistic.MAXIMUM),
        threshold=0,
        # The state is that of the last move, even if it is old.
        missing=Missing.IGNORE,
        urgency=Urgency.CRITICAL,
        text=(
            f"A quality rule of {contract.domain}/{dataset} failed, so its gate blocks a batch in raw. Readers see "
            f"the last state that passed. Nothing is lost. "
            f"1. Check which rule failed, its value and the batch: as operator, "
            f"lakehouse run {dataset} --env {environment} prints them, and ops.quality_results has them. "
            f"2. Fix the source data, or fix the contract and run as tables: "
            f"lakehouse tables apply --env {environment}. "
            f"3. Run as operator: lakehouse rerun {dataset} BATCH --env {environment}."
        ),
    )


def _stale(contract: Contract, *, names: Names) -> Alarm:
    dataset, environment = contract.dataset, names.environment
    return Alarm(
        of=dataset,
        subject="stale",
        metric=dataset_metric(names, Metric.STALE, dataset=dataset, statistic=Statistic.MAXIMUM),
        threshold=0,
        # The state is that of the last move, even if it is old.
        missing=Missing.IGNORE,
        urgency=Urgency.WARNING,
        text=(
            f"Rows of {contract.domain}/{dataset} in integration are older than in the source, or missing, because "
            f"their latest change was rejected. "
            f"1. Check since when, and the records: as operator, lakehouse status {dataset} --env {environment}, then "
            f"lakehouse quarantine {dataset} --env {environment}. "
            f"2. If the contract is wrong, fix it and run as tables: lakehouse tables apply --env {environment}; then "
            f"as operator: lakehouse replay {dataset} --env {environment}. "
            f"3. If the source data is wrong, have it changed there. The accepted change replaces the row and ends "
            f"this alarm."
        ),
    )


def _freshness(contract: Contract, *, promised: timedelta, names: Names) -> Alarm:
    dataset, environment = contract.dataset, names.environment
    window = window_of(promised)
    return Alarm(
        of=dataset,
        subject="freshness",
        metric=dataset_metric(names, Metric.DATA_AGE, dataset=dataset, statistic=Statistic.MINIMUM),
        threshold=promised.total_seconds(),
        missing=window.missing,
        urgency=Urgency.CRITICAL,
        period_seconds=window.period_seconds,
        periods=window.periods,
        text=(
            f"The contract of {contract.domain}/{dataset} promises data that is at most {_duration(promised)} old. For "
            f"that time no such data has reached integration. Readers see old data. Nothing is lost. "
            f"1. Check for other alarms of this source and for failed jobs. Solve those first. "
            f"2. Run as operator: lakehouse run {dataset} --env {environment}. It moves waiting data and prints "
            f"failures. "
            f"3. If nothing waits, the source sends nothing. Check its newest object: "
            f"aws s3 ls --recursive s3://{names.bucket(Zone.STAGE)}/{contract.stage_prefix} "
            f"4. If the source is silent by nature (nights, holidays), the contract promises too much: change its "
            f"freshness."
        ),
    )


def _unreplicated(contract: Contract, *, names: Names) -> Alarm:
    """Return the alarm on a dataset whose table DMS does not replicate."""
    dataset, environment = contract.dataset, names.environment
    replication = names.replication(source=contract.source.name)
    return Alarm(
        of=dataset,
        subject="unreplicated",
        metric=Measure(
            namespace=names.metric_namespace,
            name=SOURCE_BLOCKED,
            dimensions={"Dataset": dataset},
            statistic=Statistic.MINIMUM,
        ),
        threshold=0,
        periods=2,
        # The watch publishes every five minutes: without it the state is unknown.
        missing=Missing.MISSING,
        urgency=Urgency.CRITICAL,
        text=(
            f"DMS does not replicate table {contract.source.schema}.{contract.source.table} of {contract.source.name} "
            f"to {contract.domain}/{dataset}: it is suspended, does not exist, has no replica identity, or the whole "
            f"replication {replication} failed. Readers see old data, and later changes of the table are lost to the "
            f"lakehouse until it is loaded again. "
            f"1. Run as operator: lakehouse status {dataset} --env {environment}. It says what happened, since when, "
            f"and the command that fixes it. "
            f"2. After a reload run: lakehouse reconcile {dataset} --repair --env {environment}."
        ),
    )


class Window(NamedTuple):
    """The time that an alarm on freshness evaluates, and how a period without data counts."""

    period_seconds: int
    periods: int
    missing: Missing


def window_of(promised: timedelta) -> Window:
    """Return the window for a promise: it is as long as the promise, because data has to arrive within it.

    CloudWatch evaluates seven days at most, and one day in periods of less than an hour (API reference,
    PutMetricAlarm). With a longer promise the alarm is evaluated only when data arrives.
    """
    if promised > timedelta(days=LONGEST_WINDOW_DAYS):
        return Window(5 * MINUTES, 1, Missing.IGNORE)
    seconds = int(promised.total_seconds())
    period = max(MINUTES, seconds // 5 // MINUTES * MINUTES)
    return Window(period, max(1, seconds // period), Missing.BREACHING)


def _duration(promised: timedelta) -> str:
    """Return a duration in its largest whole unit, such as `15 minutes`."""
    seconds = int(promised.total_seconds())
    for unit, unit_seconds in (("days", DAY_SECONDS), ("hours", 60 * MINUTES), ("minutes", MINUTES)):
        if seconds % unit_seconds == 0:
            return f"{seconds // unit_seconds} {unit}"
    return f"{seconds} seconds"
