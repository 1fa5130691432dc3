"""The watch of source databases: a Lambda function that publishes which datasets their tables do not reach.

A table that is suspended sends nothing, so no job runs that could notice it. In Lambda only boto3 is installed, so this
module and all its imports need nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3

from lakehouse.contracts import index
from lakehouse.contracts.index import Entry
from lakehouse.contracts.model import Ingest, Source
from lakehouse.names import Names
from lakehouse.operations.replications import History, blockages
from lakehouse.settings import names_of

SOURCE_BLOCKED = "SourceBlocked"
"""Metric of a dataset: 1 if DMS does not replicate its table, else 0."""

MOST_DATA = 500
"""Most values of one request (CloudWatch API reference, PutMetricData, allows 1,000)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """The parts of a contract that `replications.blockages` reads."""

    dataset: str
    ingest: Ingest
    source: Source
    source_columns: frozenset[str] = frozenset()


def handler(event: Mapping[str, Any], context: object) -> list[str]:
    """Publish the metric `SourceBlocked` of each dataset of a database; the entry point of the Lambda function.

    Args:
        event: `environment`.
        context: context of Lambda; not used.

    Returns:
        The datasets that are blocked.
    """
    names = names_of(event["environment"])
    return publish(index.read(boto3.client("s3"), names=names), names=names)


def publish(datasets: Iterable[Entry], *, names: Names) -> list[str]:
    """Publish 1 for each table of a database that is not replicated, and 0 for the others; return the former."""
    candidates = [
        _Watched(
            dataset=one["dataset"],
            ingest=Ingest(one["ingest"]),
            source=Source(
                name=one["source"], type=one["type"], format="parquet", schema=one["schema"], table=one["table"]
            ),
        )
        for one in datasets
    ]
    watched = [one for one in candidates if one.source.is_database]
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
