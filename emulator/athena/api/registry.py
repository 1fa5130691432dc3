"""Which function runs which kind of statement."""

from collections.abc import Callable, Mapping
from typing import Any

from emulator.athena.api import prepared
from emulator.athena.parsing.parse import parse
from emulator.athena.runtime import statements
from emulator.athena.runtime.denials import denials
from emulator.athena.runtime.errors import not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import StatementResult
from emulator.athena.statements import (
    alter_table,
    create_table,
    create_view,
    ctas,
    databases,
    dml,
    insert,
    maintenance,
    partitions,
    query,
    show,
)
from emulator.athena.trino import statements as trino_statements

HANDLERS: Mapping[type[statements.Statement], Callable[[Any, Run], StatementResult]] = {
    statements.Query: query.select,
    statements.Explain: query.explain,
    statements.Insert: insert.insert,
    statements.Update: dml.update,
    statements.Delete: dml.delete,
    statements.Merge: dml.merge,
    statements.Unload: insert.unload,
    statements.CreateTable: create_table.create,
    statements.CreateTableAs: ctas.create_table_as,
    statements.CreateView: create_view.create,
    statements.CreateDatabase: databases.create,
    statements.DropTable: create_table.drop,
    statements.DropView: create_view.drop,
    statements.DropDatabase: databases.drop,
    statements.AlterDatabase: databases.alter,
    statements.AddColumns: alter_table.add_columns,
    statements.ReplaceColumns: alter_table.replace_columns,
    statements.ChangeColumn: alter_table.change_column,
    statements.DropColumn: alter_table.drop_column,
    statements.RenameTable: alter_table.rename,
    statements.SetProperties: alter_table.set_properties,
    statements.UnsetProperties: alter_table.unset_properties,
    statements.SetLocation: alter_table.set_location,
    statements.AddPartitions: partitions.add,
    statements.DropPartitions: partitions.drop,
    statements.RepairTable: partitions.repair,
    statements.ShowTables: show.tables,
    statements.ShowDatabases: show.databases,
    statements.ShowColumns: show.columns,
    statements.ShowPartitions: show.partitions,
    statements.ShowCreate: show.create,
    statements.ShowProperties: show.properties,
    statements.ShowFunctions: show.functions,
    statements.Describe: show.describe,
    statements.Optimize: maintenance.optimize,
    statements.Vacuum: maintenance.vacuum,
    statements.Prepare: prepared.prepare,
    statements.Deallocate: prepared.deallocate,
}

OF_TRINO: Mapping[type[statements.Statement], Callable[[Any, Run], StatementResult]] = {
    **HANDLERS,
    statements.Query: trino_statements.select,
    statements.Explain: trino_statements.explain,
    statements.Insert: trino_statements.change,
    statements.Update: trino_statements.change,
    statements.Delete: trino_statements.change,
    statements.Merge: trino_statements.change,
    statements.Unload: trino_statements.unload,
    statements.CreateTableAs: trino_statements.create_table_as,
    statements.CreateView: trino_statements.view,
}


def read(sql: str, *, trino: str | None) -> statements.Statement:
    """Return the statement of a text, whose query Trino reads itself if its address is given; raises as `parse`."""
    return parse(sql) if trino is None else parse(sql, read=trino_statements.read)


def checked(sql: str, *, trino: str | None) -> statements.Statement:
    """Return the statement of a text, of which Trino has checked the syntax if it runs it; raises as `parse`."""
    statement = read(sql, trino=trino)
    if trino is not None:
        trino_statements.check(trino, statement)
    return statement


def execute(statement: statements.Statement, run: Run) -> StatementResult:
    """Run a statement.

    Raises:
        AthenaError: the statement failed, or its kind cannot be run.
        CancelledError: the statement was stopped.
    """
    handlers = HANDLERS if run.context.trino is None else OF_TRINO
    handler = handlers.get(type(statement))
    if handler is None:
        raise not_supported(type(statement).__name__)
    with denials(run.cloud):
        return handler(statement, run)
