"""GetUnfilteredTableMetadata: what a query engine has to enforce for a principal that may see some of a table.

Only the engine of the emulator, which calls as the root user, may call this: the answer has all columns. It names the
principal in `QuerySessionContext.AdditionalContext`. In AWS an engine calls as the principal, with a session that an
administrator of the lake has let read unfiltered metadata; `Permissions` is here the answer, and not a question.

For a table that does not exist yet, the engine asks whether the principal may create it, with its `Location`.

Source: https://docs.aws.amazon.com/glue/latest/webapi/API_GetUnfilteredTableMetadata.html
"""

from emulator.runtime.plugin import AwsError, Json, operation
from emulator.services.glue.store import databases, find, tables
from emulator.services.lakeformation import lake
from emulator.services.lakeformation.caller import is_enforced
from emulator.services.lakeformation.decision import ON_DATABASE, ON_TABLE
from emulator.services.lakeformation.store import columns_of

PRINCIPAL, LOCATION = "Principal", "Location"
_CELLS, _LOCATION_ACCESS = "CELL_FILTER_PERMISSION", "DATA_LOCATION_ACCESS"


@operation
def get_unfiltered_table_metadata(request: Json) -> Json:
    if lake.caller() is not None:
        raise AwsError(
            "AccessDeniedException", "This engine is not registered with Lake Formation: no data is filtered."
        )
    context = request.get("QuerySessionContext", {}).get("AdditionalContext", {})
    principal = lake.principal_of(context[PRINCIPAL])
    database, name = request["DatabaseName"].lower(), request["Name"].lower()
    entry = tables.get(f"{database}/{name}")
    if entry is None:
        parent = find(databases, database, kind="Database")
        usable = lake.may_create_at(principal, context.get(LOCATION, ""), database=parent)
        return {"Permissions": _permissions(lake.database_permissions(principal, parent), usable=usable)}
    access = lake.table_access(principal, entry)
    uri = entry["StorageDescriptor"].get("Location") or ""
    cells = [
        {"ColumnName": column, "RowFilterExpression": " OR ".join(f"({part})" for part in sorted(rows))}
        for column, rows in access.columns.items()
        if rows is not None and is_enforced()
    ]
    if cells and _CELLS not in request["SupportedPermissionTypes"]:
        raise AwsError(
            "PermissionTypeMismatchException", f"{database}.{name} has filters that the engine does not have."
        )
    return {
        "Table": entry,
        "AuthorizedColumns": list(access.columns) if is_enforced() else columns_of(entry),
        "CellFilters": cells,
        "IsRegisteredWithLakeFormation": lake.is_registered(uri),
        "Permissions": _permissions(access.permissions, usable=lake.may_use(principal, uri)),
    }


def _permissions(granted: frozenset[str], *, usable: bool) -> list[str]:
    """Return permissions with that on the location; all of them if refusals are only recorded."""
    if not is_enforced():
        return sorted({*ON_DATABASE, *ON_TABLE, _LOCATION_ACCESS})
    return sorted({*granted, _LOCATION_ACCESS} if usable else granted)
