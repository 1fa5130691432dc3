"""Glue's catalog operations as Lake Formation decides them: refused, filtered, or passed on unchanged.

Sources: Lake Formation developer guide, "Lake Formation permissions reference", "Metadata permissions" and "Known
issues for AWS Lake Formation".
"""

import functools
from collections.abc import Callable

from emulator.runtime.lake_caller import refuse
from emulator.runtime.plugin import AwsError, Json, Operation
from emulator.services.glue.store import databases, page
from emulator.services.lakeformation import lake, ownership
from emulator.services.lakeformation.checks import (
    check_location,
    database_with,
    denied,
    denied_location,
    described_table,
    passes,
    table_with,
)
from emulator.services.lakeformation.metadata import filtered, filtered_partition
from emulator.services.lakeformation.model import Principal

Rule = Callable[[Principal, Operation, Json], Json]
_ALTER_PARTITIONS = (
    *("create_partition", "batch_create_partition", "update_partition", "batch_update_partition"),
    *("delete_partition", "batch_delete_partition", "create_partition_index", "delete_partition_index"),
)
_READ_PARTITIONS = ("get_partition", "get_partitions", "batch_get_partition", "get_partition_indexes")
_STATISTICS = ("get_column_statistics_for_table", "get_column_statistics_for_partition")
_CHANGE_STATISTICS = tuple(
    f"{verb}_column_statistics_for_{what}" for verb in ("update", "delete") for what in ("table", "partition")
)


def guarded(operation: Operation) -> Operation:
    """Return an operation that first asks Lake Formation, if it is one about the catalog."""
    name = operation.__name__
    rule = _RULES.get(name)
    if rule is None:
        return operation

    @functools.wraps(operation)
    def decided(request: Json) -> Json:
        principal = lake.caller()
        if name == "create_database":
            request = ownership.with_defaults(request)
        answer = operation(request) if principal is None else rule(principal, operation, request)
        if name in _AFTER:
            _AFTER[name](request)
        return answer

    return decided


def _create_database(principal: Principal, operation: Operation, request: Json) -> Json:
    if not lake.holds_on_catalog(principal, "CREATE_DATABASE"):
        refuse(denied("Create Database", "Catalog"))
    new = request["DatabaseInput"]
    check_location(principal, new.get("LocationUri") or "", database=new["Name"].lower())
    return operation(request)


def _get_database(principal: Principal, operation: Operation, request: Json) -> Json:
    database_with(principal, request["Name"])
    return operation(request)


def _get_databases(principal: Principal, _: Operation, request: Json) -> Json:
    visible = [
        entry
        for entry in sorted(databases.values(), key=lambda entry: str(entry["Name"]))
        if passes(denied("Describe", entry["Name"]), lake.database_permissions(principal, entry))
    ]
    return page(visible, request, member="DatabaseList")


def _update_database(principal: Principal, operation: Operation, request: Json) -> Json:
    entry = database_with(principal, request["Name"], "ALTER")
    uri = request["DatabaseInput"].get("LocationUri") or ""
    check_location(principal, uri, database=entry["Name"])
    return operation(request)


def _delete_database(principal: Principal, operation: Operation, request: Json) -> Json:
    database_with(principal, request["Name"], "DROP")
    return operation(request)


def _create_table(principal: Principal, operation: Operation, request: Json) -> Json:
    entry = database_with(principal, request["DatabaseName"], "CREATE_TABLE")
    new = request.get("TableInput") or {}
    uri = (new.get("StorageDescriptor") or {}).get("Location") or ""
    if not lake.may_create_at(principal, uri, database=entry):
        refuse(denied_location(uri, database=entry["Name"], table=str(new.get("Name", "")).lower()))
    return operation(request)


def _get_table(principal: Principal, operation: Operation, request: Json) -> Json:
    _, access = described_table(principal, request["DatabaseName"], request["Name"])
    return {"Table": filtered(operation(request)["Table"], access)}


def _get_tables(principal: Principal, operation: Operation, request: Json) -> Json:
    entry = database_with(principal, request["DatabaseName"])
    granted = lake.grants(principal)
    everything = operation({name: value for name, value in request.items() if name not in ("NextToken", "MaxResults")})
    visible = []
    for table in everything["TableList"]:
        access = lake.table_access(principal, table, granted=granted)
        if passes(denied("Describe", f"{entry['Name']}.{table['Name']}"), access.permissions):
            visible.append(filtered(table, access))
    return page(visible, request, member="TableList")


