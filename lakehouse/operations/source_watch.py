"""The watch of source databases: a Lambda function that publishes which datasets their tables do not reach.

A table that is suspended sends nothing, so no job runs that could notice it. In Lambda only boto3 is installed, so this
module and all its imports need nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict

import boto3

from lakehouse.contracts.model import Contract, Ingest, Source
from lakehouse.names import Names
from lakehouse.operations.replications import History, blockages
from lakehouse.settings import names_of

SOURCE_BLOCKED = "SourceBlocked"
"""Metric of a dataset: 1 if DMS does not replicate its table, else 0."""

MOST_DATA = 500
"""Most values of one request (CloudWatch API reference, PutMetricData, allows 1,000)."""


class WatchInput(TypedDict):
    """A dataset in the input of the watch: where DMS replicates it from."""

    dataset: str
    ingest: str
    source: str
    type: str
    schema: str
    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """The parts of a contract that `replications.blockages` reads."""

    dataset: str
    ingest: Ingest
    source: Source
    source_columns: frozenset[str] = frozenset()


def watch_input(contract: Contract) -> WatchInput:
    """Return the input of the watch for a dataset of a source database."""
    source = contract.source
    return WatchInput(
        dataset=contract.dataset,
        ingest=str(contract.ingest),
        source=source.name,
        type=source.type,
        schema=source.schema or "",
        table=source.table or "",
    )


def handler(event: Mapping[str, Any], context: object) -> list[str]:
    """Publish the metric `SourceBlocked` of each dataset of an event; the entry point of the Lambda function.

    Args:
        event: `environment`, and `datasets` as a list of `WatchInput`.
        context: context of Lambda; not used.

    Returns:
        The datasets that are blocked.
    """
    return publish(event["datasets"], names=names_of(event["environment"]))


def publish(datasets: Iterable[WatchInput], *, names: Names) -> list[str]:
    """Publish 1 for each dataset whose table is not replicated, and 0 for the others; return the former."""
    watched = [
        _Watched(
            dataset=one["dataset"],
            ingest=Ingest(one["ingest"]),
            source=Source(
                name=one["source"], type=one["type"], format="parquet", schema=one["schema"], table=one["table"]
            ),
        )
        for one in datasets
    ]
    # Events that a reconciliation resolves are in `lakehouse status`; here only what needs DMS to be started counts.
    now = datetime.now(UTC)
    known = {one.dataset: History(reconciled=now, ddls=2**63) for one in watched}
    found = blockages(watched, names=names, histories=known)
    for dataset, blockage in found.items():
        print(f"{dataset}: {blockage}")  # noqa: T201 - the log of the function
    data: list[Any] = [
        {
            "MetricName": SOURCE_BLOCKED,
            "Unit": "Count",
            "Value": int(one.dataset in found),
            "Timestamp": now,
            "Dimensions": [{"Name": "Dataset", "Value": one.dataset}],
        }
        for one in watched
    ]
    cloudwatch = boto3.client("cloudwatch")
    for first in range(0, len(data), MOST_DATA):
        cloudwatch.put_metric_data(Namespace=names.metric_namespace, MetricData=data[first : first + MOST_DATA])
    return sorted(found)
