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
    """A database, or None."""
    try:
        return cloud.glue.get_database(Name=name)["Database"]
    except cloud.glue.exceptions.EntityNotFoundException:
        return None


def find_table(cloud: Cloud, database: str, table: str) -> "TableTypeDef | None":
    """A table or view, or None."""
    try:
        return cloud.glue.get_table(DatabaseName=database, Name=table)["Table"]
    except cloud.glue.exceptions.EntityNotFoundException:
        return None


def get_table(cloud: Cloud, database: str, table: str, *, place: str = "line 1:1") -> "TableTypeDef":
    """A table or view.

    Args:
        cloud: where to look.
        database: its database.
        table: its name.
        place: position of the name in the statement, for the message.

    Raises:
        AthenaError: SCHEMA_NOT_FOUND or TABLE_NOT_FOUND.
    """
    found = find_table(cloud, database, table)
    if found is not None:
        return found
    if find_database(cloud, database) is None:
        raise AthenaError("SCHEMA_NOT_FOUND", f"{place}: Schema '{database}' does not exist")
    raise AthenaError("TABLE_NOT_FOUND", f"{place}: Table '{CATALOG}.{database}.{table}' does not exist")


def databases(cloud: Cloud) -> "list[DatabaseTypeDef]":
    """Every database, by name."""
    pages = cloud.glue.get_paginator("get_databases").paginate()
    return sorted((database for page in pages for database in page["DatabaseList"]), key=lambda d: d["Name"])


def tables(cloud: Cloud, database: str) -> "list[TableTypeDef]":
    """Every table and view of a database, by name.

    Raises:
        AthenaError: SCHEMA_NOT_FOUND.
    """
    pages = cloud.glue.get_paginator("get_tables").paginate(DatabaseName=database)
    try:
        found = sorted((table for page in pages for table in page["TableList"]), key=lambda t: t["Name"])
    except cloud.glue.exceptions.EntityNotFoundException:
        found = []
    if not found and find_database(cloud, database) is None:
        raise AthenaError("SCHEMA_NOT_FOUND", f"line 1:1: Schema '{database}' does not exist")
    return found


def partitions(cloud: Cloud, table: "TableTypeDef") -> "Iterator[PartitionTypeDef]":
    """Every partition of a Hive table."""
    pages = cloud.glue.get_paginator("get_partitions").paginate(
        DatabaseName=table["DatabaseName"], TableName=table["Name"]
    )
    for page in pages:
        yield from page["Partitions"]


def is_iceberg(table: "TableTypeDef") -> bool:
    return table.get("Parameters", {}).get("table_type", "").upper() == "ICEBERG"


def is_view(table: "TableTypeDef") -> bool:
    return table.get("TableType") == "VIRTUAL_VIEW"


def default_location(cloud: Cloud, database: str, table: str) -> str | None:
    """Where a table stands whose statement does not say it: in its database's location, if that has one."""
    found = find_database(cloud, database)
    if found is None:
        raise AthenaError("SCHEMA_NOT_FOUND", f"line 1:1: Schema '{database}' does not exist")
    base = found.get("LocationUri")
    return f"{base.rstrip('/')}/{table}" if base else None


def table_input(table: "TableTypeDef", **changes: Any) -> Any:
    """What `UpdateTable` wants of a table that `GetTable` gave."""
    kept = (
        *("Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "ViewOriginalText"),
        *("ViewExpandedText", "TableType", "Parameters"),
    )
    return {key: table[key] for key in kept if table.get(key) is not None} | changes  # type: ignore[literal-required]


def update_table(cloud: Cloud, table: "TableTypeDef", **changes: Any) -> None:
    """Change a table that nobody has changed since it was read.

    Raises:
        AthenaError: somebody has.
    """
    version: Any = {"VersionId": table["VersionId"]} if table.get("VersionId") else {}
    try:
        cloud.glue.update_table(DatabaseName=table["DatabaseName"], TableInput=table_input(table, **changes), **version)
    except ClientError as error:
        raise AthenaError("", f"FAILED: Execution Error, return code 1: {error.response['Error']['Message']}") from None
