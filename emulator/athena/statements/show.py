"""SHOW and DESCRIBE: metadata of Glue and Iceberg as Athena's lines of text."""

import re
from typing import TYPE_CHECKING

from sqlglot.expressions import DType

from emulator.athena.runtime import sql_types
from emulator.athena.runtime.errors import AthenaError, not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import Columns, StatementResult
from emulator.athena.runtime.statements import (
    Describe,
    Name,
    ShowColumns,
    ShowCreate,
    ShowDatabases,
    ShowFunctions,
    ShowPartitions,
    ShowProperties,
    ShowTables,
)
from emulator.athena.statements import show_create
from emulator.athena.tables import access, catalog
from emulator.athena.tables.hive_scan import columns as hive_columns
from emulator.athena.tables.hive_scan import partition_keys
from emulator.athena.tables.iceberg_scan import columns as iceberg_columns
from emulator.athena.typing.functions import FUNCTIONS

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

_WIDTH = 20
_MAPPING = "schema.name-mapping.default"  # names all columns
# The type of these results is Hive's string.
_STRING = sql_types.typed(DType.TEXT)


def _string_columns(*names: str) -> Columns:
    return [(name, _STRING) for name in names]


def _matching(names: list[str], pattern: str | None) -> list[str]:
    """Return the names that match a pattern of Hive, in which `*` is any text and `|` means or."""
    if pattern is None:
        return names
    regex = re.compile(pattern.lower().replace(".*", "*").replace("*", ".*"))
    return [name for name in names if regex.fullmatch(name)]


def _padded(*parts: str) -> str:
    return "\t".join(part.ljust(_WIDTH) for part in parts)


def _table(run: Run, name: Name) -> "TableTypeDef":
    database = name.database or run.context.database
    table = catalog.find_table(run.cloud, database, name.table)
    if table is None:
        raise AthenaError("", f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name.table}")
    return table


def tables(statement: ShowTables, run: Run) -> StatementResult:
    """Run SHOW TABLES or SHOW VIEWS."""
    listed = catalog.tables(run.cloud, statement.database or run.context.database)
    names = [table["Name"] for table in listed if not statement.views or catalog.is_view(table)]
    return StatementResult(
        columns=_string_columns("views" if statement.views else "tab_name"), lines=_matching(names, statement.pattern)
    )


def databases(statement: ShowDatabases, run: Run) -> StatementResult:
    """Run SHOW DATABASES."""
    names = [database["Name"] for database in catalog.databases(run.cloud)]
    return StatementResult(columns=_string_columns("database_name"), lines=_matching(names, statement.pattern))


def columns(statement: ShowColumns, run: Run) -> StatementResult:
    """Run SHOW COLUMNS."""
    table = _table(run, statement.name)
    return StatementResult(
        columns=_string_columns("field"), lines=[_padded(name) for name, _, _ in _described_columns(run, table)]
    )


def partitions(statement: ShowPartitions, run: Run) -> StatementResult:
    """Run SHOW PARTITIONS."""
    table = _table(run, statement.name)
    name = f"{table['DatabaseName']}.{table['Name']}"
    if catalog.is_iceberg(table):
        raise not_supported(f'SHOW PARTITIONS of an Iceberg table; query "{table["Name"]}$partitions" instead')
    keys = [key["Name"] for key in partition_keys(table)]
    if not keys:
        raise AthenaError("", f"FAILED: Execution Error, return code 1: Table {name} is not a partitioned table")
    lines = [
        "/".join(f"{key}={value}" for key, value in zip(keys, partition["Values"], strict=True))
        for partition in catalog.partitions(run.cloud, table)
    ]
    return StatementResult(columns=_string_columns("partition"), lines=sorted(lines))


def create(statement: ShowCreate, run: Run) -> StatementResult:
    """Run SHOW CREATE TABLE or SHOW CREATE VIEW."""
    table = _table(run, statement.name)
    if statement.view is not catalog.is_view(table):
        kind = "view" if statement.view else "table"
        raise AthenaError("", f"FAILED: SemanticException {table['DatabaseName']}.{table['Name']} is not a {kind}")
    text = show_create.create_view(table) if statement.view else show_create.create_table(run, table)
    return StatementResult(
        columns=_string_columns("Create View" if statement.view else "createtab_stmt"), lines=text.splitlines()
    )


def properties(statement: ShowProperties, run: Run) -> StatementResult:
    """Run SHOW TBLPROPERTIES."""
    table = _table(run, statement.name)
    parameters = dict(table.get("Parameters", {}))
    if catalog.is_iceberg(table):
        parameters |= run.cloud.catalog.load_table((table["DatabaseName"], table["Name"])).properties
        if _MAPPING in parameters and not access.of(run.cloud, table, "DESCRIBE").is_whole:
            del parameters[_MAPPING]
    lines = [f"{k}\t{v}" for k, v in sorted(parameters.items()) if statement.property in (None, k)]
    return StatementResult(columns=_string_columns("prpt_name", "prpt_value"), lines=lines)


def functions(statement: ShowFunctions, run: Run) -> StatementResult:
    """Run SHOW FUNCTIONS."""
    names = _matching(sorted(FUNCTIONS), statement.pattern)
    return StatementResult(
        columns=_string_columns("Function"), lines=[f.signature for name in names for f in FUNCTIONS[name]]
    )


def describe(statement: Describe, run: Run) -> StatementResult:
    """Run DESCRIBE."""
    table = _table(run, statement.name)
    lines = [_padded(*column) for column in _described_columns(run, table)]
    if catalog.is_iceberg(table):
        lines = [_padded("# Table schema:", "", ""), _padded("# col_name", "data_type", "comment"), *lines]
        lines += show_create.partition_lines(run, table)
    elif partition_keys(table):
        keys = {key["Name"] for key in partition_keys(table)}
        header = [_padded("", "", ""), _padded("# Partition Information", "", "")]
        header += [_padded("# col_name", "data_type", "comment"), _padded("", "", "")]
        lines += [*header, *(_padded(*c) for c in _described_columns(run, table) if c[0] in keys)]
    if statement.detailed:
        lines += show_create.detail_lines(table)
    return StatementResult(columns=_string_columns("col_name", "data_type", "comment"), lines=lines)


def _described_columns(run: Run, table: "TableTypeDef") -> list[tuple[str, str, str]]:
    """Return name, Hive type and comment of each column, for an Iceberg table from its own schema."""
    if catalog.is_iceberg(table):
        schema = run.cloud.catalog.load_table((table["DatabaseName"], table["Name"])).schema()
        types = iceberg_columns(schema)
        shown = access.described(run.cloud, table)
        return [
            (name, show_create.iceberg_type_name(types[name]), field.doc or "")
            for name, field in zip(types, schema.fields, strict=True)
            if shown is None or name in shown
        ]
    if catalog.is_view(table):
        return [(c["Name"], c["Type"], c.get("Comment", "")) for c in table["StorageDescriptor"]["Columns"]]
    all_columns = [*table["StorageDescriptor"]["Columns"], *partition_keys(table)]
    kinds = {c["Name"].lower(): (c["Type"], c.get("Comment", "")) for c in all_columns}
    return [(name, *kinds[name]) for name in hive_columns(table)]
