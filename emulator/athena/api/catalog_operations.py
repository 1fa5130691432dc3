"""Athena's operations on its catalog: databases and tables of Glue."""

import re
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from botocore.exceptions import ClientError

from emulator.athena.api.requests import cloud, page
from emulator.athena.runtime.errors import AthenaError
from emulator.athena.tables import catalog
from emulator.runtime.plugin import AwsError, Json


def _check_catalog(request: Json) -> None:
    if request.get("CatalogName", "").lower() != catalog.CATALOG:
        raise AwsError("MetadataException", f"Catalog {request.get('CatalogName')} was not found")


def glue_error(code: str, message: str) -> AwsError:
    """Return Athena's error for an error of Glue, in the envelope by which clients recognize Glue's code."""
    envelope = (
        f"Service: AmazonDataCatalog; Status Code: 400; Error Code: {code}; Request ID: {uuid.uuid4()}; Proxy: null"
    )
    return AwsError("MetadataException", f"{message} ({envelope})")


def _reports_glue(operation: Callable[[Json], Json]) -> Callable[[Json], Json]:
    """Let an operation report what Glue refuses as Athena does."""

    @wraps(operation)
    def answer(request: Json) -> Json:
        try:
            return operation(request)
        except ClientError as error:
            raise glue_error(error.response["Error"]["Code"], error.response["Error"]["Message"]) from None

    return answer


def _missing(kind: str, name: str) -> AwsError:
    return glue_error("EntityNotFoundException", f"{kind} {name} not found.")


def _database(database: Any) -> Json:
    parts = {"Name": database["Name"], "Parameters": database.get("Parameters") or {}}
    return {**parts, "Description": database["Description"]} if database.get("Description") else parts


@_reports_glue
def get_database(request: Json) -> Json:
    _check_catalog(request)
    database = catalog.find_database(cloud(), request["DatabaseName"])
    if database is None:
        raise _missing("Database", request["DatabaseName"])
    return {"Database": _database(database)}


@_reports_glue
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


@_reports_glue
def get_table_metadata(request: Json) -> Json:
    _check_catalog(request)
    table = catalog.find_table(cloud(), request["DatabaseName"], request["TableName"].lower())
    if table is None:
        raise _missing("Table", request["TableName"])
    return {"TableMetadata": _table_metadata(table)}


@_reports_glue
def list_table_metadata(request: Json) -> Json:
    _check_catalog(request)
    try:
        tables = catalog.tables(cloud(), request["DatabaseName"])
    except AthenaError:
        raise _missing("Database", request["DatabaseName"]) from None
    pattern = request.get("Expression")
    metadata = [_table_metadata(table) for table in tables if not pattern or re.fullmatch(pattern, table["Name"])]
    return page(request, "TableMetadataList", metadata)
