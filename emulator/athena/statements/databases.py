"""CREATE, ALTER and DROP DATABASE."""

from typing import Any

from emulator.athena.runtime.errors import AthenaError
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import NO_LINES, StatementResult
from emulator.athena.runtime.statements import AlterDatabase, CreateDatabase, DropDatabase
from emulator.athena.statements.create_table import drop_table
from emulator.athena.tables import access, catalog


def create(statement: CreateDatabase, run: Run) -> StatementResult:
    """Run CREATE DATABASE."""
    if catalog.find_database(run.cloud, statement.database) is not None:
        if statement.if_not_exists:
            return NO_LINES
        raise AthenaError("", f"FAILED: Execution Error, return code 1: Database {statement.database} already exists")
    new: Any = {"Name": statement.database, "Parameters": statement.properties}
    if statement.comment:
        new["Description"] = statement.comment
    if statement.location:
        new["LocationUri"] = statement.location
    run.cloud.glue.create_database(DatabaseInput=new)
    return NO_LINES


def alter(statement: AlterDatabase, run: Run) -> StatementResult:
    """Run ALTER DATABASE."""
    database = catalog.find_database(run.cloud, statement.database)
    if database is None:
        raise AthenaError("", f"FAILED: SemanticException [Error 10072]: Database does not exist: {statement.database}")
    members = {key: value for key, value in database.items() if key in ("Name", "Description", "LocationUri") and value}
    changed: Any = {**members, "Parameters": {**database.get("Parameters", {}), **statement.properties}}
    run.cloud.glue.update_database(Name=statement.database, DatabaseInput=changed)
    return NO_LINES


def drop(statement: DropDatabase, run: Run) -> StatementResult:
    """Run DROP DATABASE."""
    if catalog.find_database(run.cloud, statement.database) is None:
        if statement.if_exists:
            return NO_LINES
        raise AthenaError("", f"FAILED: SemanticException [Error 10072]: Database does not exist: {statement.database}")
    tables = catalog.tables(run.cloud, statement.database)
    if tables and not statement.cascade:
        raise AthenaError(
            "",
            "FAILED: Execution Error, return code 1: InvalidOperationException(message:Database "
            f"{statement.database} is not empty. One or more tables exist.)",
        )
    access.require_on_database(run.cloud, statement.database, "DROP")
    for table in tables:
        access.require(run.cloud, table, "DROP")
    for table in tables:
        drop_table(run.cloud, table)
    run.cloud.glue.delete_database(Name=statement.database)
    return NO_LINES
