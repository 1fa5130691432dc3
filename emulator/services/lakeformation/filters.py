"""Data cells filters: named sets of rows and columns of a table, for grants."""

from emulator.runtime.plugin import AwsError, Json, operation
from emulator.services.lakeformation.store import STORE, check_columns, filters, invalid, permissions, table_of


@operation
def create_data_cells_filter(request: Json) -> Json:
    data = _checked(request["TableData"])
    key = _key(data)
    if key in filters:
        raise AwsError("AlreadyExistsException", f"Data cells filter {key} already exists.")
    filters[key] = data
    return STORE.save({})


@operation
def update_data_cells_filter(request: Json) -> Json:
    data = _checked(request["TableData"])
    STORE.find(filters, _key(data), kind="Data cells filter")
    filters[_key(data)] = data
    return STORE.save({})


@operation
def get_data_cells_filter(request: Json) -> Json:
    return {"DataCellsFilter": STORE.find(filters, _key(request), kind="Data cells filter")}


@operation
def list_data_cells_filter(request: Json) -> Json:
    table = request.get("Table")
    entries = list(filters.values())
    if table:
        names = (table["DatabaseName"].lower(), table["Name"].lower())
        entries = [entry for entry in entries if (entry["DatabaseName"], entry["TableName"]) == names]
    return {"DataCellsFilters": sorted(entries, key=_key)}


@operation
def delete_data_cells_filter(request: Json) -> Json:
    """Delete a filter, and the grants on it."""
    key = _key(request)
    STORE.find(filters, key, kind="Data cells filter")
    del filters[key]
    for name, entry in list(permissions.items()):
        granted_filter = entry["Resource"].get("DataCellsFilter")
        if granted_filter and _key(granted_filter) == key:
            del permissions[name]
    return STORE.save({})


def _checked(data: Json) -> Json:
    table = table_of(data["DatabaseName"], data["TableName"])
    if ("ColumnNames" in data) == ("ColumnWildcard" in data):
        raise invalid("A data cells filter has either ColumnNames or ColumnWildcard.")
    check_columns(table, data.get("ColumnNames", data.get("ColumnWildcard", {}).get("ExcludedColumnNames", [])))
    if not data.get("RowFilter"):
        raise invalid("A data cells filter has a RowFilter: a FilterExpression or AllRowsWildcard.")
    return {**data, "DatabaseName": data["DatabaseName"].lower(), "TableName": data["TableName"].lower()}


def _key(names: Json) -> str:
    return f"{names['DatabaseName'].lower()}/{names['TableName'].lower()}/{names['Name']}"
