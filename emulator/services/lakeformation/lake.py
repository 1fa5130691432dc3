"""The recorded state of the lake as the decision needs it: who calls, what it was granted, the tags of a table."""

from typing import Any

from emulator.runtime import plugin
from emulator.runtime.lake_caller import caller_arn
from emulator.runtime.plugin import Json
from emulator.services.glue.store import databases, tables
from emulator.services.lakeformation import decision, records
from emulator.services.lakeformation.locations import current_settings
from emulator.services.lakeformation.model import Access, CellsFilter, Database, Principal, Table
from emulator.services.lakeformation.store import all_permissions, assignments, columns_of, filters, locations


def caller() -> Principal | None:
    """Return the principal of the current request; None if nothing is refused to it."""
    arn = caller_arn()
    return None if arn is None else principal_of(arn)


def principal_of(arn: str) -> Principal:
    """Return a role or user as the settings of the lake name it."""
    settings = current_settings()

    def is_among(administrators: str) -> bool:
        return any(entry["DataLakePrincipalIdentifier"] == arn for entry in settings.get(administrators, []))

    return Principal(
        arn=arn,
        account=plugin.account(),
        administrator=is_among("DataLakeAdmins"),
        reads_metadata=is_among("ReadOnlyAdmins"),
    )


def grants(principal: Principal) -> list[Json]:
    """Return all grants that hold for a principal."""
    return decision.grants_of(principal, all_permissions())


def holds_on_catalog(principal: Principal, permission: str) -> bool:
    """Return whether a principal has a permission on the catalog."""
    return bool(
        _decided(principal, permission, "catalog", lambda held: permission in decision.on_catalog(principal, held))
    )


def holds_on_database(principal: Principal, entry: Json, permission: str) -> bool:
    """Return whether a principal has a permission on a database."""

    def holds(held: list[Json]) -> bool:
        return permission in database_permissions(principal, entry, granted=held)

    return bool(_decided(principal, permission, f"database/{entry['Name']}", holds))


def holds_on_table(principal: Principal, entry: Json, permission: str) -> bool:
    """Return whether a principal has a permission on a table; SELECT: on a column at least."""
    table = _table(entry, databases[entry["DatabaseName"]])

    def holds(held: list[Json]) -> bool:
        return permission in decision.on_table(principal, held, table).permissions

    return bool(_decided(principal, permission, f"table/{entry['DatabaseName']}/{entry['Name']}", holds))


def record_read(principal: Principal, entry: Json) -> None:
    """Record which columns and rows of a table a principal reads."""
    table = _table(entry, databases[entry["DatabaseName"]])

    def reads(held: list[Json]) -> list[tuple[str, list[str] | None]]:
        columns = decision.on_table(principal, held, table).columns
        return [(name, rows if rows is None else sorted(rows)) for name, rows in sorted(columns.items())]

    _decided(principal, "SELECT", f"table/{entry['DatabaseName']}/{entry['Name']}", reads)


def _decided(principal: Principal, permission: str, on: str, decide: records.Decide) -> Any:
    held = grants(principal)
    found = decide(held)
    records.record(plugin.root, principal, permission, on, held=held, decide=decide, found=found)
    return found


def database_permissions(principal: Principal, entry: Json, *, granted: list[Json] | None = None) -> frozenset[str]:
    """Return a principal's permissions on a database, which it also sees if it sees one of its tables."""
    granted = grants(principal) if granted is None else granted
    found = decision.on_database(principal, granted, _database(entry))
    if found:
        return found
    seen = any(
        decision.on_table(principal, granted, _table(table, entry)).permissions
        for table in list(tables.values())
        if table["DatabaseName"] == entry["Name"]
    )
    return frozenset({"DESCRIBE"}) if seen else found


def table_access(principal: Principal, entry: Json, *, granted: list[Json] | None = None) -> Access:
    """Return what a principal may do with a table of the Glue catalog.

    Args:
        principal: the principal.
        entry: the table.
        granted: the principal's grants, if they are known.
    """
    table = _table(entry, databases[entry["DatabaseName"]])
    return decision.on_table(principal, grants(principal) if granted is None else granted, table)


def may_use(principal: Principal, uri: str, *, is_asked: bool = True) -> bool:
    """Return whether a principal may let tables point to a URI in S3; everybody may where no location is registered.

    Args:
        principal: the principal.
        uri: URI in S3.
        is_asked: whether the call needs it, for the record of decisions.
    """
    arn = _arn(uri)

    def uses(held: list[Json]) -> bool:
        return decision.on_location(principal, held, arn)

    if not is_registered(uri):
        return True
    return bool(_decided(principal, "DATA_LOCATION_ACCESS", arn, uses) if is_asked else uses(grants(principal)))


def may_create_at(principal: Principal, uri: str, *, database: Json, is_asked: bool = True) -> bool:
    """Return whether a principal that creates tables in a database may let one point to a URI.

    A location within that of the database needs no permission of its own.
    Source: https://docs.aws.amazon.com/lake-formation/latest/dg/creating-database.html
    """
    within = database.get("LocationUri")
    is_within = bool(within and decision.covers(_arn(within), _arn(uri)))
    return is_within or may_use(principal, uri, is_asked=is_asked)


def is_registered(uri: str) -> bool:
    """Return whether a URI is in a registered location."""
    return any(decision.covers(location, _arn(uri)) for location in list(locations))


def _arn(uri: str) -> str:
    return f"arn:aws:s3:::{uri.partition('://')[2]}"


def _database(entry: Json) -> Database:
    return Database(name=entry["Name"], tags=_assigned(f"database/{entry['Name']}", entry)["Tags"])


def _table(entry: Json, database: Json) -> Table:
    name = f"{entry['DatabaseName']}/{entry['Name']}"
    assigned = _assigned(f"table/{name}", entry)
    columns = columns_of(entry)
    return Table(
        database=_database(database),
        name=entry["Name"],
        tags=assigned["Tags"],
        columns={column: assigned["Columns"].get(column, {}) for column in columns},
        filters={
            data["Name"]: _cells_filter(data, columns)
            for data in list(filters.values())
            if (data["DatabaseName"], data["TableName"]) == (entry["DatabaseName"], entry["Name"])
        },
    )


def _assigned(key: str, entry: Json) -> Json:
    """Return the tags of a resource; one that was dropped and created again has none."""
    found: Json | None = assignments.get(key)
    return found if found and found["Made"] == entry["CreateTime"] else {"Tags": {}, "Columns": {}}


def _cells_filter(data: Json, columns: list[str]) -> CellsFilter:
    excluded = {name.lower() for name in data.get("ColumnWildcard", {}).get("ExcludedColumnNames", [])}
    names = data.get("ColumnNames", [name for name in columns if name not in excluded])
    return CellsFilter(
        columns=frozenset(name.lower() for name in names), expression=data["RowFilter"].get("FilterExpression")
    )
