"""The statements of Athena, as data. Each class says how Athena classifies it: StatementType and SubstatementType."""

from dataclasses import dataclass, field
from typing import ClassVar

from sqlglot import exp
from sqlglot.expressions import DataType


@dataclass(frozen=True, slots=True)
class Name:
    """Name of a table or view; without a database, in that of the query's context."""

    database: str | None
    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a Hive DDL statement."""

    name: str
    type: DataType
    hive_type: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Any statement.

    Attributes:
        text: the statement as it was sent, without comments and semicolon at its ends.
    """

    type: ClassVar[str]
    subtype: ClassVar[str]
    text: str


# --- queries and changes of rows ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Query(Statement):
    type, subtype = "DML", "SELECT"
    tree: exp.Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain(Statement):
    type, subtype = "UTILITY", "EXPLAIN"
    tree: exp.Expr
    analyze: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTableAs(Statement):
    type, subtype = "DDL", "CREATE_TABLE_AS_SELECT"
    name: Name
    if_not_exists: bool
    properties: dict[str, str | list[str]]
    tree: exp.Expr
    with_data: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateView(Statement):
    type, subtype = "DDL", "CREATE_VIEW"
    name: Name
    replace: bool
    tree: exp.Expr
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert(Statement):
    type, subtype = "DML", "INSERT"
    name: Name
    columns: list[str]
    tree: exp.Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Statement):
    type, subtype = "DML", "UPDATE"
    name: Name
    tree: exp.Update


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Statement):
    type, subtype = "DML", "DELETE"
    name: Name
    tree: exp.Delete


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Statement):
    type, subtype = "DML", "MERGE"
    name: Name
    tree: exp.Merge


@dataclass(frozen=True, slots=True, kw_only=True)
class Unload(Statement):
    type, subtype = "DML", "UNLOAD"
    tree: exp.Expr
    location: str
    properties: dict[str, str | list[str]]


# --- definitions ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTable(Statement):
    type, subtype = "DDL", "CREATE_TABLE"
    name: Name
    external: bool
    if_not_exists: bool
    columns: list[Column]
    partition_columns: list[Column]
    partition_transforms: list[str]
    comment: str
    serde: str
    serde_properties: dict[str, str]
    format: str
    input_format: str
    output_format: str
    location: str
    properties: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTable(Statement):
    type, subtype = "DDL", "DROP_TABLE"
    name: Name
    if_exists: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DropView(Statement):
    type, subtype = "DDL", "DROP_VIEW"
    name: Name
    if_exists: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDatabase(Statement):
    type, subtype = "DDL", "CREATE_DATABASE"
    database: str
    if_not_exists: bool
    comment: str
    location: str
    properties: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropDatabase(Statement):
    type, subtype = "DDL", "DROP_DATABASE"
    database: str
    if_exists: bool
    cascade: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterDatabase(Statement):
    type, subtype = "DDL", "ALTER_DATABASE_SET_DBPROPERTIES"
    database: str
    properties: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddColumns(Statement):
    type, subtype = "DDL", "ALTER_TABLE_ADD_COLUMNS"
    name: Name
    columns: list[Column]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceColumns(Statement):
    type, subtype = "DDL", "ALTER_TABLE_REPLACE_COLUMNS"
    name: Name
    columns: list[Column]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeColumn(Statement):
    type, subtype = "DDL", "ALTER_TABLE_CHANGE_COLUMN"
    name: Name
    old: str
    column: Column
    first: bool
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropColumn(Statement):
    type, subtype = "DDL", "ALTER_TABLE_DROP_COLUMN"
    name: Name
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameTable(Statement):
    type, subtype = "DDL", "ALTER_TABLE_RENAME"
    name: Name
    new: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class SetProperties(Statement):
    type, subtype = "DDL", "ALTER_TABLE_SET_TBLPROPERTIES"
    name: Name
    properties: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsetProperties(Statement):
    type, subtype = "DDL", "ALTER_TABLE_UNSET_TBLPROPERTIES"
    name: Name
    properties: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLocation(Statement):
    type, subtype = "DDL", "ALTER_TABLE_SET_LOCATION"
    name: Name
    partition: dict[str, str]
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPartitions(Statement):
    type, subtype = "DDL", "ALTER_TABLE_ADD_PARTITION"
    name: Name
    if_not_exists: bool
    partitions: list[tuple[dict[str, str], str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropPartitions(Statement):
    type, subtype = "DDL", "ALTER_TABLE_DROP_PARTITION"
    name: Name
    if_exists: bool
    partitions: list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairTable(Statement):
    type, subtype = "DDL", "MSCK_REPAIR"
    name: Name


# --- looking around, upkeep, prepared statements ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowTables(Statement):
    type, subtype = "UTILITY", "SHOW_TABLES"
    database: str | None
    pattern: str | None
    views: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDatabases(Statement):
    type, subtype = "UTILITY", "SHOW_DATABASES"
    pattern: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowColumns(Statement):
    type, subtype = "UTILITY", "SHOW_COLUMNS"
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPartitions(Statement):
    type, subtype = "UTILITY", "SHOW_PARTITIONS"
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCreate(Statement):
    type, subtype = "UTILITY", "SHOW_CREATE_TABLE"
    name: Name
    view: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowProperties(Statement):
    type, subtype = "UTILITY", "SHOW_TBLPROPERTIES"
    name: Name
    property: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowFunctions(Statement):
    type, subtype = "UTILITY", "SHOW_FUNCTIONS"
    pattern: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Describe(Statement):
    type, subtype = "UTILITY", "DESCRIBE"
    name: Name
    detailed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimize(Statement):
    type, subtype = "DML", "OPTIMIZE"
    name: Name
    where: exp.Expr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacuum(Statement):
    type, subtype = "DML", "VACUUM"
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare(Statement):
    type, subtype = "DDL", "PREPARE"
    statement: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deallocate(Statement):
    type, subtype = "DDL", "DEALLOCATE_PREPARE"
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Execute(Statement):
    type, subtype = "DML", "EXECUTE"
    statement: str
    parameters: list[str] = field(default_factory=list)
