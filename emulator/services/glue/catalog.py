"""The Glue Data Catalog: databases, tables and their versions, and the deletion of partitions.

A table's `VersionId` is an optimistic lock: `UpdateTable` with an old version is refused. Commits of Iceberg rely on
this.

Source: https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html
"""

import copy
import re
import time

from ministack.services import glue  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json, operation
from emulator.services.glue.store import change, databases, find, optimizers, page, tables, versions

TABLE_INPUT = (
    "Description",
    "Owner",
    "LastAccessTime",
    "LastAnalyzedTime",
    "Retention",
    "StorageDescriptor",
    "PartitionKeys",
    "ViewOriginalText",
    "ViewExpandedText",
    "TableType",
    "Parameters",
    "TargetTable",
)
DATABASE_INPUT = ("Description", "LocationUri", "Parameters", "CreateTableDefaultPermissions", "TargetDatabase")


@operation
def create_database(request: Json) -> Json:
    database = request["DatabaseInput"]
    name = database["Name"].lower()
    with change():
        if name in databases:
            raise AwsError("AlreadyExistsException", f"Database {name} already exists.")
        databases[name] = _database(database) | {
            "Name": name,
            "CreateTime": time.time(),
            "CatalogId": plugin.account(),
        }
    return {}


@operation
def get_database(request: Json) -> Json:
    return {"Database": find(databases, request["Name"].lower(), kind="Database")}


@operation
def get_databases(request: Json) -> Json:
    return page(sorted(databases.values(), key=_name), request, member="DatabaseList")


@operation
def update_database(request: Json) -> Json:
    with change():
        name = request["Name"].lower()
        old = find(databases, name, kind="Database")
        fixed = {member: old[member] for member in ("Name", "CreateTime", "CatalogId")}
        databases[name] = _database(request["DatabaseInput"]) | fixed
    return {}


@operation
def delete_database(request: Json) -> Json:
    with change():
        name = request["Name"].lower()
        find(databases, name, kind="Database")
        for table in _tables_of(name):
            _drop(name, table["Name"])
        del databases[name]
    return {}


@operation
def create_table(request: Json) -> Json:
    table = request.get("TableInput")
    if table is None:
        raise AwsError(
            "InvalidInputException", "CreateTable needs TableInput; OpenTableFormatInput alone is not supported."
        )
    database, name = request["DatabaseName"].lower(), table["Name"].lower()
    with change():
        find(databases, database, kind="Database")
        if f"{database}/{name}" in tables:
            raise AwsError("AlreadyExistsException", f"Table {name} already exists in {database}.")
        now = time.time()
        tables[f"{database}/{name}"] = _table(table) | {
            "Name": name,
            "DatabaseName": database,
            "CatalogId": plugin.account(),
            "CreateTime": now,
            "UpdateTime": now,
            "IsRegisteredWithLakeFormation": False,
            "VersionId": "0",
        }
    return {}


@operation
def get_table(request: Json) -> Json:
    return {"Table": _find_table(request["DatabaseName"], request["Name"])}


@operation
def get_tables(request: Json) -> Json:
    database = request["DatabaseName"].lower()
    find(databases, database, kind="Database")
    pattern = re.compile(request.get("Expression") or ".*", re.IGNORECASE)
    matching = [table for table in _tables_of(database) if pattern.fullmatch(table["Name"])]
    return page(matching, request, member="TableList")


@operation
def update_table(request: Json) -> Json:
    table = request["TableInput"]
    with change():
        old = _find_table(request["DatabaseName"], table.get("Name") or request["Name"])
        expected = request.get("VersionId")
        if expected is not None and expected != old["VersionId"]:
            raise AwsError(
                "ConcurrentModificationException",
                f"Update table failed due to concurrent modifications: {old['DatabaseName']}.{old['Name']} is at "
                f"version {old['VersionId']}, the update expected {expected}.",
            )
        key = f"{old['DatabaseName']}/{old['Name']}"
        if not request.get("SkipArchive"):
            versions.setdefault(key, []).append(copy.deepcopy(old))
        fixed = {
            member: old[member]
            for member in ("Name", "DatabaseName", "CatalogId", "CreateTime", "IsRegisteredWithLakeFormation")
        }
        tables[key] = _table(table) | fixed | {"UpdateTime": time.time(), "VersionId": str(int(old["VersionId"]) + 1)}
    return {}


