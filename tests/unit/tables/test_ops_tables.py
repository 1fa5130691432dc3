"""The tables of ops: their columns follow from the row dataclasses and must stay as deployments have them."""

import pytest

from lakehouse.names import Names, OpsTable
from lakehouse.tables import ops

COLUMNS = {
    OpsTable.BATCHES: (
        ("dataset", "string", ""),
        ("batch_id", "string", ""),
        ("move", "string", "stage_to_raw or raw_to_integration"),
        ("state", "string", "succeeded, failed, rolled back, or rolled back to replay"),
        ("received", "long", "Records in the batch's objects: accepted + rejected"),
        ("accepted", "long", "Records that the contract allows"),
        ("rejected", "long", "Records that it does not allow, kept with their reasons"),
        ("changed", "long", "Rows of the integration table inserted, updated or deleted"),
        ("objects", "long", "Objects in the batch"),
        ("bytes", "long", "Size of these objects"),
        ("started_at", "timestamptz", ""),
        ("finished_at", "timestamptz", ""),
        ("run_id", "string", "Glue job run"),
        ("error", "string", "Why it failed; null if it succeeded"),
        ("gate", "string", "PASS lets it go on, FAIL and NOT_EVALUATED hold it; null if there is no rule"),
    ),
    OpsTable.QUALITY_RESULTS: (
        ("dataset", "string", ""),
        ("batch_id", "string", "Batch after which it was evaluated, the last of several"),
        ("zone", "string", "Zone of the table that was measured"),
        ("rule", "string", "Name of the rule in the contract"),
        ("measured", "double", "What was measured; null if it could not be"),
        ("expected", "string", "Comparison that it had to pass, e.g. mustBeLessThan 10"),
        ("severity", "string", "error stops the dataset; warning and info report"),
        ("result", "string", "PASS, FAIL or NOT_EVALUATED"),
        ("reason", "string", "Why it is not PASS"),
        ("evaluated_at", "timestamptz", ""),
        ("run_id", "string", "Glue job run that evaluated it"),
    ),
    OpsTable.LINEAGE: (
        ("event_time", "timestamptz", ""),
        ("run_id", "string", "Glue job run, or dbt's invocation"),
        ("job", "string", "e.g. stage_to_raw.orders, its gate, or dbt.dim_customer"),
        ("event_type", "string", "START, COMPLETE or FAIL"),
        ("dataset", "string", "Dataset that is moved, or model that is built"),
        ("batch_ids", "list<string>", "Batches that it moved; none of a model"),
        ("inputs", "list<string>", "Names of what it read"),
        ("outputs", "list<string>", "Names of what it wrote"),
        ("event", "string", "The whole event as JSON"),
    ),
    OpsTable.ERASURES: (
        ("erasure_id", "string", ""),
        ("dataset", "string", "Dataset whose key named the person"),
        ("key_hash", "string", "SHA-256 of salt, dataset and key"),
        ("salt", "string", ""),
        ("started_at", "timestamptz", ""),
        ("finished_at", "timestamptz", ""),
        ("state", "string", "complete, or incomplete where the scan found something"),
        ("stage_records", "long", "Records taken out of stage objects"),
        ("rows", "long", "Rows removed from raw and integration"),
        ("versions", "long", "Objects and versions of objects deleted"),
        ("scanned", "long", "Objects and versions that were read for the proof"),
        ("found", "long", "Those in which something was found that should not be there"),
        ("report", "string", "S3 URI of the proof"),
    ),
    OpsTable.RELEASES: (
        ("release_id", "string", "Follows from the snapshots: the same state has the same id"),
        ("released_at", "timestamptz", "A moment at which all tables had these snapshots"),
        ("started_by", "string", "Command, task or execution that recorded it"),
        ("tables", "list<string>", "Tables with rows, e.g. curated.dim_customer"),
        ("snapshots", "list<long>", "Snapshot of each of these tables, in their order"),
        ("changed", "list<string>", "Tables that are not as in the release before"),
        ("added", "list<long>", "Rows written to each changed table since then; a rewritten row counts"),
        ("removed", "list<long>", "Rows removed from each changed table since then; a rewritten row counts"),
    ),
}
"""Name, type and comment of each column, in order."""

COMMENTS = {
    OpsTable.BATCHES: "One row for each batch, move and attempt.",
    OpsTable.QUALITY_RESULTS: "One row for each evaluation of a quality rule.",
    OpsTable.LINEAGE: "One row for each OpenLineage event.",
    OpsTable.ERASURES: "One row for each erasure of a person; who it was, only who knows the key can tell.",
    OpsTable.RELEASES: "One row for each release: a state of all tables of integration and curated that existed after "
    "a run.",
}


@pytest.mark.parametrize("table", OpsTable)
def test_columns_are_those_of_deployed_tables(names: Names, table: OpsTable) -> None:
    [definition] = [definition for definition in ops.definitions(names=names) if definition.table == table]
    assert tuple((field.name, str(field.type), field.doc) for field in definition.fields) == COLUMNS[table]
    assert not any(field.required for field in definition.fields)
    assert definition.properties["comment"] == COMMENTS[table]
