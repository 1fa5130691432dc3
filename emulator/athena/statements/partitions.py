"""Partitions of Hive tables: ADD, DROP, MSCK REPAIR."""

import urllib.parse
from typing import TYPE_CHECKING, Any

from emulator.athena.runtime.cloud import Cloud, split_uri
from emulator.athena.runtime.errors import AthenaError, not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import StatementResult
from emulator.athena.runtime.statements import AddPartitions, DropPartitions, Name, RepairTable
from emulator.athena.tables import catalog
from emulator.athena.tables.hive_scan import partition_keys

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

_BATCH = 100


def register(cloud: Cloud, table: "TableTypeDef", found: dict[str, list[str]], *, if_not_exists: bool) -> None:
    """Register partitions.

    Args:
        cloud: where the table is.
        table: a Hive table.
        found: values of the partition columns, by the partition's location.
        if_not_exists: whether a partition may be known already.

    Raises:
        AthenaError: one is known already.
    """
    inputs: list[Any] = [
        {"Values": values, "StorageDescriptor": {**table["StorageDescriptor"], "Location": location}}
        for location, values in found.items()
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


def hive_table(run: Run, name: Name) -> "TableTypeDef":
    """A Hive table with partitions.

    Raises:
        AthenaError: it is not there, or is none.
    """
    table = catalog.get_table(run.cloud, name.database or run.context.database, name.table)
    if catalog.is_iceberg(table):
        raise not_supported(f"partition statements on the Iceberg table {table['DatabaseName']}.{table['Name']}")
    if not partition_keys(table):
        raise AthenaError("", f"FAILED: SemanticException table is not partitioned: {name.table}")
    return table


def _values(table: "TableTypeDef", given: dict[str, str]) -> list[str]:
    keys = [key["Name"].lower() for key in partition_keys(table)]
    if set(given) != set(keys):
        raise AthenaError(
            "", f"FAILED: SemanticException partition spec {given} does not name the columns {', '.join(keys)}"
        )
    return [given[key] for key in keys]


def add(statement: AddPartitions, run: Run) -> StatementResult:
    table = hive_table(run, statement.name)
    base = table["StorageDescriptor"]["Location"].rstrip("/")
    keys = [key["Name"].lower() for key in partition_keys(table)]
    found = {}
    for given, location in statement.partitions:
        values = _values(table, given)
        inner = "/".join(f"{k}={urllib.parse.quote(v, safe=' -_.')}" for k, v in zip(keys, values, strict=True))
        found[location or f"{base}/{inner}"] = values
    register(run.cloud, table, found, if_not_exists=statement.if_not_exists)
    return StatementResult(lines=[])


def drop(statement: DropPartitions, run: Run) -> StatementResult:
    table = hive_table(run, statement.name)
    known = {tuple(p["Values"]) for p in catalog.partitions(run.cloud, table)}
    wanted = [_values(table, given) for given in statement.partitions]
    for values in wanted:
        if tuple(values) not in known and not statement.if_exists:
            raise AthenaError("", f"FAILED: SemanticException partition not found: {', '.join(values)}")
    for values in wanted:
        if tuple(values) in known:
            run.cloud.glue.delete_partition(
                DatabaseName=table["DatabaseName"], TableName=table["Name"], PartitionValues=values
            )
    return StatementResult(lines=[])


def repair(statement: RepairTable, run: Run) -> StatementResult:
    """Folders such as `day=2024-01-01/` under the table's location become partitions; known ones stay."""
    table = hive_table(run, statement.name)
    keys = [key["Name"].lower() for key in partition_keys(table)]
    bucket, prefix = split_uri(table["StorageDescriptor"]["Location"].rstrip("/") + "/")
    known = {tuple(p["Values"]) for p in catalog.partitions(run.cloud, table)}
    found: dict[str, list[str]] = {}
    for page in run.cloud.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            folders = item["Key"][len(prefix) :].split("/")[: len(keys)]
            pairs = [folder.partition("=") for folder in folders]
            if [name.lower() for name, _, _ in pairs] == keys and all(sign for _, sign, _ in pairs):
                values = [urllib.parse.unquote(value) for _, _, value in pairs]
                if tuple(values) not in known:
                    found[f"s3://{bucket}/{prefix}{'/'.join(folders)}"] = values
    register(run.cloud, table, found, if_not_exists=True)
    shown = ["/".join(f"{k}={v}" for k, v in zip(keys, values, strict=True)) for values in found.values()]
    named = [f"{table['Name']}:{part}" for part in shown]
    lines = [f"Partitions not in metastore: {' '.join(named)}"] if named else []
    lines += [f"Repair: Added partition to metastore {part}" for part in named]
    return StatementResult(lines=lines)
