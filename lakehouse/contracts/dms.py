"""What AWS DMS adds to every record it writes to S3, and the settings that make it so.

Full-load and change files have one shape: `Op`, the table's columns, then the two columns below. The commit
timestamp alone does not order changes: several changes of one transaction share it, and a full-load row carries
the time it was written, which can be later than a change it does not contain. `AR_H_CHANGE_SEQ` orders them: it
grows with every change and is empty for full-load rows, which are therefore older than any change.

Settings keep DMS's own spelling, which its API, CloudFormation and boto3 share.

Source: AWS DMS user guide, "Using Amazon S3 as a target", "Replicating source table headers using expressions".
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # who only wants the names below need not load every library of types
    from lakehouse.contracts.model import Contract

OPERATION = "Op"
COMMIT_TIMESTAMP = "_commit_ts"
CHANGE_SEQUENCE = "_change_seq"

INSERT, UPDATE, DELETE = "I", "U", "D"

CHANGE_SEQUENCE_EXPRESSION = "$AR_H_CHANGE_SEQ"


def bucket_folder(source: str) -> str:
    """Folder of the stage bucket under which one source database's tables arrive, without a final `/`."""
    return f"dms/{source}"


def table_mappings(contracts: "Iterable[Contract]") -> dict[str, list[dict[str, object]]]:
    """DMS table mappings for the contracts of one source database: its tables, each with the change sequence.

    Args:
        contracts: contracts whose source is that database; a table that two of them share is selected once.

    Returns:
        `{"rules": [...]}`, to be dumped to JSON for `TableMappings`.

    Raises:
        ValueError: no contract given, or one whose source is no database table.
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
    """`S3Settings` of the target endpoint; the caller adds `ServiceAccessRoleArn` and the encryption of its bucket.

    Args:
        source: name of the source database, as the contracts write it.
        bucket: name of the stage bucket.
        batch_interval_s: longest time in seconds that a change waits for its file.
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
    """Settings of a replication or task: no value is cut, no record left out, without somebody being told.

    Args:
        largest_text_kb: DMS reserves so much memory for each text and binary value without a length.

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
        # DMS by itself would log such a record and go on without it, or cut the value.
        "ErrorBehavior": {"DataErrorPolicy": "SUSPEND_TABLE", "DataTruncationErrorPolicy": "SUSPEND_TABLE"},
    }
