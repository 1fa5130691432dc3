"""Checks of a caller's permissions on databases, tables and locations, with Lake Formation's errors.

What a caller may not see is AccessDeniedException. It is EntityNotFoundException only for who could create it, so that
names cannot be guessed.

Source: Lake Formation developer guide, "Troubleshooting Lake Formation"; ExpediaGroup/waggle-dance pull request 359.
"""

from emulator.runtime.lake_caller import refuse
from emulator.runtime.plugin import AwsError, Json
from emulator.services.glue import catalog
from emulator.services.glue.store import databases, tables
from emulator.services.lakeformation import lake
from emulator.services.lakeformation.model import NOTHING, Access, Principal


def denied(permission: str, name: str) -> AwsError:
    """Return Lake Formation's error for a permission that a caller lacks, such as `Describe` on a table."""
    return AwsError(
        "AccessDeniedException", f"Insufficient Lake Formation permission(s): Required {permission} on {name}"
    )


def described_table(principal: Principal, database: str, name: str) -> tuple[Json, Access]:
    """Return a table that a principal may see, and what else it may do with it.

    Raises:
        AwsError: AccessDeniedException, or EntityNotFoundException if it could create the table.
    """
    entry = tables.get(f"{database.lower()}/{name.lower()}")
    if entry is None:
        parent = databases.get(database.lower())
        if parent is None:
            database_with(principal, database)
        elif not principal.describes_all and not lake.holds_on_database(principal, parent, "CREATE_TABLE"):
            refuse(denied("Describe", name.lower()))
        return catalog.get_table({"DatabaseName": database, "Name": name})["Table"], NOTHING
    if not lake.holds_on_table(principal, entry, "DESCRIBE"):
        refuse(denied("Describe", entry["Name"]))
    return entry, lake.table_access(principal, entry)


def database_with(principal: Principal, name: str, permission: str = "DESCRIBE") -> Json:
    """Return a database on which a principal has a permission."""
    entry: Json | None = databases.get(name.lower())
    if entry is None:
        if not principal.describes_all and not lake.holds_on_catalog(principal, "CREATE_DATABASE"):
            refuse(denied("Describe", name.lower()))
        missing: Json = catalog.get_database({"Name": name})
        return missing
    if not lake.holds_on_database(principal, entry, permission):
        refuse(denied(permission.replace("_", " ").title(), entry["Name"]))
    return entry


def table_with(principal: Principal, request: Json, *, name: str, permission: str) -> Json:
    """Return a table of a request on which a principal has a permission, besides that it may see it."""
    entry, _ = described_table(principal, request["DatabaseName"], name)
    if not lake.holds_on_table(principal, entry, permission):
        refuse(denied(permission.title(), entry["Name"]))
    return entry


def check_location(principal: Principal, uri: str, *, database: str, table: str | None = None) -> None:
    """Refuse the use of a registered location without permission on it."""
    if not lake.may_use(principal, uri):
        refuse(denied_location(uri, database=database, table=table))


def denied_location(uri: str, *, database: str, table: str | None) -> AwsError:
    names = f"Database name: {database}" + (f", Table name: {table}" if table else "")
    return AwsError("AccessDeniedException", f"Insufficient Lake Formation permission(s) on {uri} ({names})")


def passes(error: AwsError, permissions: frozenset[str]) -> bool:
    """Return whether a member of a list is shown; with `record`, what would be hidden is logged and shown."""
    try:
        if "DESCRIBE" not in permissions:
            refuse(error)
    except AwsError:
        return False
    return True
