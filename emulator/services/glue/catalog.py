"""The Glue Data Catalog: databases, tables and their versions.

A table's `VersionId` is an optimistic lock: `UpdateTable` with a stale one is refused, which is what Iceberg's commits
rest on (https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html).
"""

import copy
import re
import time

from ministack.services import glue  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.services.glue.store import change, databases, found, optimizers, page, tables, versions

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


def create_database(request: Json) -> Json:
    given = request["DatabaseInput"]
    name = given["Name"].lower()
    with change():
        if name in databases:
            raise AwsError("AlreadyExistsException", f"Database {name} already exists.")
        databases[name] = _database(given) | {"Name": name, "CreateTime": time.time(), "CatalogId": plugin.account()}
    return {}


def get_database(request: Json) -> Json:
    return {"Database": found(databases, request["Name"].lower(), kind="Database")}


def get_databases(request: Json) -> Json:
    return page(sorted(databases.values(), key=_name), request, member="DatabaseList")


def update_database(request: Json) -> Json:
    with change():
        name = request["Name"].lower()
        old = found(databases, name, kind="Database")
        kept = {member: old[member] for member in ("Name", "CreateTime", "CatalogId")}
        databases[name] = _database(request["DatabaseInput"]) | kept
    return {}


def delete_database(request: Json) -> Json:
    with change():
        name = request["Name"].lower()
        found(databases, name, kind="Database")
        for table in _tables_of(name):
            _drop(name, table["Name"])
        del databases[name]
    return {}


def create_table(request: Json) -> Json:
    given = request.get("TableInput")
    if given is None:
        raise AwsError(
            "InvalidInputException", "CreateTable needs TableInput: OpenTableFormatInput alone is not known."
        )
    database, name = request["DatabaseName"].lower(), given["Name"].lower()
    with change():
        found(databases, database, kind="Database")
        if f"{database}/{name}" in tables:
            raise AwsError("AlreadyExistsException", f"Table {name} already exists in {database}.")
        now = time.time()
        tables[f"{database}/{name}"] = _table(given) | {
            "Name": name,
            "DatabaseName": database,
            "CatalogId": plugin.account(),
            "CreateTime": now,
            "UpdateTime": now,
            "IsRegisteredWithLakeFormation": False,
            "VersionId": "0",
        }
    return {}


def get_table(request: Json) -> Json:
    return {"Table": _found(request["DatabaseName"], request["Name"])}


def get_tables(request: Json) -> Json:
    database = request["DatabaseName"].lower()
    found(databases, database, kind="Database")
    pattern = re.compile(request.get("Expression") or ".*", re.IGNORECASE)
    return page([t for t in _tables_of(database) if pattern.fullmatch(t["Name"])], request, member="TableList")


def update_table(request: Json) -> Json:
    given = request["TableInput"]
    with change():
        old = _found(request["DatabaseName"], given.get("Name") or request["Name"])
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
        kept = {
            member: old[member]
            for member in ("Name", "DatabaseName", "CatalogId", "CreateTime", "IsRegisteredWithLakeFormation")
        }
        tables[key] = _table(given) | kept | {"UpdateTime": time.time(), "VersionId": str(int(old["VersionId"]) + 1)}
    return {}


def delete_table(request: Json) -> Json:
    with change():
        table = _found(request["DatabaseName"], request["Name"])
        _drop(table["DatabaseName"], table["Name"])
    return {}


def batch_delete_table(request: Json) -> Json:
    errors = []
    for name in request["TablesToDelete"]:
        try:
            delete_table({"DatabaseName": request["DatabaseName"], "Name": name})
        except AwsError as error:
            errors.append({"TableName": name, "ErrorDetail": {"ErrorCode": error.code, "ErrorMessage": str(error)}})
    return {"Errors": errors}


def get_table_version(request: Json) -> Json:
    all_versions = _versions_of(request)
    wanted = request.get("VersionId", all_versions[0]["VersionId"])
    for version in all_versions:
        if version["VersionId"] == wanted:
            return {"TableVersion": version}
    raise AwsError("EntityNotFoundException", f"Table {request['TableName']} has no version {wanted}.")


def get_table_versions(request: Json) -> Json:
    return page(_versions_of(request), request, member="TableVersions")


def delete_table_version(request: Json) -> Json:
    batch_delete_table_version({**request, "VersionIds": [request["VersionId"]]})
    return {}


def batch_delete_table_version(request: Json) -> Json:
    table = _found(request["DatabaseName"], request["TableName"])
    with change():
        archive = versions.get(f"{table['DatabaseName']}/{table['Name']}", [])
        archive[:] = [old for old in archive if old["VersionId"] not in request["VersionIds"]]
    return {"Errors": []}


def _database(given: Json) -> Json:
    return {member: given[member] for member in DATABASE_INPUT if member in given}


def _table(given: Json) -> Json:
    table = {member: given[member] for member in TABLE_INPUT if member in given}
    return {"StorageDescriptor": {}, "PartitionKeys": [], "Parameters": {}, "Retention": 0} | table


def _found(database: str, name: str) -> Json:
    found(databases, database.lower(), kind="Database")
    table: Json | None = tables.get(f"{database.lower()}/{name.lower()}")
    if table is None:
        raise AwsError("EntityNotFoundException", f"Table {name.lower()} not found in {database.lower()}.")
    return table


def _tables_of(database: str) -> list[Json]:
    return sorted((table for table in tables.values() if table["DatabaseName"] == database), key=_name)


def _versions_of(request: Json) -> list[Json]:
    table = _found(request["DatabaseName"], request["TableName"])
    archive = versions.get(f"{table['DatabaseName']}/{table['Name']}", [])
    return [{"Table": version, "VersionId": version["VersionId"]} for version in [table, *reversed(archive)]]


def _drop(database: str, name: str) -> None:
    key = f"{database}/{name}"
    del tables[key]
    for store in (versions, optimizers, glue._partitions, glue._partition_indexes, glue._table_column_statistics):
        store.pop(key, None)


def _name(entry: Json) -> str:
    return str(entry["Name"])