def _update_table(principal: Principal, operation: Operation, request: Json) -> Json:
    new = request["TableInput"]
    entry = table_with(principal, request, name=new.get("Name") or request["Name"], permission="ALTER")
    uri = (new.get("StorageDescriptor") or {}).get("Location") or ""
    check_location(principal, uri, database=entry["DatabaseName"], table=entry["Name"])
    return operation(request)


def _delete_table(principal: Principal, operation: Operation, request: Json) -> Json:
    table_with(principal, request, name=request["Name"], permission="DROP")
    return operation(request)


def _batch_delete_table(principal: Principal, operation: Operation, request: Json) -> Json:
    allowed, errors = [], []
    for name in request["TablesToDelete"]:
        try:
            table_with(principal, request, name=name, permission="DROP")
            allowed.append(name)
        except AwsError as error:
            errors.append({"TableName": name, "ErrorDetail": {"ErrorCode": error.code, "ErrorMessage": str(error)}})
    return {"Errors": [*errors, *operation({**request, "TablesToDelete": allowed})["Errors"]]}


def _versions(principal: Principal, operation: Operation, request: Json) -> Json:
    _, access = described_table(principal, request["DatabaseName"], request["TableName"])
    answer = operation(request)
    if "TableVersion" in answer:
        version = answer["TableVersion"]
        return {"TableVersion": {**version, "Table": filtered(version["Table"], access)}}
    return {
        **answer,
        "TableVersions": [{**one, "Table": filtered(one["Table"], access)} for one in answer["TableVersions"]],
    }


def _with(permission: str) -> Rule:
    """Return the rule of an operation on a table that needs one permission."""

    def rule(principal: Principal, operation: Operation, request: Json) -> Json:
        table_with(principal, request, name=request["TableName"], permission=permission)
        return operation(request)

    return rule


def _partitions(principal: Principal, operation: Operation, request: Json) -> Json:
    """Return partitions to a caller that sees their values, which are those of the partition keys in all rows."""
    entry, access = described_table(principal, request["DatabaseName"], request["TableName"])
    for key in entry["PartitionKeys"]:
        name = key["Name"].lower()
        if name not in access.shown or access.columns.get(name) is not None:
            refuse(denied("Select", f"{entry['Name']}.{name}"))
    answer = operation(request)
    return answer | {
        member: [filtered_partition(partition, access) for partition in found]
        if isinstance(found, list)
        else filtered_partition(found, access)
        for member, found in answer.items()
        if member in ("Partition", "Partitions")
    }


def _statistics(principal: Principal, operation: Operation, request: Json) -> Json:
    """Return statistics of columns that a caller sees in all rows; least and greatest values tell about all rows."""
    entry, access = described_table(principal, request["DatabaseName"], request["TableName"])
    for column in request["ColumnNames"]:
        if access.columns.get(column.lower(), frozenset()) is not None:
            refuse(denied("Select", f"{entry['Name']}.{column.lower()}"))
    return operation(request)


_AFTER: dict[str, Callable[[Json], None]] = {
    "create_database": ownership.database_created,
    "create_table": ownership.table_created,
    **dict.fromkeys(("delete_database", "delete_table", "batch_delete_table"), ownership.forget_dropped),
}
_RULES: dict[str, Rule] = {
    "create_database": _create_database,
    "get_database": _get_database,
    "get_databases": _get_databases,
    "update_database": _update_database,
    "delete_database": _delete_database,
    "create_table": _create_table,
    "get_table": _get_table,
    "get_tables": _get_tables,
    "update_table": _update_table,
    "delete_table": _delete_table,
    "batch_delete_table": _batch_delete_table,
    "get_table_version": _versions,
    "get_table_versions": _versions,
    "delete_table_version": _with("DROP"),
    "batch_delete_table_version": _with("DROP"),
    **dict.fromkeys(_ALTER_PARTITIONS, _with("ALTER")),
    **dict.fromkeys(_READ_PARTITIONS, _partitions),
    **dict.fromkeys(_CHANGE_STATISTICS, _with("ALTER")),
    **dict.fromkeys(_STATISTICS, _statistics),
}
