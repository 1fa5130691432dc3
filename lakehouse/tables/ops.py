"""Tables about the moves themselves: batches, quality results and lineage."""

from lakehouse.contracts import types
from lakehouse.contracts.types import Type
from lakehouse.names import Names, OpsTable
from lakehouse.tables.definition import Definition, Field, properties

_TABLES: dict[str, tuple[str, dict[str, tuple[Type, str]]]] = {
    OpsTable.BATCHES: (
        "One row for each batch, move and attempt.",
        {
            "dataset": (types.STRING, ""),
            "batch_id": (types.STRING, ""),
            "move": (types.STRING, "stage_to_raw or raw_to_integration"),
            "state": (types.STRING, "succeeded or failed"),
            "received": (types.LONG, "Records in the batch's objects: accepted + rejected"),
            "accepted": (types.LONG, "Records that the contract allows"),
            "rejected": (types.LONG, "Records that it does not allow, kept with their reasons"),
            "changed": (types.LONG, "Rows of the integration table inserted, updated or deleted"),
            "objects": (types.LONG, "Objects in the batch"),
            "bytes": (types.LONG, "Size of these objects"),
            "started_at": (types.TIMESTAMP, ""),
            "finished_at": (types.TIMESTAMP, ""),
            "run_id": (types.STRING, "Glue job run"),
            "error": (types.STRING, "Why it failed; null if it succeeded"),
            "gate": (types.STRING, "PASS lets it go on, FAIL and NOT_EVALUATED hold it; null if there is no rule"),
        },
    ),
    OpsTable.QUALITY_RESULTS: (
        "One row for each evaluation of a quality rule.",
        {
            "dataset": (types.STRING, ""),
            "batch_id": (types.STRING, "Batch after which it was evaluated, the last of several"),
            "zone": (types.STRING, "Zone of the table that was measured"),
            "rule": (types.STRING, "Name of the rule in the contract"),
            "measured": (types.DOUBLE, "What was measured; null if it could not be"),
            "expected": (types.STRING, "Comparison that it had to pass, e.g. mustBeLessThan 10"),
            "severity": (types.STRING, "error stops the dataset; warning and info report"),
            "result": (types.STRING, "PASS, FAIL or NOT_EVALUATED"),
            "reason": (types.STRING, "Why it is not PASS"),
            "evaluated_at": (types.TIMESTAMP, ""),
            "run_id": (types.STRING, "Glue job run that evaluated it"),
        },
    ),
    OpsTable.LINEAGE: (
        "One row for each OpenLineage event.",
        {
            "event_time": (types.TIMESTAMP, ""),
            "run_id": (types.STRING, "Glue job run, or dbt's invocation"),
            "job": (types.STRING, "e.g. stage_to_raw.orders, its gate, or dbt.dim_customer"),
            "event_type": (types.STRING, "START, COMPLETE or FAIL"),
            "dataset": (types.STRING, "Dataset that is moved, or model that is built"),
            "batch_ids": (types.list_of(types.STRING), "Batches that it moved; none of a model"),
            "inputs": (types.list_of(types.STRING), "Names of what it read"),
            "outputs": (types.list_of(types.STRING), "Names of what it wrote"),
            "event": (types.STRING, "The whole event as JSON"),
        },
    ),
    OpsTable.ERASURES: (
        "One row for each erasure of a person; who it was, only who knows the key can tell.",
        {
            "erasure_id": (types.STRING, ""),
            "dataset": (types.STRING, "Dataset whose key named the person"),
            "key_hash": (types.STRING, "SHA-256 of salt, dataset and key"),
            "salt": (types.STRING, ""),
            "started_at": (types.TIMESTAMP, ""),
            "finished_at": (types.TIMESTAMP, ""),
            "state": (types.STRING, "complete, or incomplete where the scan found something"),
            "stage_records": (types.LONG, "Records taken out of stage objects"),
            "rows": (types.LONG, "Rows removed from raw and integration"),
            "versions": (types.LONG, "Objects and versions of objects deleted"),
            "scanned": (types.LONG, "Objects and versions that were read for the proof"),
            "found": (types.LONG, "Those in which something was found that should not be there"),
            "report": (types.STRING, "S3 URI of the proof"),
        },
    ),
}


def definitions(*, names: Names) -> list[Definition]:
    """All ops tables; they are small and unpartitioned, and grow by appends alone."""
    return [
        Definition(
            database=names.ops_database,
            table=table,
            location=names.ops_location(table),
            fields=tuple(Field(name=name, type=type_, doc=doc) for name, (type_, doc) in fields.items()),
            properties=properties(description),
        )
        for table, (description, fields) in _TABLES.items()
    ]
