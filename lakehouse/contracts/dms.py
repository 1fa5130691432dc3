"""Columns that AWS DMS adds to each record that it writes to S3, and the DMS settings that add them.

Full-load and change files have the same columns: `Op`, the table's columns, then the two columns below. The commit
timestamp alone does not order changes: several changes of one transaction share it, and a full-load row has the time
at which it was written, which can be later than a change that it does not contain. `AR_H_CHANGE_SEQ` orders them: it
grows with every change and is empty for full-load rows, so these are older than any change.

Settings have the spelling of DMS, which its API, CloudFormation and boto3 share.

Source: AWS DMS user guide, "Using Amazon S3 as a target", "Replicating source table headers using expressions".
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importers of the names below need not load the libraries of types
    from lakehouse.contracts.model import Contract

OPERATION = "Op"
COMMIT_TIMESTAMP = "_commit_ts"
CHANGE_SEQUENCE = "_change_seq"

INSERT, UPDATE, DELETE = "I", "U", "D"

CHANGE_SEQUENCE_EXPRESSION = "$AR_H_CHANGE_SEQ"


def bucket_folder(source: str) -> str:
    """Return the stage folder under which the tables of a source database arrive, without a final `/`."""
    return f"dms/{source}"


def table_mappings(contracts: "Iterable[Contract]") -> dict[str, list[dict[str, object]]]:
    """Return DMS table mappings that select the tables of one source database and add the change sequence.

    Args:
        contracts: contracts whose source is that database; a table that two of them share is selected once.

    Returns:
        `{"rules": [...]}`, which is `TableMappings` as JSON text.

    Raises:
        ValueError: there is no contract, or the source of one is not a database table.
    """
    tables: set[tuple[str, str]] = set()
    for contract in contracts:
        if not (contract.source.schema and contract.source.table and contract.source.is_database):
            raise ValueError(f"{contract.path}: DMS replicates database tables, but the source is {contract.source}")
        tables.add((contract.source.schema, contract.source.table))
    if not tables:
        raise ValueError("DMS needs at least one table to replicate: give it the contracts of one database")
    selections: list[dict[str, object]] = [
        {
            "rule-type": "selection",
            "rule-id": str(number),
            "rule-name": f"{schema}-{table}",
            "object-locator": {"schema-name": schema, "table-name": table},
            "rule-action": "include",
        }
        for number, (schema, table) in enumerate(sorted(tables), start=1)
    ]
    change_sequence: dict[str, object] = {
        "rule-type": "transformation",
        "rule-id": str(len(selections) + 1),
        "rule-name": "change-sequence",
        "rule-target": "column",
        "object-locator": {"schema-name": "%", "table-name": "%"},
        "rule-action": "add-column",
        "value": CHANGE_SEQUENCE,
        "expression": CHANGE_SEQUENCE_EXPRESSION,
        "data-type": {"type": "string", "length": 50},
    }
    return {"rules": [*selections, change_sequence]}


def s3_settings(*, source: str, bucket: str, batch_interval_s: int = 60) -> dict[str, str | int | bool]:
    """Return `S3Settings` of the target endpoint, without `ServiceAccessRoleArn` and the encryption of the bucket.

    Args:
        source: name of the source database, as the contracts write it.
        bucket: name of the stage bucket.
        batch_interval_s: maximum time in seconds before a change is written to a file.
    """
    return {
        "BucketName": bucket,
        "BucketFolder": bucket_folder(source),
        "DataFormat": "parquet",
        "ParquetVersion": "parquet-2-0",
        "ParquetTimestampInMillisecond": False,
        "CompressionType": "gzip",
        "EnableStatistics": True,
        "IncludeOpForFullLoad": True,
        # Inserts-only and inserts-and-updates stay off: both leave out deletes.
        "CdcInsertsOnly": False,
        "CdcInsertsAndUpdates": False,
        "TimestampColumnName": COMMIT_TIMESTAMP,
        "DatePartitionEnabled": True,
        "DatePartitionSequence": "YYYYMMDD",
        "DatePartitionDelimiter": "SLASH",
        "CdcMaxBatchInterval": batch_interval_s,
        "CdcMinFileSize": 32_768,  # KB
    }


def task_settings(*, largest_text_kb: int) -> dict[str, dict[str, str | int | bool]]:
    """Return settings of a replication or task that suspend a table instead of dropping a record or cutting a value.

    Args:
        largest_text_kb: memory that DMS reserves for each text or binary value without a length.

    Source: AWS DMS user guide, "Target metadata task settings", "Error handling task settings".
    """
    return {
        "Logging": {"EnableLogging": True},
        "TargetMetadata": {
            "SupportLobs": True,
            "FullLobMode": False,
            "LimitedSizeLobMode": True,
            "LobMaxSize": largest_text_kb,
        },
        # By default DMS logs such a record and skips it, or cuts the value.
        "ErrorBehavior": {"DataErrorPolicy": "SUSPEND_TABLE", "DataTruncationErrorPolicy": "SUSPEND_TABLE"},
    }
