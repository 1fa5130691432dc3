"""Athena's operations on its catalog: databases and tables of Glue."""

import functools
import re
from typing import Any

from emulator.athena.api.requests import cloud, page
from emulator.athena.runtime.errors import AthenaError, lake_formation_errors
from emulator.athena.tables import catalog
from emulator.runtime.plugin import AwsError, Json, Operation


def _check_catalog(request: Json) -> None:
    if request.get("CatalogName", "").lower() != catalog.CATALOG:
        raise AwsError("MetadataException", f"Catalog {request.get('CatalogName')} was not found")


def _database(database: Any) -> Json:
    parts = {"Name": database["Name"], "Parameters": database.get("Parameters") or {}}
    return {**parts, "Description": database["Description"]} if database.get("Description") else parts


def _shown(operation: Operation) -> Operation:
    """Return an operation whose refusals by Lake Formation are errors of Athena's catalog."""

    @functools.wraps(operation)
    def answer(request: Json) -> Json:
        try:
            with lake_formation_errors():
                return operation(request)
        except AthenaError as error:
            raise AwsError("MetadataException", str(error)) from None

    return answer


@_shown
def get_database(request: Json) -> Json:
    _check_catalog(request)
    database = catalog.find_database(cloud(), request["DatabaseName"])
    if database is None:
        raise AwsError("MetadataException", f"EntityNotFoundException: Database {request['DatabaseName']} not found.")
    return {"Database": _database(database)}


@_shown
def list_databases(request: Json) -> Json:
    _check_catalog(request)
    return page(request, "DatabaseList", [_database(database) for database in catalog.databases(cloud())])


def _table_metadata(table: Any) -> Json:
    storage = table.get("StorageDescriptor", {})
    serde = storage.get("SerdeInfo", {})
    storage_parameters = {
        "inputformat": storage.get("InputFormat"),
        "location": storage.get("Location"),
        "outputformat": storage.get("OutputFormat"),
        "serde.serialization.lib": serde.get("SerializationLibrary"),
        **{f"serde.param.{name}": value for name, value in serde.get("Parameters", {}).items()},
    }
    return {
        "Name": table["Name"],
        "CreateTime": table.get("CreateTime"),
        "LastAccessTime": table.get("LastAccessTime"),
        "TableType": table.get("TableType", "EXTERNAL_TABLE"),
        "Columns": [_column(column) for column in storage.get("Columns", [])],
        "PartitionKeys": [_column(column) for column in table.get("PartitionKeys", [])],
        "Parameters": {
            **table.get("Parameters", {}),
            **{name: value for name, value in storage_parameters.items() if value},
        },
    }


def _column(column: Any) -> Json:
    return {key: column[key] for key in ("Name", "Type", "Comment") if column.get(key)}


@_shown
def get_table_metadata(request: Json) -> Json:
    _check_catalog(request)
    table = catalog.find_table(cloud(), request["DatabaseName"], request["TableName"].lower())
    if table is None:
        name = f"{request['DatabaseName']}.{request['TableName']}"
        raise AwsError("MetadataException", f"EntityNotFoundException: Table {name} not found.")
    return {"TableMetadata": _table_metadata(table)}


@_shown
def list_table_metadata(request: Json) -> Json:
    _check_catalog(request)
    try:
        tables = catalog.tables(cloud(), request["DatabaseName"])
    except AthenaError as error:
        raise AwsError("MetadataException", f"EntityNotFoundException: {error}") from None
    pattern = request.get("Expression")
    metadata = [_table_metadata(table) for table in tables if not pattern or re.fullmatch(pattern, table["Name"])]
    return page(request, "TableMetadataList", metadata)
