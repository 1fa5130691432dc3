"""The statements of Athena as data. Each class has Athena's StatementType (`type`) and SubstatementType (`subtype`).

One file, because it is a list: one short class for each kind of statement, without logic.
"""

from dataclasses import dataclass, field
from typing import ClassVar, TypeVar, dataclass_transform

from sqlglot import exp
from sqlglot.expressions import DataType

Class = TypeVar("Class")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def statement(cls: type[Class]) -> type[Class]:
    """Make a frozen dataclass with keyword arguments of a class."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a table or view.

    Attributes:
        database: None for the database of the query's context.
        table: table or view.
    """

    database: str | None
    table: str


@statement
class Column:
    """A column of a Hive DDL statement.

    Attributes:
        name: name in lower case.
        type: the type that queries see.
        hive_type: the type as it is written, without spaces.
        comment: empty if there is none.
    """

    name: str
    type: DataType
    hive_type: str
    comment: str = ""


@statement
class Statement:
    """A statement.

    Attributes:
        type: `StatementType` of the execution.
        subtype: `SubstatementType` of the execution.
        text: the statement as it was sent, without comments and semicolons at its end.
    """

    type: ClassVar[str]
    subtype: ClassVar[str]
    text: str


# --- queries and changes of rows ------------------------------------------------------------------------------------


@statement
class Query(Statement):
    type, subtype = "DML", "SELECT"
    tree: exp.Expr


@statement
class Explain(Statement):
    type, subtype = "UTILITY", "EXPLAIN"
    tree: exp.Expr
    analyze: bool


@statement
class CreateTableAs(Statement):
    type, subtype = "DDL", "CREATE_TABLE_AS_SELECT"
    name: Name
    if_not_exists: bool
    properties: dict[str, str | list[str]]
    tree: exp.Expr
    with_data: bool


@statement
class CreateView(Statement):
    type, subtype = "DDL", "CREATE_VIEW"
    name: Name
    replace: bool
    tree: exp.Expr
    sql: str


@statement
class Insert(Statement):
    type, subtype = "DML", "INSERT"
    name: Name
    columns: list[str]
    tree: exp.Expr


@statement
class Update(Statement):
    type, subtype = "DML", "UPDATE"
    name: Name
    tree: exp.Update


@statement
class Delete(Statement):
    type, subtype = "DML", "DELETE"
    name: Name
    tree: exp.Delete


@statement
class Merge(Statement):
    type, subtype = "DML", "MERGE"
    name: Name
    tree: exp.Merge


@statement
class Unload(Statement):
    type, subtype = "DML", "UNLOAD"
    tree: exp.Expr
    location: str
    properties: dict[str, str | list[str]]


# --- definitions ----------------------------------------------------------------------------------------------------


@statement
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


@statement
class DropTable(Statement):
    type, subtype = "DDL", "DROP_TABLE"
    name: Name
    if_exists: bool


@statement
class DropView(Statement):
    type, subtype = "DDL", "DROP_VIEW"
    name: Name
    if_exists: bool


@statement
class CreateDatabase(Statement):
    type, subtype = "DDL", "CREATE_DATABASE"
    database: str
    if_not_exists: bool
    comment: str
    location: str
    properties: dict[str, str]


@statement
class DropDatabase(Statement):
    type, subtype = "DDL", "DROP_DATABASE"
    database: str
    if_exists: bool
    cascade: bool


@statement
class AlterDatabase(Statement):
    type, subtype = "DDL", "ALTER_DATABASE_SET_DBPROPERTIES"
    database: str
    properties: dict[str, str]


@statement
class AddColumns(Statement):
    type, subtype = "DDL", "ALTER_TABLE_ADD_COLUMNS"
    name: Name
    columns: list[Column]


@statement
class ReplaceColumns(Statement):
    type, subtype = "DDL", "ALTER_TABLE_REPLACE_COLUMNS"
    name: Name
    columns: list[Column]


@statement
class ChangeColumn(Statement):
    type, subtype = "DDL", "ALTER_TABLE_CHANGE_COLUMN"
    name: Name
    old: str
    column: Column
    first: bool
    after: str | None


@statement
class DropColumn(Statement):
    type, subtype = "DDL", "ALTER_TABLE_DROP_COLUMN"
    name: Name
    column: str


@statement
class RenameTable(Statement):
    type, subtype = "DDL", "ALTER_TABLE_RENAME"
    name: Name
    new: Name


@statement
class SetProperties(Statement):
    type, subtype = "DDL", "ALTER_TABLE_SET_TBLPROPERTIES"
    name: Name
    properties: dict[str, str]


@statement
class UnsetProperties(Statement):
    type, subtype = "DDL", "ALTER_TABLE_UNSET_TBLPROPERTIES"
    name: Name
    properties: list[str]


@statement
class SetLocation(Statement):
    type, subtype = "DDL", "ALTER_TABLE_SET_LOCATION"
    name: Name
    partition: dict[str, str]
    location: str


@statement
class AddPartitions(Statement):
    type, subtype = "DDL", "ALTER_TABLE_ADD_PARTITION"
    name: Name
    if_not_exists: bool
    partitions: list[tuple[dict[str, str], str | None]]


@statement
class DropPartitions(Statement):
    type, subtype = "DDL", "ALTER_TABLE_DROP_PARTITION"
    name: Name
    if_exists: bool
    partitions: list[dict[str, str]]


@statement
class RepairTable(Statement):
    type, subtype = "DDL", "MSCK_REPAIR"
    name: Name


# --- information, maintenance, prepared statements ------------------------------------------------------------------


@statement
class ShowTables(Statement):
    type, subtype = "UTILITY", "SHOW_TABLES"
    database: str | None
    pattern: str | None
    views: bool = False


@statement
class ShowDatabases(Statement):
    type, subtype = "UTILITY", "SHOW_DATABASES"
    pattern: str | None


@statement
class ShowColumns(Statement):
    type, subtype = "UTILITY", "SHOW_COLUMNS"
    name: Name


@statement
class ShowPartitions(Statement):
    type, subtype = "UTILITY", "SHOW_PARTITIONS"
    name: Name


@statement
class ShowCreate(Statement):
    type, subtype = "UTILITY", "SHOW_CREATE_TABLE"
    name: Name
    view: bool


@statement
class ShowProperties(Statement):
    type, subtype = "UTILITY", "SHOW_TBLPROPERTIES"
    name: Name
    property: str | None


@statement
class ShowFunctions(Statement):
    type, subtype = "UTILITY", "SHOW_FUNCTIONS"
    pattern: str | None


@statement
class Describe(Statement):
    type, subtype = "UTILITY", "DESCRIBE"
    name: Name
    detailed: bool


@statement
class Optimize(Statement):
    type, subtype = "DML", "OPTIMIZE"
    name: Name
    where: exp.Expr | None


@statement
class Vacuum(Statement):
    type, subtype = "DML", "VACUUM"
    name: Name


@statement
class Prepare(Statement):
    type, subtype = "DDL", "PREPARE"
    statement: str
    query: str


@statement
class Deallocate(Statement):
    type, subtype = "DDL", "DEALLOCATE_PREPARE"
    statement: str


@statement
class Execute(Statement):
    type, subtype = "DML", "EXECUTE"
    statement: str
    parameters: list[str] = field(default_factory=list)
