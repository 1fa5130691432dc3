"""Write and read events in `ops.lineage`, one row each; jobs append with PyIceberg, others insert with Athena."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from lakehouse.lineage.events import EventType, Json
from lakehouse.names import Names, OpsTable
from lakehouse.tables import inserts, rows
from lakehouse.tables.rows import LineageRow

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from pyiceberg.catalog import Catalog


def append(catalog: "Catalog", events: Iterable[Json], *, names: Names, dataset: str) -> None:
    """Append events of a dataset."""
    rows.append(catalog, [_row(event, dataset) for event in events], names=names)


def insert(client: "AthenaClient", events: Mapping[str, Sequence[Json]], *, names: Names) -> None:
    """Insert events, given by table, in dbt's workgroup.

    Raises:
        LakehouseError: Athena refused the statement.
    """
    inserts.insert(
        client,
        [_row(event, dataset) for dataset, dataset_events in events.items() for event in dataset_events],
        names=names,
    )


def latest(catalog: "Catalog", *, names: Names, batches: int) -> list[Json]:
    """Return the events that explain the current tables: the last successful runs of each job.

    Rows are first read without their events, so that the volume does not grow with the whole history.

    Args:
        catalog: Iceberg catalog.
        names: names of the deployment.
        batches: number of last runs of a job that moves batches.
    """
    from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, In, Reference
    from pyiceberg.expressions.literals import literal

    table = catalog.load_table((names.ops_database, OpsTable.LINEAGE))
    ended = EqualTo(term=Reference(name="event_type"), value=literal(str(EventType.COMPLETE)))
    summaries = table.scan(row_filter=ended, selected_fields=("event_time", "job", "run_id", "batch_ids", "outputs"))
    ended_runs = sorted(summaries.to_arrow().to_pylist(), key=lambda row: row["event_time"])
    writers = {row["job"] for row in ended_runs if row["outputs"]}
    last: dict[tuple[str, str], Json] = {}
    for row in ended_runs:
        if row["job"] in writers and not row["outputs"]:
            continue  # its gate blocked it: the table is still what an earlier run made it
        last[row["job"], ",".join(row["batch_ids"] or ())] = row
    by_job: dict[str, list[Json]] = {}
    for (job, _), row in last.items():
        by_job.setdefault(job, []).append(row)
    selected = [row for rows in by_job.values() for row in rows[-batches:]]
    if not selected:
        return []
    keys = {(row["job"], row["run_id"], row["event_time"]) for row in selected}
    since = min(row["event_time"] for row in selected)
    runs = {literal(row["run_id"]) for row in selected}
    candidates = And(
        And(ended, GreaterThanOrEqual(term=Reference(name="event_time"), value=literal(since))),
        In(term=Reference(name="run_id"), values=runs),
    )
    rows = table.scan(row_filter=candidates).to_arrow().to_pylist()
    rows = [row for row in rows if (row["job"], row["run_id"], row["event_time"]) in keys]
    return [json.loads(row["event"]) for row in sorted(rows, key=lambda row: row["event_time"])]


def _row(event: Json, dataset: str) -> LineageRow:
    about = event["run"]["facets"]["lakehouse"]
    return LineageRow(
        event_time=datetime.fromisoformat(event["eventTime"]),
        run_id=about["run_id"],
        job=event["job"]["name"],
        event_type=event["eventType"],
        dataset=dataset,
        batch_ids=about["batch_ids"],
        inputs=_names(event["inputs"]),
        outputs=_names(event["outputs"]),
        event=json.dumps(event, ensure_ascii=False),
    )


def _names(datasets: Iterable[Json]) -> list[str]:
    return [f"{dataset['namespace']}/{dataset['name']}" for dataset in datasets]
