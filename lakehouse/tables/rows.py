"""Rows of the ops tables: one dataclass for each table, from which its columns are derived.

Arrow is loaded only where rows are written: the planner's Lambda function imports this module and has boto3 alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

from lakehouse.names import Move, Names, OpsTable

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

RENAMED_COLUMNS: Mapping[OpsTable, Mapping[str, str]] = {OpsTable.BATCHES: {"refused": "rejected"}}
"""New name of each column by its old name. A deployed table has the old name until `lakehouse tables apply` has run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpsRow:
    """A row of an ops table. Fields are columns in order, and the text in `Annotated` is a column's comment."""

    table: ClassVar[OpsTable]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow(OpsRow):
    """One row for each batch, move and attempt."""

    table: ClassVar = OpsTable.BATCHES

    dataset: str
    batch_id: str
    move: Annotated[Move, "stage_to_raw or raw_to_integration"]
    state: Annotated[str, "succeeded, failed, rolled back, or rolled back to replay"]
    received: Annotated[int | None, "Records in the batch's objects: accepted + rejected"] = None
    accepted: Annotated[int | None, "Records that the contract allows"] = None
    rejected: Annotated[int | None, "Records that it does not allow, kept with their reasons"] = None
    changed: Annotated[int | None, "Rows of the integration table inserted, updated or deleted"] = None
    objects: Annotated[int | None, "Objects in the batch"] = None
    bytes: Annotated[int | None, "Size of these objects"] = None
    started_at: datetime
    finished_at: datetime
    run_id: Annotated[str, "Glue job run"]
    error: Annotated[str | None, "Why it failed; null if it succeeded"] = None
    gate: Annotated[str | None, "PASS lets it go on, FAIL and NOT_EVALUATED hold it; null if there is no rule"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRow(OpsRow):
    """One row for each evaluation of a quality rule."""

    table: ClassVar = OpsTable.QUALITY_RESULTS

    dataset: str
    batch_id: Annotated[str, "Batch after which it was evaluated, the last of several"]
    zone: Annotated[str, "Zone of the table that was measured"]
    rule: Annotated[str, "Name of the rule in the contract"]
    measured: Annotated[float | None, "What was measured; null if it could not be"]
    expected: Annotated[str, "Comparison that it had to pass, e.g. mustBeLessThan 10"]
    severity: Annotated[str, "error stops the dataset; warning and info report"]
    result: Annotated[str, "PASS, FAIL or NOT_EVALUATED"]
    reason: Annotated[str | None, "Why it is not PASS"]
    evaluated_at: datetime
    run_id: Annotated[str, "Glue job run that evaluated it"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageRow(OpsRow):
    """One row for each OpenLineage event."""

    table: ClassVar = OpsTable.LINEAGE

    event_time: datetime
    run_id: Annotated[str, "Glue job run, or dbt's invocation"]
    job: Annotated[str, "e.g. stage_to_raw.orders, its gate, or dbt.dim_customer"]
    event_type: Annotated[str, "START, COMPLETE or FAIL"]
    dataset: Annotated[str, "Dataset that is moved, or model that is built"]
    batch_ids: Annotated[list[str], "Batches that it moved; none of a model"]
    inputs: Annotated[list[str], "Names of what it read"]
    outputs: Annotated[list[str], "Names of what it wrote"]
    event: Annotated[str, "The whole event as JSON"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRow(OpsRow):
    """One row for each erasure of a person; who it was, only who knows the key can tell."""

    table: ClassVar = OpsTable.ERASURES

    erasure_id: str
    dataset: Annotated[str, "Dataset whose key named the person"]
    key_hash: Annotated[str, "SHA-256 of salt, dataset and key"]
    salt: str
    started_at: datetime
    finished_at: datetime
    state: Annotated[str, "complete, or incomplete where the scan found something"]
    stage_records: Annotated[int, "Records taken out of stage objects"]
    rows: Annotated[int, "Rows removed from raw and integration"]
    versions: Annotated[int, "Objects and versions of objects deleted"]
    scanned: Annotated[int, "Objects and versions that were read for the proof"]
    found: Annotated[int, "Those in which something was found that should not be there"]
    report: Annotated[str, "S3 URI of the proof"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRow(OpsRow):
    """One row for each release: a state of all tables of integration and curated that existed after a run."""

    table: ClassVar = OpsTable.RELEASES

    release_id: Annotated[str, "Follows from the snapshots: the same state has the same id"]
    released_at: Annotated[datetime, "A moment at which all tables had these snapshots"]
    started_by: Annotated[str, "Command, task or execution that recorded it"]
    tables: Annotated[list[str], "Tables with rows, e.g. curated.dim_customer"]
    snapshots: Annotated[list[int], "Snapshot of each of these tables, in their order"]
    changed: Annotated[list[str], "Tables that are not as in the release before"]
    added: Annotated[list[int], "Rows written to each changed table since then; a rewritten row counts"]
    removed: Annotated[list[int], "Rows removed from each changed table since then; a rewritten row counts"]


def append(catalog: "Catalog", rows: Iterable[OpsRow], *, names: Names) -> None:
    """Append rows to their ops table; PyIceberg retries on a commit conflict (table properties `commit.retry.*`).

    Args:
        catalog: Iceberg catalog.
        rows: rows of one table; without any, nothing is committed.
        names: names of the deployment.
    """
    import pyarrow as pa

    rows = list(rows)
    if not rows:
        return
    ops_table = rows[0].table
    table = catalog.load_table((names.ops_database, ops_table))
    schema = table.schema().as_arrow()
    old_names = {new: old for old, new in RENAMED_COLUMNS.get(ops_table, {}).items() if old in schema.names}
    values = [
        {
            old_names.get(name, name): str(value) if isinstance(value, Enum) else value
            for name, value in asdict(row).items()
        }
        for row in rows
    ]
    table.append(pa.Table.from_pylist(values, schema=schema))
