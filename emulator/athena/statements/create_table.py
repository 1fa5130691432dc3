"""CREATE TABLE and DROP TABLE, of Iceberg tables and of Hive tables."""

from typing import TYPE_CHECKING

from pyiceberg.exceptions import TableAlreadyExistsError
from pyiceberg.schema import Schema

from emulator.athena.runtime import sql_types
from emulator.athena.runtime.cloud import Cloud, delete, split_uri
from emulator.athena.runtime.errors import AthenaError, not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import NO_LINES, StatementResult
from emulator.athena.runtime.statements import Column, CreateTable, DropTable
from emulator.athena.tables import access, catalog, hive_write, iceberg_types, table_input
from emulator.athena.tables.iceberg_spec import partition_spec

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

ICEBERG_PROPERTIES = {
    *("table_type", "format", "write_compression", "write_target_data_file_size_bytes", "classification", "comment"),
    *("optimize_rewrite_min_data_file_size_bytes", "optimize_rewrite_max_data_file_size_bytes"),
    *("optimize_rewrite_data_file_threshold", "optimize_rewrite_delete_file_threshold"),
    *("vacuum_min_snapshots_to_keep", "vacuum_max_snapshot_age_seconds", "vacuum_max_metadata_files_to_keep"),
}


def create(statement: CreateTable, run: Run) -> StatementResult:
    """Run CREATE TABLE."""
    database, name = statement.name.database or run.context.database, statement.name.table
    if catalog.find_database(run.cloud, database) is None:
        raise AthenaError("", f"FAILED: SemanticException [Error 10072]: Database does not exist: {database}")
    if catalog.find_table(run.cloud, database, name) is not None:
        if statement.if_not_exists:
            return NO_LINES
        raise AthenaError("", f"FAILED: Execution Error, return code 1: Table {name} already exists")
    if not statement.location:
        raise AthenaError(
            "", f"FAILED: SemanticException table {name} has no LOCATION: add the S3 location of its files"
        )
    new = (access.CREATE_TABLE, access.LOCATION)
    access.require_on_database(run.cloud, database, *new, table=name, location=statement.location)
    if statement.properties.get("table_type", "").upper() == "ICEBERG":
        _create_iceberg(statement, run.cloud, database)
    else:
        _create_hive(statement, run.cloud, database)
    return NO_LINES


def iceberg_properties(properties: dict[str, str]) -> dict[str, str]:
    """Return Iceberg's properties for table properties of Athena.

    Raises:
        AthenaError: Athena has no such property.
    """
    for name in properties:
        if name not in ICEBERG_PROPERTIES:
            raise AthenaError("", f"FAILED: SemanticException Unsupported table property key: {name}")
    if properties.get("format", "parquet").lower() != "parquet":
        raise not_supported(f"Iceberg tables in {properties['format']}")
    converted = {name: value for name, value in properties.items() if name not in ("table_type", "write_compression")}
    if "write_compression" in properties:
        converted["write.parquet.compression-codec"] = properties["write_compression"].lower()
    if "write_target_data_file_size_bytes" in properties:
        converted["write.target-file-size-bytes"] = properties["write_target_data_file_size_bytes"]
    return converted


def iceberg_schema(columns: list[Column]) -> Schema:
    """Return the Iceberg schema of a statement's columns.

    Raises:
        AthenaError: Iceberg has no such type, or two columns have the same name.
    """
    for column in columns:
        if column.type.this in sql_types.TEXTS and sql_types.parameters(column.type):
            raise not_supported(
                f"the type {column.hive_type} in an Iceberg table: its texts have no length limit; use string"
            )
    try:
        return iceberg_types.schema([(column.name, column.type, column.comment) for column in columns])
    except ValueError as error:
        raise AthenaError("", f"FAILED: SemanticException {error}") from None


def _create_iceberg(statement: CreateTable, cloud: Cloud, database: str) -> None:
    if statement.partition_columns:
        raise AthenaError("", "FAILED: SemanticException PARTITIONED BY of an Iceberg table has columns without types")
    if statement.serde or statement.format or statement.serde_properties:
        raise AthenaError("", "FAILED: SemanticException an Iceberg table has no ROW FORMAT and no STORED AS")
    schema = iceberg_schema(statement.columns)
    defaults = {"format-version": "2", "write.parquet.compression-codec": "zstd"}
    comment = {"comment": statement.comment} if statement.comment else {}
    try:
        cloud.catalog.create_table(
            (database, statement.name.table),
            schema,
            location=hive_write.check_location(statement.location).rstrip("/"),
            partition_spec=partition_spec(schema, statement.partition_transforms),
            properties={**defaults, **comment, **iceberg_properties(statement.properties)},
        )
    except TableAlreadyExistsError as error:
        raise AthenaError("", f"FAILED: Execution Error, return code 1: {error}") from None


def _create_hive(statement: CreateTable, cloud: Cloud, database: str) -> None:
    if statement.partition_transforms:
        raise AthenaError("", "FAILED: SemanticException PARTITIONED BY of a Hive table has columns with types")
    columns = [*statement.columns, *statement.partition_columns]
    cloud.glue.create_table(
        DatabaseName=database,
        TableInput=table_input.hive(
            statement.name.table,
            [(column.name, column.hive_type, column.comment) for column in columns],
            partition_columns=len(statement.partition_columns),
            location=hive_write.check_location(statement.location),
            storage=_storage(statement),
            parameters=statement.properties,
            comment=statement.comment,
        ),
    )


def _storage(statement: CreateTable) -> table_input.Storage:
    if statement.serde:
        parquet = statement.serde.endswith("ParquetHiveSerDe")
        base = table_input.storage("PARQUET" if parquet else "TEXTFILE")
        serde, parameters = statement.serde, {"serialization.format": "1", **statement.serde_properties}
    else:
        base = table_input.storage(statement.format or "TEXTFILE")
        serde, parameters = base.serde, {**base.parameters, **statement.serde_properties}
    return table_input.Storage(
        input_format=statement.input_format or base.input_format,
        output_format=statement.output_format or base.output_format,
        serde=serde,
        parameters=parameters,
    )


def drop(statement: DropTable, run: Run) -> StatementResult:
    """Run DROP TABLE."""
    database, name = statement.name.database or run.context.database, statement.name.table
    table = catalog.find_table(run.cloud, database, name)
    if table is None:
        if statement.if_exists:
            return NO_LINES
        raise AthenaError("", f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}")
    if catalog.is_view(table):
        raise AthenaError("", f"FAILED: SemanticException Cannot drop a view with DROP TABLE: {database}.{name}")
    drop_table(run.cloud, table)
    return NO_LINES


def drop_table(cloud: Cloud, table: "TableTypeDef") -> None:
    """Drop a table, and the files of an Iceberg table, as Athena does."""
    cloud.glue.delete_table(DatabaseName=table["DatabaseName"], Name=table["Name"])
    location = table.get("StorageDescriptor", {}).get("Location", "")
    if catalog.is_iceberg(table) and split_uri(location)[1]:
        _delete_prefix(cloud, location)


def _delete_prefix(cloud: Cloud, location: str) -> None:
    """Delete all objects in a folder."""
    bucket, prefix = split_uri(location.rstrip("/") + "/")
    pages = cloud.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    delete(cloud, (f"s3://{bucket}/{entry['Key']}" for page in pages for entry in page.get("Contents", [])))
