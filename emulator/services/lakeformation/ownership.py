"""The grants that a new database or table begins with, and the end of all grants on one that is dropped.

Who creates a database or a table has all permissions on it. In an account whose settings were not changed, everybody
whom IAM allows has them too.

Sources: Lake Formation developer guide, "Implicit Lake Formation permissions" and "Changing the default settings for
your data lake".
"""

from emulator.runtime.lake_caller import caller_arn
from emulator.runtime.plugin import Json
from emulator.services.glue.store import databases, tables
from emulator.services.lakeformation import decision
from emulator.services.lakeformation.locations import current_settings
from emulator.services.lakeformation.permissions import record
from emulator.services.lakeformation.store import STORE, filters, permissions

_DEFAULTS = "CreateTableDefaultPermissions"


def with_defaults(request: Json) -> Json:
    """Return a request of CreateDatabase with the permissions that tables of the database will begin with."""
    defaults = current_settings().get(_DEFAULTS, [])
    return {**request, "DatabaseInput": {_DEFAULTS: defaults, **request["DatabaseInput"]}}


def database_created(request: Json) -> None:
    """Grant a new database to its creator, and to whom the settings name."""
    resource = {"Database": {"Name": request["DatabaseInput"]["Name"].lower()}}
    _grant(resource, current_settings().get("CreateDatabaseDefaultPermissions", []), everything=decision.ON_DATABASE)


def table_created(request: Json) -> None:
    """Grant a new table to its creator, and to whom its database names."""
    database = databases[request["DatabaseName"].lower()]
    resource = {"Table": {"DatabaseName": database["Name"], "Name": request["TableInput"]["Name"].lower()}}
    _grant(resource, database.get(_DEFAULTS, []), everything=decision.ON_TABLE)


def forget_dropped(_: Json) -> None:
    """Delete the grants on databases and tables that no longer exist, and the data cells filters of such tables."""
    dropped = [name for name, entry in permissions.items() if not _exists(entry["Resource"])]
    gone = [name for name, data in filters.items() if f"{data['DatabaseName']}/{data['TableName']}" not in tables]
    for name in dropped:
        del permissions[name]
    for name in gone:
        del filters[name]
    if dropped or gone:
        STORE.save({})


def _grant(resource: Json, defaults: list[Json], *, everything: frozenset[str]) -> None:
    creator = caller_arn()
    for default in defaults:
        record(default["Principal"], resource, {*default["Permissions"]})
    if creator is not None:
        permitted = {"ALL", *everything}
        record({"DataLakePrincipalIdentifier": creator}, resource, permitted, grantable=permitted)
    if creator is not None or defaults:
        STORE.save({})


def _exists(resource: Json) -> bool:
    match resource:
        case {"Database": {"Name": name}}:
            return name.lower() in databases
        case {"Table": {"DatabaseName": database, "TableWildcard": _}}:
            return database.lower() in databases
        case {"Table": names} | {"TableWithColumns": names}:
            return f"{names['DatabaseName'].lower()}/{names['Name'].lower()}" in tables
        case {"DataCellsFilter": names}:
            return f"{names['DatabaseName'].lower()}/{names['TableName'].lower()}" in tables
    return True
