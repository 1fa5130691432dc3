"""Data cells filters: rows and columns of a table, to be granted by their name."""

from emulator.runtime.plugin import AwsError, Json
from emulator.services.glue.store import found
from emulator.services.lakeformation.store import check_columns, filters, invalid, permissions, saved, table_of


def create_data_cells_filter(request: Json) -> Json:
    data = _checked(request["TableData"])
    key = _key(data)
    if key in filters:
        raise AwsError("AlreadyExistsException", f"Data cells filter {key} already exists.")
    filters[key] = data
    return saved({})


def update_data_cells_filter(request: Json) -> Json:
    data = _checked(request["TableData"])
    found(filters, _key(data), kind="Data cells filter")
    filters[_key(data)] = data
    return saved({})


def get_data_cells_filter(request: Json) -> Json:
    return {"DataCellsFilter": found(filters, _key(request), kind="Data cells filter")}


def list_data_cells_filter(request: Json) -> Json:
    table = request.get("Table")
    entries = list(filters.values())
    if table:
        wanted = (table["DatabaseName"].lower(), table["Name"].lower())
        entries = [entry for entry in entries if (entry["DatabaseName"], entry["TableName"]) == wanted]
    return {"DataCellsFilters": sorted(entries, key=_key)}


def delete_data_cells_filter(request: Json) -> Json:
    """The filter goes, and with it what was granted on it."""
    key = _key(request)
    found(filters, key, kind="Data cells filter")
    del filters[key]
    for name, entry in list(permissions.items()):
        granted = entry["Resource"].get("DataCellsFilter")
        if granted and _key(granted) == key:
            del permissions[name]
    return saved({})


def _checked(given: Json) -> Json:
    table = table_of(given["DatabaseName"], given["TableName"])
    if ("ColumnNames" in given) == ("ColumnWildcard" in given):
        raise invalid("A data cells filter has either ColumnNames or ColumnWildcard.")
    check_columns(table, given.get("ColumnNames", given.get("ColumnWildcard", {}).get("ExcludedColumnNames", [])))
    if not given.get("RowFilter"):
        raise invalid("A data cells filter has a RowFilter: a FilterExpression or AllRowsWildcard.")
    return {**given, "DatabaseName": given["DatabaseName"].lower(), "TableName": given["TableName"].lower()}


def _key(named: Json) -> str:
    return f"{named['DatabaseName'].lower()}/{named['TableName'].lower()}/{named['Name']}"
