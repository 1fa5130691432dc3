"""What a principal may do with a database, a table, its columns and rows: Lake Formation's rules, without any state.

Permissions add up, and nothing takes one away. A grant names its resource, or an expression of LF-Tags that matches it:
for each key one of the values. A table inherits the tags of its database, and a column those of its table.

Sources: Lake Formation developer guide, "Implicit Lake Formation permissions", "Lake Formation permissions reference",
"Lake Formation tag-based access control", "Data filters in Lake Formation" and "Metadata permissions".
"""

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.services.lakeformation.model import Access, Database, Principal, Rows, Table, Tags

Json = dict[str, Any]
ON_CATALOG = frozenset({"CREATE_DATABASE", "CREATE_LF_TAG", "CREATE_LF_TAG_EXPRESSION", "CREATE_CATALOG", "DESCRIBE"})
ON_DATABASE = frozenset({"ALTER", "CREATE_TABLE", "DESCRIBE", "DROP"})
ON_TABLE = frozenset({"ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"})
READS = frozenset({"DESCRIBE", "SELECT"})


def grants_of(principal: Principal, grants: Iterable[Json]) -> list[Json]:
    """Return the grants, as the API returns them, that hold for a principal."""
    return [grant for grant in grants if principal.is_named_by(grant["Principal"]["DataLakePrincipalIdentifier"])]


def on_catalog(principal: Principal, grants: Iterable[Json]) -> frozenset[str]:
    """Return a principal's permissions on the catalog; an administrator creates databases and LF-Tags."""
    implied = ON_CATALOG if principal.administrator else frozenset()
    return implied.union(*(_expanded(grant, ON_CATALOG) for grant in grants if "Catalog" in grant["Resource"]))


def on_database(principal: Principal, grants: Iterable[Json], database: Database) -> frozenset[str]:
    """Return a principal's permissions on a database itself; see `is_listed` for what its tables imply."""
    found = {"DESCRIBE"} if principal.describes_all else set()
    for grant in grants:
        match grant["Resource"]:
            case {"Database": {"Name": name}} if name.lower() == database.name:
                found |= _expanded(grant, ON_DATABASE)
            case {"LFTagPolicy": {"ResourceType": "DATABASE", "Expression": expression}}:
                if matches(expression, database.tags):
                    found |= _expanded(grant, ON_DATABASE)
    # Whoever has any permission on a database sees it.
    return frozenset(found | {"DESCRIBE"} if found else found)


def on_table(principal: Principal, grants: Iterable[Json], table: Table) -> Access:
    """Return what a principal may do with a table."""
    granted = _Granted(table)
    if principal.describes_all:
        granted.whole({"DESCRIBE"})
    for grant in grants:
        granted.add(grant)
    found = granted.permissions | ({"SELECT"} if granted.columns else set())
    return Access(
        # Whoever has any permission on a table, or on one of its columns, sees it.
        permissions=frozenset(found | {"DESCRIBE"} if found or granted.described else found),
        columns={name: granted.columns[name] for name in table.columns if name in granted.columns},
        described=frozenset(granted.described),
    )


def on_location(principal: Principal, grants: Iterable[Json], arn: str) -> bool:
    """Return whether a principal may let tables point to a location in S3, which a grant covers with all below it."""
    return principal.administrator or any(
        covers(grant["Resource"]["DataLocation"]["ResourceArn"], arn)
        for grant in grants
        if "DataLocation" in grant["Resource"] and "DATA_LOCATION_ACCESS" in grant["Permissions"]
    )


def covers(location: str, arn: str) -> bool:
    """Return whether a location is another one or contains it."""
    root = location.rstrip("/").removesuffix("/*").rstrip("/")
    return arn.rstrip("/") == root or arn.startswith(f"{root}/")


def matches(expression: Iterable[Mapping[str, Any]], tags: Tags) -> bool:
    """Return whether tags have, for each key of an expression, one of its values."""
    return all(
        tags.get(pair["TagKey"].lower()) in {value.lower() for value in pair["TagValues"]} for pair in expression
    )


def _expanded(grant: Json, everything: frozenset[str]) -> frozenset[str]:
    """Return the permissions of a grant; ALL stands for each one that its resource has."""
    return everything if "ALL" in grant["Permissions"] else everything & {*grant["Permissions"]}


class _Granted:
    """The permissions on a table, added up grant by grant."""

    def __init__(self, table: Table) -> None:
        self.permissions: set[str] = set()
        self.columns: dict[str, Rows] = {}
        self.described: set[str] = set()
        self._table = table

    def add(self, grant: Json) -> None:
        table, permissions = self._table, _expanded(grant, ON_TABLE)
        match grant["Resource"]:
            case {"Table": names} if self._is_named(names, wildcard=True):
                self.whole(permissions)
            case {"TableWithColumns": names} if self._is_named(names):
                self._some(permissions, _listed(names, table))
            case {"DataCellsFilter": {"Name": name, "TableName": of, "DatabaseName": database}}:
                cells = table.filters.get(name)
                if (database.lower(), of.lower()) == (table.database.name, table.name) and cells is not None:
                    self._some(permissions, cells.columns & table.columns.keys(), expression=cells.expression)
            case {"LFTagPolicy": {"ResourceType": "TABLE", "Expression": expression}}:
                self._tagged(permissions, expression)

    def whole(self, permissions: Iterable[str]) -> None:
        """Add permissions on the table with all of its columns."""
        found = {*permissions}
        self.permissions |= found - {"SELECT"}
        if found:
            self.described |= self._table.columns.keys()
        if "SELECT" in found:
            self._some(["SELECT"], self._table.columns)

    def _some(self, permissions: Iterable[str], columns: Iterable[str], *, expression: str | None = None) -> None:
        """Add SELECT or DESCRIBE on columns, in the rows that meet an expression (None: in all rows)."""
        for column in columns:
            if READS.intersection(permissions):
                self.described.add(column)
            if "SELECT" not in permissions:
                continue
            before = self.columns.get(column, frozenset())
            if before is not None:
                self.columns[column] = None if expression is None else before | {expression}

    def _tagged(self, permissions: frozenset[str], expression: Iterable[Mapping[str, Any]]) -> None:
        """Add a grant by tags: SELECT and DESCRIBE hold for the columns that match, the others for whole tables."""
        table = self._table
        matching = {name for name, own in table.columns.items() if matches(expression, {**table.all_tags, **own})}
        self._some(permissions, matching)
        if permissions and matches(expression, table.all_tags):
            # A permission to write needs every column; without that, the table can only be described.
            self.permissions |= permissions - {"SELECT"} if matching == table.columns.keys() else {"DESCRIBE"}

    def _is_named(self, names: Json, *, wildcard: bool = False) -> bool:
        table = self._table
        if names["DatabaseName"].lower() != table.database.name:
            return False
        return (wildcard and "TableWildcard" in names) or names.get("Name", "").lower() == table.name


def _listed(names: Json, table: Table) -> list[str]:
    """Return the columns that a grant on some columns lists, or does not exclude."""
    listed = {name.lower() for name in names.get("ColumnNames", [])}
    excluded = {name.lower() for name in names.get("ColumnWildcard", {}).get("ExcludedColumnNames", [])}
    wild = "ColumnWildcard" in names
    return [name for name in table.columns if (name not in excluded if wild else name in listed)]
