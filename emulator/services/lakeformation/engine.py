"""GetUnfilteredTableMetadata and its like: what Athena has to enforce for a caller that may see some of a table.

Only Athena may call them, on behalf of its caller: the answers have all columns. In AWS this is any engine that an
administrator of the lake registered. `Permissions` is here what the caller may do, its use of the location included. A
column has an entry of `CellFilters` for each filter of which a row has to meet one.

For a table that does not exist yet, Athena asks whether the caller may create it: what it may do with the database, and
whether it may use the `Location` in `QuerySessionContext.AdditionalContext`. The `Permissions` in that context are what
the statement needs, for the record of decisions.

Source: https://docs.aws.amazon.com/glue/latest/webapi/API_GetUnfilteredTableMetadata.html
"""

from emulator.runtime import plugin
from emulator.runtime.lake_caller import is_enforced, refuse
from emulator.runtime.plugin import AwsError, Json, operation
from emulator.services.glue import partitions
from emulator.services.glue.store import databases, find, tables
from emulator.services.lakeformation import lake
from emulator.services.lakeformation.checks import denied, described_table
from emulator.services.lakeformation.decision import ON_DATABASE, ON_TABLE
from emulator.services.lakeformation.model import Principal
from emulator.services.lakeformation.store import columns_of
from emulator.services.lakeformation.vending import ATHENA

_CELLS, _LOCATION_ACCESS = "CELL_FILTER_PERMISSION", "DATA_LOCATION_ACCESS"


@operation
def get_unfiltered_table_metadata(request: Json) -> Json:
    principal = _caller_of_athena()
    database, name = request["DatabaseName"].lower(), request["Name"].lower()
    entry = tables.get(f"{database}/{name}")
    context = request.get("QuerySessionContext", {}).get("AdditionalContext", {})
    needed = [one for one in context.get("Permissions", "").split(",") if one]
    required, is_asked = [one for one in needed if one != _LOCATION_ACCESS], _LOCATION_ACCESS in needed
    if entry is None:
        parent = find(databases, database, kind="Database")
        location = context.get("Location", "")
        for permission in required:
            lake.holds_on_database(principal, parent, permission)
        usable = lake.may_create_at(principal, location, database=parent, is_asked=is_asked)
        return {"Permissions": _permissions(lake.database_permissions(principal, parent), usable=usable)}
    for permission in required:
        lake.holds_on_table(principal, entry, permission)
    if not needed or "SELECT" in required:
        lake.record_read(principal, entry)
    access = lake.table_access(principal, entry)
    uri = entry["StorageDescriptor"].get("Location") or ""
    cells = [
        {"ColumnName": column, "RowFilterExpression": expression}
        for column, rows in access.columns.items()
        for expression in sorted(rows or ())
        if is_enforced()
    ]
    if cells and _CELLS not in request["SupportedPermissionTypes"]:
        raise AwsError("PermissionTypeMismatchException", f"{database}.{name} has filters that the engine lacks.")
    return {
        "Table": entry,
        "AuthorizedColumns": list(access.columns) if is_enforced() else columns_of(entry),
        "CellFilters": cells,
        "IsRegisteredWithLakeFormation": lake.is_registered(uri),
        "Permissions": _permissions(access.permissions, usable=lake.may_use(principal, uri, is_asked=is_asked)),
    }


@operation
def get_unfiltered_partitions_metadata(request: Json) -> Json:
    entry, access = described_table(_caller_of_athena(), request["DatabaseName"], request["TableName"])
    if "SELECT" not in access.permissions:
        refuse(denied("Select", entry["Name"]))
    place = {"DatabaseName": entry["DatabaseName"], "TableName": entry["Name"]}
    found = partitions.answer("get_partitions", place)["Partitions"]
    columns = list(access.columns)
    return {"UnfilteredPartitions": [{"Partition": partition, "AuthorizedColumns": columns} for partition in found]}


def _caller_of_athena() -> Principal:
    """Return the principal on whose behalf Athena calls."""
    principal = lake.caller()
    if principal is None or plugin.principal().session.get("Via") != ATHENA:
        raise AwsError("AccessDeniedException", "The emulator's Athena alone is registered with Lake Formation.")
    return principal


def _permissions(granted: frozenset[str], *, usable: bool) -> list[str]:
    """Return permissions with that on the location; all of them if refusals are only recorded."""
    if not is_enforced():
        return sorted({*ON_DATABASE, *ON_TABLE, _LOCATION_ACCESS})
    return sorted({*granted, _LOCATION_ACCESS} if usable else granted)
