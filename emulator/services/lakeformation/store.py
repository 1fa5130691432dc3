"""The recorded resources of Lake Formation, and checks that several operations share."""

from collections.abc import Iterable

from ministack.services import iam  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.runtime.store import Store
from emulator.services.glue import catalog

STORE = Store(name="lakeformation", not_found="EntityNotFoundException")
settings = STORE.collection("settings")
locations = STORE.collection("locations")
tags = STORE.collection("tags")
assignments = STORE.collection("assignments")
permissions = STORE.collection("permissions")
filters = STORE.collection("filters")
closed = STORE.collection("closed")
"""Of the grants that a new account has, those that were revoked: `catalog` is the only one."""

OPEN_CATALOG: Json = {
    "Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"},
    "Resource": {"Catalog": {}},
    "Permissions": ["CREATE_DATABASE"],
    "PermissionsWithGrantOption": [],
}
"""The grant of a new account: everybody whom IAM allows creates databases."""


def all_permissions() -> list[Json]:
    """Return all grants, with the one that a new account has."""
    return [*permissions.values(), *([] if closed.get("catalog") else [OPEN_CATALOG])]


def invalid(message: str) -> AwsError:
    """Return an InvalidInputException."""
    return AwsError("InvalidInputException", message)


def table_of(database: str, name: str) -> Json:
    """Return a table of the Glue catalog.

    Raises:
        AwsError: EntityNotFoundException.
    """
    table: Json = catalog.get_table({"DatabaseName": database, "Name": name})["Table"]
    return table


def columns_of(table: Json) -> list[str]:
    """Return the names of a table's columns, including its partition keys, in lower case."""
    columns = [*table["StorageDescriptor"].get("Columns", []), *table["PartitionKeys"]]
    return [column["Name"].lower() for column in columns]


def check_columns(table: Json, names: Iterable[str]) -> None:
    """Raise EntityNotFoundException for columns that a table does not have."""
    missing = sorted({name.lower() for name in names} - set(columns_of(table)))
    if missing:
        raise AwsError("EntityNotFoundException", f"{table['Name']} has no column {', '.join(missing)}.")


def check_principal(arn: str) -> None:
    """Raise InvalidInputException for a role of this account that does not exist, as Lake Formation does."""
    role = arn.rpartition("/")[2]
    if f":iam::{plugin.account()}:role/" in arn and role not in iam._roles:
        raise invalid(f"Invalid principal, Arn: {arn}")
