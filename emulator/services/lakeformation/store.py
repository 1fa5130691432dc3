"""What Lake Formation has recorded, and how it is found."""

from collections.abc import Iterable

from ministack.core.responses import AccountRegionScopedDict  # type: ignore[import-untyped]
from ministack.services import iam  # type: ignore[import-untyped]

from emulator.runtime import checkpoint, plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.services.glue import catalog

STATE = "lakeformation"

settings = AccountRegionScopedDict()
locations = AccountRegionScopedDict()
tags = AccountRegionScopedDict()
assignments = AccountRegionScopedDict()
permissions = AccountRegionScopedDict()
filters = AccountRegionScopedDict()

STORES = {
    "settings": settings,
    "locations": locations,
    "tags": tags,
    "assignments": assignments,
    "permissions": permissions,
    "filters": filters,
}


def saved(response: Json) -> Json:
    """A response to a change, once that change is on disk."""
    checkpoint.flush(STATE)
    return response


def invalid(message: str) -> AwsError:
    return AwsError("InvalidInputException", message)


def table_of(database: str, name: str) -> Json:
    """A table of the Glue catalog.

    Raises:
        AwsError: EntityNotFoundException.
    """
    table: Json = catalog.get_table({"DatabaseName": database, "Name": name})["Table"]
    return table


def columns_of(table: Json) -> list[str]:
    """Names of a table's columns, its partitions' included."""
    described = [*table["StorageDescriptor"].get("Columns", []), *table["PartitionKeys"]]
    return [column["Name"].lower() for column in described]


def check_columns(table: Json, names: Iterable[str]) -> None:
    """Raise EntityNotFoundException for a column that a table has not."""
    missing = sorted({name.lower() for name in names} - set(columns_of(table)))
    if missing:
        raise AwsError("EntityNotFoundException", f"{table['Name']} has no column {', '.join(missing)}.")


def check_principal(arn: str) -> None:
    """Raise InvalidInputException for a role of this account that does not exist, as Lake Formation does."""
    role = arn.rpartition("/")[2]
    if f":iam::{plugin.account()}:role/" in arn and role not in iam._roles:
        raise invalid(f"Invalid principal, Arn: {arn}")
