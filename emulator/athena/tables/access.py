"""What the caller of a statement may do with a table, as Lake Formation decides through Glue."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulator.athena.runtime.cloud import Cloud
from emulator.athena.runtime.errors import INSUFFICIENT, AthenaError, insufficient

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

CREATE_TABLE, LOCATION = "CREATE_TABLE", "DATA_LOCATION_ACCESS"
COMMIT = ("ALTER", LOCATION)
"""Permissions that a commit to an Iceberg table needs, because it changes the table in Glue."""
_NO_TABLE, _CATALOG = "-", "-"  # the API requires both
_ENFORCED: Any = ["COLUMN_PERMISSION", "CELL_FILTER_PERMISSION"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The caller's access to a table.

    Attributes:
        table: the table with all of its columns.
        columns: names of the columns that the caller may select; None if nothing is restricted.
        cells: row filters by column, of which a row has to meet one; columns without any are selected in all rows.
        permissions: the caller's permissions, with DATA_LOCATION_ACCESS on the table's location.
    """

    table: "TableTypeDef"
    columns: frozenset[str] | None = None
    cells: Mapping[str, frozenset[str]] = field(default_factory=dict)
    permissions: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Whether the caller may select every column in all rows."""
        return self.columns is None or (not self.cells and self.columns.issuperset(_columns(self.table)))

    def shows(self, column: str) -> bool:
        """Return whether the caller may select a column, in some rows at least."""
        return self.columns is None or column.lower() in self.columns


def of(cloud: Cloud, table: "TableTypeDef", *permissions: str) -> Access:
    """Return the caller's access to a table that it may describe.

    Args:
        cloud: clients that act as the caller.
        table: the table.
        permissions: what the statement needs, for the server's record; none: it reads columns and rows.
    """
    if not cloud.restricted:
        return Access(table=table)
    answer = cloud.glue.get_unfiltered_table_metadata(
        CatalogId=table["CatalogId"],
        DatabaseName=table["DatabaseName"],
        Name=table["Name"],
        SupportedPermissionTypes=_ENFORCED,
        QuerySessionContext={"AdditionalContext": {"Permissions": ",".join(permissions)}},
    )
    cells: dict[str, set[str]] = defaultdict(set)
    for cell in answer["CellFilters"]:
        cells[cell["ColumnName"]].add(cell["RowFilterExpression"])
    return Access(
        table=answer["Table"],
        columns=frozenset(answer["AuthorizedColumns"]),
        cells={column: frozenset(expressions) for column, expressions in cells.items()},
        permissions=frozenset(answer["Permissions"]),
    )


def described(cloud: Cloud, table: "TableTypeDef") -> frozenset[str] | None:
    """Return the columns that Glue shows the caller of a table; None if nothing is restricted."""
    return frozenset(_columns(table)) if cloud.restricted else None


def require(cloud: Cloud, table: "TableTypeDef", *permissions: str) -> None:
    """Refuse a statement before it changes anything, unless the caller has permissions on a table.

    Args:
        cloud: clients that act as the caller.
        table: the table.
        permissions: names of permissions; SELECT stands for all columns and rows.

    Raises:
        AthenaError: Lake Formation's, for the first permission that the caller lacks.
    """
    found = of(cloud, table, *permissions)
    if found.columns is None:
        return
    location = table.get("StorageDescriptor", {}).get("Location", "")
    held = found.permissions if found.is_whole else found.permissions - {"SELECT"}
    _check(held, permissions, database=table["DatabaseName"], table=table["Name"], on=table["Name"], location=location)


def require_on_database(
    cloud: Cloud, database: str, *permissions: str, table: str = _NO_TABLE, location: str = ""
) -> None:
    """Refuse a statement unless the caller has permissions on a database, and on the location of a new table in it.

    Args:
        cloud: clients that act as the caller.
        database: name of the database.
        permissions: names of permissions.
        table: name of the new table.
        location: its location.

    Raises:
        AthenaError: Lake Formation's, for the first permission that the caller lacks.
    """
    if not cloud.restricted:
        return
    answer = cloud.glue.get_unfiltered_table_metadata(
        CatalogId=_CATALOG,
        DatabaseName=database,
        Name=table,
        SupportedPermissionTypes=_ENFORCED,
        QuerySessionContext={"AdditionalContext": {"Location": location, "Permissions": ",".join(permissions)}},
    )
    held = frozenset(answer["Permissions"])
    _check(held, permissions, database=database, table=table, on=database, location=location)


def _check(
    held: frozenset[str], permissions: tuple[str, ...], *, database: str, table: str, on: str, location: str
) -> None:
    for permission in permissions:
        if permission not in held and permission == LOCATION:
            raise AthenaError("", f"{INSUFFICIENT} on {location} (Database name: {database}, Table name: {table})")
        if permission not in held:
            raise insufficient(permission.replace("_", " ").title(), on)


def _columns(table: "TableTypeDef") -> list[str]:
    listed = [*table.get("StorageDescriptor", {}).get("Columns", []), *table.get("PartitionKeys", [])]
    return [column["Name"].lower() for column in listed]