@operation
def delete_table(request: Json) -> Json:
    with change():
        table = _find_table(request["DatabaseName"], request["Name"])
        _drop(table["DatabaseName"], table["Name"])
    return {}


@operation
def batch_delete_table(request: Json) -> Json:
    errors = []
    for name in request["TablesToDelete"]:
        try:
            delete_table({"DatabaseName": request["DatabaseName"], "Name": name})
        except AwsError as error:
            errors.append({"TableName": name, "ErrorDetail": {"ErrorCode": error.code, "ErrorMessage": str(error)}})
    return {"Errors": errors}


@operation
def get_table_version(request: Json) -> Json:
    all_versions = _versions_of(request)
    number = request.get("VersionId", all_versions[0]["VersionId"])
    for version in all_versions:
        if version["VersionId"] == number:
            return {"TableVersion": version}
    raise AwsError("EntityNotFoundException", f"Table {request['TableName']} has no version {number}.")


@operation
def get_table_versions(request: Json) -> Json:
    return page(_versions_of(request), request, member="TableVersions")


@operation
def delete_table_version(request: Json) -> Json:
    batch_delete_table_version({**request, "VersionIds": [request["VersionId"]]})
    return {}


@operation
def batch_delete_table_version(request: Json) -> Json:
    table = _find_table(request["DatabaseName"], request["TableName"])
    with change():
        archive = versions.get(f"{table['DatabaseName']}/{table['Name']}", [])
        archive[:] = [old for old in archive if old["VersionId"] not in request["VersionIds"]]
    return {"Errors": []}


@operation
def batch_delete_partition(request: Json) -> Json:
    key = f"{request['DatabaseName'].lower()}/{request['TableName'].lower()}"
    deleted = [partition["Values"] for partition in request["PartitionsToDelete"]]
    with change():
        partitions = glue._partitions.get(key, [])
        missing = [values for values in deleted if all(partition.get("Values") != values for partition in partitions)]
        glue._partitions[key] = [partition for partition in partitions if partition.get("Values") not in deleted]
    detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Partition not found."}
    return {"Errors": [{"PartitionValues": values, "ErrorDetail": detail} for values in missing]}


def _database(database_input: Json) -> Json:
    return {member: database_input[member] for member in DATABASE_INPUT if member in database_input}


def _table(table_input: Json) -> Json:
    table = {member: table_input[member] for member in TABLE_INPUT if member in table_input}
    return {"StorageDescriptor": {}, "PartitionKeys": [], "Parameters": {}, "Retention": 0} | table


def _find_table(database: str, name: str) -> Json:
    find(databases, database.lower(), kind="Database")
    table: Json | None = tables.get(f"{database.lower()}/{name.lower()}")
    if table is None:
        raise AwsError("EntityNotFoundException", f"Table {name.lower()} not found in {database.lower()}.")
    return table


def _tables_of(database: str) -> list[Json]:
    return sorted((table for table in tables.values() if table["DatabaseName"] == database), key=_name)


def _versions_of(request: Json) -> list[Json]:
    table = _find_table(request["DatabaseName"], request["TableName"])
    archive = versions.get(f"{table['DatabaseName']}/{table['Name']}", [])
    return [{"Table": version, "VersionId": version["VersionId"]} for version in [table, *reversed(archive)]]


def _drop(database: str, name: str) -> None:
    key = f"{database}/{name}"
    del tables[key]
    for store in (versions, optimizers, glue._partitions, glue._partition_indexes, glue._table_column_statistics):
        store.pop(key, None)


def _name(entry: Json) -> str:
    return str(entry["Name"])
