"""Partitions of Hive tables: ADD PARTITION, DROP PARTITION and MSCK REPAIR TABLE."""

import urllib.parse
from typing import TYPE_CHECKING, Any

from emulator.athena.runtime.cloud import Cloud, split_uri
from emulator.athena.runtime.errors import AthenaError, not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import NO_LINES, StatementResult
from emulator.athena.runtime.statements import AddPartitions, DropPartitions, Name, RepairTable
from emulator.athena.tables import catalog
from emulator.athena.tables.hive_scan import partition_keys

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

_BATCH = 100


def register(cloud: Cloud, table: "TableTypeDef", partitions: dict[str, list[str]], *, if_not_exists: bool) -> None:
    """Register partitions in Glue.

    Args:
        cloud: clients of the table's account and region.
        table: a Hive table.
        partitions: values of the partition columns by the location of the partition.
        if_not_exists: whether partitions may exist already.

    Raises:
        AthenaError: a partition exists already.
    """
    inputs: list[Any] = [
        {"Values": values, "StorageDescriptor": {**table["StorageDescriptor"], "Location": location}}
        for location, values in partitions.items()
    ]
    for start in range(0, len(inputs), _BATCH):
        answer = cloud.glue.batch_create_partition(
            DatabaseName=table["DatabaseName"],
            TableName=table["Name"],
            PartitionInputList=inputs[start : start + _BATCH],
        )
        for error in answer.get("Errors", []):
            detail = error.get("ErrorDetail", {})
            if detail.get("ErrorCode") != "AlreadyExistsException" or not if_not_exists:
                values = ", ".join(error.get("PartitionValues", []))
                raise AthenaError("", f"FAILED: Execution Error, return code 1: partition [{values}] already exists")


def _partitioned_table(run: Run, name: Name) -> "TableTypeDef":
    """Return a Hive table with partitions.

    Raises:
        AthenaError: there is no such table, it is an Iceberg table, or it has no partitions.
    """
    table = catalog.get_table(run.cloud, name.database or run.context.database, name.table)
    if catalog.is_iceberg(table):
        raise not_supported(f"partition statements on the Iceberg table {table['DatabaseName']}.{table['Name']}")
    if not partition_keys(table):
        raise AthenaError("", f"FAILED: SemanticException table is not partitioned: {name.table}")
    return table


def _values(table: "TableTypeDef", spec: dict[str, str]) -> list[str]:
    keys = [key["Name"].lower() for key in partition_keys(table)]
    if set(spec) != set(keys):
        raise AthenaError(
            "", f"FAILED: SemanticException partition spec {spec} does not name the columns {', '.join(keys)}"
        )
    return [spec[key] for key in keys]


def add(statement: AddPartitions, run: Run) -> StatementResult:
    """Run ALTER TABLE ADD PARTITION."""
    table = _partitioned_table(run, statement.name)
    base = table["StorageDescriptor"]["Location"].rstrip("/")
    keys = [key["Name"].lower() for key in partition_keys(table)]
    locations = {}
    for spec, location in statement.partitions:
        values = _values(table, spec)
        folders = "/".join(f"{k}={urllib.parse.quote(v, safe=' -_.')}" for k, v in zip(keys, values, strict=True))
        locations[location or f"{base}/{folders}"] = values
    register(run.cloud, table, locations, if_not_exists=statement.if_not_exists)
    return NO_LINES


def drop(statement: DropPartitions, run: Run) -> StatementResult:
    """Run ALTER TABLE DROP PARTITION."""
    table = _partitioned_table(run, statement.name)
    existing = {tuple(p["Values"]) for p in catalog.partitions(run.cloud, table)}
    dropped = [_values(table, spec) for spec in statement.partitions]
    for values in dropped:
        if tuple(values) not in existing and not statement.if_exists:
            raise AthenaError("", f"FAILED: SemanticException partition not found: {', '.join(values)}")
    for values in dropped:
        if tuple(values) in existing:
            run.cloud.glue.delete_partition(
                DatabaseName=table["DatabaseName"], TableName=table["Name"], PartitionValues=values
            )
    return NO_LINES


def repair(statement: RepairTable, run: Run) -> StatementResult:
    """Run MSCK REPAIR TABLE: register folders such as `day=2024-01-01/` as partitions."""
    table = _partitioned_table(run, statement.name)
    keys = [key["Name"].lower() for key in partition_keys(table)]
    bucket, prefix = split_uri(table["StorageDescriptor"]["Location"].rstrip("/") + "/")
    existing = {tuple(p["Values"]) for p in catalog.partitions(run.cloud, table)}
    added: dict[str, list[str]] = {}
    for page in run.cloud.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            folders = entry["Key"][len(prefix) :].split("/")[: len(keys)]
            pairs = [folder.partition("=") for folder in folders]
            if [name.lower() for name, _, _ in pairs] == keys and all(sign for _, sign, _ in pairs):
                values = [urllib.parse.unquote(value) for _, _, value in pairs]
                if tuple(values) not in existing:
                    added[f"s3://{bucket}/{prefix}{'/'.join(folders)}"] = values
    register(run.cloud, table, added, if_not_exists=True)
    folders = ["/".join(f"{k}={v}" for k, v in zip(keys, values, strict=True)) for values in added.values()]
    names = [f"{table['Name']}:{folder}" for folder in folders]
    lines = [f"Partitions not in metastore: {' '.join(names)}"] if names else []
    lines += [f"Repair: Added partition to metastore {name}" for name in names]
    return StatementResult(lines=lines)
