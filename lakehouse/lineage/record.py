"""Events in `ops.lineage`, one row each: appended by a job with PyIceberg, by others through Athena."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lakehouse.engine import athena
from lakehouse.lineage.events import EventType, Json
from lakehouse.names import Names, OpsTable
from lakehouse.tables import rows
from lakehouse.tables.rows import LineageRow

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from pyiceberg.catalog import Catalog

STATEMENT_BYTES = 200_000
"""An INSERT is no longer than this; Athena takes 262,144 bytes (Athena user guide, "Service Quotas")."""


def append(catalog: "Catalog", events: Iterable[Json], *, names: Names, dataset: str) -> None:
    """Append events about a dataset."""
    rows.append(catalog, [_row(event, dataset) for event in events], names=names)


def insert(client: "AthenaClient", events: Mapping[str, Sequence[Json]], *, names: Names) -> None:
    """Append events, by the table that they are about, in dbt's workgroup.

    Raises:
        LakehouseError: Athena refused it.
    """
    columns = ", ".join(field.name for field in fields(LineageRow))
    values = [
        f"({', '.join(map(_literal, asdict(_row(event, dataset)).values()))})"
        for dataset, of_dataset in events.items()
        for event in of_dataset
    ]
    for part in _parts(values):
        sql = f"INSERT INTO {names.ops_database}.{OpsTable.LINEAGE} ({columns}) VALUES {', '.join(part)}"  # noqa: S608 - literals
        athena.query(client, sql, names=names, workgroup=names.dbt_workgroup)


def latest(catalog: "Catalog", *, names: Names, batches: int) -> list[Json]:
    """The events that say how each table came to be as it is: the last run of each job that ended well.

    Rows are looked at without their events first, so that the work does not grow with all that was ever recorded.

    Args:
        catalog: Iceberg catalog.
        names: names of the deployment.
        batches: of a job that brings batches, how many of the last runs.
    """
    from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, In, Reference
    from pyiceberg.expressions.literals import literal

    table = catalog.load_table((names.ops_database, OpsTable.LINEAGE))
    ended = EqualTo(term=Reference(name="event_type"), value=literal(str(EventType.COMPLETE)))
    found = table.scan(row_filter=ended, selected_fields=("event_time", "job", "run_id", "batch_ids")).to_arrow()
    wanted: dict[tuple[str, str], Json] = {}
    for row in sorted(found.to_pylist(), key=lambda row: row["event_time"]):
        wanted[row["job"], ",".join(row["batch_ids"] or ())] = row
    of_job: dict[str, list[Json]] = {}
    for (job, _), row in wanted.items():
        of_job.setdefault(job, []).append(row)
    chosen = [row for runs_of_job in of_job.values() for row in runs_of_job[-batches:]]
    if not chosen:
        return []
    keys = {(row["job"], row["run_id"], row["event_time"]) for row in chosen}
    since = min(row["event_time"] for row in chosen)
    runs = {literal(row["run_id"]) for row in chosen}
    near = And(
        And(ended, GreaterThanOrEqual(term=Reference(name="event_time"), value=literal(since))),
        In(term=Reference(name="run_id"), values=runs),
    )
    events = [
        row
        for row in table.scan(row_filter=near).to_arrow().to_pylist()
        if (row["job"], row["run_id"], row["event_time"]) in keys
    ]
    return [json.loads(row["event"]) for row in sorted(events, key=lambda row: row["event_time"])]


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


def _parts(values: Iterable[str]) -> Iterable[list[str]]:
    """Rows of one statement each."""
    part: list[str] = []
    size = 0
    for value in values:
        size += len(value.encode())
        if part and size > STATEMENT_BYTES:
            yield part
            part, size = [], len(value.encode())
        part.append(value)
    if part:
        yield part


def _literal(value: Any) -> str:
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC'"
    if isinstance(value, list):
        return f"CAST(ARRAY[{', '.join(map(_literal, value))}] AS array(varchar))"
    return athena.literal(value)
