"""Databases, tables and partitions in Glue."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from emulator.athena.runtime.cloud import Cloud
from emulator.athena.runtime.errors import AthenaError

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import DatabaseTypeDef, PartitionTypeDef, TableTypeDef

CATALOG = "awsdatacatalog"


def find_database(cloud: Cloud, name: str) -> "DatabaseTypeDef | None":
    """Return a database, or None."""
    try:
        return cloud.glue.get_database(Name=name)["Database"]
    except cloud.glue.exceptions.EntityNotFoundException:
        return None


def find_table(cloud: Cloud, database: str, table: str) -> "TableTypeDef | None":
    """Return a table or view, or None."""
    try:
        return cloud.glue.get_table(DatabaseName=database, Name=table)["Table"]
    except cloud.glue.exceptions.EntityNotFoundException:
        return None


def get_table(cloud: Cloud, database: str, table: str, *, place: str = "line 1:1") -> "TableTypeDef":
    """Return a table or view.

    Args:
        cloud: clients of the account and region.
        database: name of the database.
        table: name of the table or view.
        place: position of the name in the statement, for the message.

    Raises:
        AthenaError: SCHEMA_NOT_FOUND or TABLE_NOT_FOUND.
    """
    description = find_table(cloud, database, table)
    if description is not None:
        return description
    if find_database(cloud, database) is None:
        raise AthenaError("SCHEMA_NOT_FOUND", f"{place}: Schema '{database}' does not exist")
    raise AthenaError("TABLE_NOT_FOUND", f"{place}: Table '{CATALOG}.{database}.{table}' does not exist")


def databases(cloud: Cloud) -> "list[DatabaseTypeDef]":
    """Return all databases, sorted by name."""
    pages = cloud.glue.get_paginator("get_databases").paginate()
    return sorted((database for page in pages for database in page["DatabaseList"]), key=lambda d: d["Name"])


def tables(cloud: Cloud, database: str) -> "list[TableTypeDef]":
    """Return all tables and views of a database, sorted by name.

    Raises:
        AthenaError: SCHEMA_NOT_FOUND.
    """
    pages = cloud.glue.get_paginator("get_tables").paginate(DatabaseName=database)
    try:
        listed = sorted((table for page in pages for table in page["TableList"]), key=lambda t: t["Name"])
    except cloud.glue.exceptions.EntityNotFoundException:
        listed = []
    if not listed and find_database(cloud, database) is None:
        raise AthenaError("SCHEMA_NOT_FOUND", f"line 1:1: Schema '{database}' does not exist")
    return listed


def partitions(cloud: Cloud, table: "TableTypeDef") -> "Iterator[PartitionTypeDef]":
    """Yield all partitions of a Hive table."""
    pages = cloud.glue.get_paginator("get_partitions").paginate(
        DatabaseName=table["DatabaseName"], TableName=table["Name"]
    )
    for page in pages:
        yield from page["Partitions"]


def partitions_to_read(cloud: Cloud, table: "TableTypeDef") -> "Iterator[PartitionTypeDef]":
    """Yield all partitions of a Hive table for a scan, which shows the caller its own columns and rows alone."""
    if not cloud.restricted:
        yield from partitions(cloud, table)
        return
    answer = cloud.glue.get_unfiltered_partitions_metadata(
        CatalogId=table["CatalogId"],
        DatabaseName=table["DatabaseName"],
        TableName=table["Name"],
        SupportedPermissionTypes=["COLUMN_PERMISSION", "CELL_FILTER_PERMISSION"],
    )
    yield from (entry["Partition"] for entry in answer["UnfilteredPartitions"])


def is_iceberg(table: "TableTypeDef") -> bool:
    return table.get("Parameters", {}).get("table_type", "").upper() == "ICEBERG"


def is_view(table: "TableTypeDef") -> bool:
    return table.get("TableType") == "VIRTUAL_VIEW"


def table_input(table: "TableTypeDef", **changes: Any) -> Any:
    """Return the `TableInput` of `UpdateTable` for a table of `GetTable`, with changes."""
    members = (
        *("Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "ViewOriginalText"),
        *("ViewExpandedText", "TableType", "Parameters"),
    )
    return {key: table[key] for key in members if table.get(key) is not None} | changes  # type: ignore[literal-required]


def update_table(cloud: Cloud, table: "TableTypeDef", **changes: Any) -> None:
    """Change a table, unless another writer has changed it since it was read.

    Raises:
        AthenaError: another writer has changed it, or Glue refuses the change.
    """
    version: Any = {"VersionId": table["VersionId"]} if table.get("VersionId") else {}
    try:
        cloud.glue.update_table(DatabaseName=table["DatabaseName"], TableInput=table_input(table, **changes), **version)
    except ClientError as error:
        raise AthenaError("", f"FAILED: Execution Error, return code 1: {error.response['Error']['Message']}") from None
