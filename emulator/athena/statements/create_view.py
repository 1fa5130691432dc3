"""CREATE VIEW and DROP VIEW."""

from collections.abc import Callable
from typing import Any

from sqlglot.expressions import DataType

from emulator.athena.binding.bind import bind
from emulator.athena.runtime import type_names
from emulator.athena.runtime.errors import AthenaError
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import NO_LINES, Columns, StatementResult
from emulator.athena.runtime.statements import CreateView, DropView
from emulator.athena.statements.ctas import check_columns
from emulator.athena.tables import catalog, views


def create(statement: CreateView, run: Run) -> StatementResult:
    """Run CREATE VIEW."""
    within = (statement.name.database or run.context.database, statement.name.table)
    return store(statement, run, lambda: bind(run, statement.tree, within=within).columns)


def store(statement: CreateView, run: Run, output: Callable[[], Columns]) -> StatementResult:
    """Store a view in Glue.

    Args:
        statement: the statement.
        run: its run.
        output: returns the columns of the view's query, once the view may be created.
    """
    database, name = statement.name.database or run.context.database, statement.name.table
    existing = catalog.find_table(run.cloud, database, name)
    if existing is not None and not catalog.is_view(existing):
        raise AthenaError(
            "TABLE_ALREADY_EXISTS", f"line 1:1: Table already exists: '{catalog.CATALOG}.{database}.{name}'"
        )
    if existing is not None and not statement.replace:
        raise AthenaError(
            "TABLE_ALREADY_EXISTS", f"line 1:1: View already exists: '{catalog.CATALOG}.{database}.{name}'"
        )
    if catalog.find_database(run.cloud, database) is None:
        raise AthenaError("SCHEMA_NOT_FOUND", f"line 1:1: Schema '{database}' does not exist")
    found = output()
    check_columns(found)
    columns = [(column.lower(), dt) for column, dt in found]
    new: Any = {
        "Name": name,
        "TableType": "VIRTUAL_VIEW",
        "Owner": "hadoop",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": [{"Name": column, "Type": _hive_type(dt)} for column, dt in columns],
            "Location": "",
            "SerdeInfo": {},
        },
        "ViewOriginalText": views.encode(statement.sql, schema=run.context.database, columns=columns),
        "ViewExpandedText": "/* Presto View */",
    }
    if existing is None:
        run.cloud.glue.create_table(DatabaseName=database, TableInput=new)
    else:
        catalog.update_table(run.cloud, existing, **new)
    return NO_LINES


def _hive_type(dt: DataType) -> str:
    """Return the type of the column in Glue; the definition of the view has the exact type."""
    try:
        return type_names.hive_name(dt)
    except ValueError:
        return "string"


def drop(statement: DropView, run: Run) -> StatementResult:
    """Run DROP VIEW."""
    database, name = statement.name.database or run.context.database, statement.name.table
    view = catalog.find_table(run.cloud, database, name)
    if view is None and statement.if_exists:
        return NO_LINES
    if view is None or not catalog.is_view(view):
        raise AthenaError("TABLE_NOT_FOUND", f"line 1:1: View '{catalog.CATALOG}.{database}.{name}' does not exist")
    run.cloud.glue.delete_table(DatabaseName=database, Name=name)
    return NO_LINES
