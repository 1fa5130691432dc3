"""ALTER TABLE: columns, name, properties, location."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyiceberg.exceptions import ValidationError
from pyiceberg.table import Table
from pyiceberg.table.update.schema import UpdateSchema

from emulator.athena.runtime import sql_text
from emulator.athena.runtime.errors import AthenaError, not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import NO_LINES, StatementResult
from emulator.athena.runtime.statements import (
    AddColumns,
    ChangeColumn,
    Column,
    DropColumn,
    Name,
    RenameTable,
    ReplaceColumns,
    SetLocation,
    SetProperties,
    UnsetProperties,
)
from emulator.athena.statements.create_table import iceberg_properties, iceberg_schema
from emulator.athena.tables import access, catalog, hive_write, iceberg_write
from emulator.athena.tables.hive_scan import partition_keys

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef


def _table(run: Run, name: Name) -> "TableTypeDef":
    database = name.database or run.context.database
    table = catalog.find_table(run.cloud, database, name.table)
    if table is None or catalog.is_view(table):
        raise AthenaError("", f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name.table}")
    access.require(run.cloud, table, *access.COMMIT)
    return access.of(run.cloud, table, "ALTER").table


def _require_iceberg(table: "TableTypeDef", clause: str) -> None:
    if not catalog.is_iceberg(table):
        raise not_supported(f"{clause} of a Hive table: {table['DatabaseName']}.{table['Name']}")


def _evolve(run: Run, table: "TableTypeDef", change: Callable[[UpdateSchema], object]) -> StatementResult:
    """Commit a change of an Iceberg table's schema."""

    def commit(loaded: Table) -> None:
        with loaded.update_schema(case_sensitive=False) as update:
            change(update)

    try:
        iceberg_write.retry_commit(run, (table["DatabaseName"], table["Name"]), commit)
    except (ValueError, ValidationError) as error:
        raise AthenaError("", f"FAILED: Execution Error, return code 1: {error}") from None
    return NO_LINES


def _hive_columns(columns: list[Column]) -> list[dict[str, str]]:
    return [{"Name": c.name, "Type": c.hive_type, **({"Comment": c.comment} if c.comment else {})} for c in columns]


def add_columns(statement: AddColumns, run: Run) -> StatementResult:
    """Run ALTER TABLE ADD COLUMNS."""
    table = _table(run, statement.name)
    if catalog.is_iceberg(table):

        def change(update: UpdateSchema) -> None:
            for field in iceberg_schema(statement.columns).fields:
                update.add_column(field.name, field.field_type, doc=field.doc)

        return _evolve(run, table, change)
    storage: Any = table["StorageDescriptor"]
    existing = {column["Name"] for column in [*storage["Columns"], *partition_keys(table)]}
    for column in statement.columns:
        if column.name in existing:
            raise AthenaError("", f"FAILED: Execution Error, return code 1: Duplicate column name: {column.name}")
    changed = {**storage, "Columns": [*storage["Columns"], *_hive_columns(statement.columns)]}
    catalog.update_table(run.cloud, table, StorageDescriptor=changed)
    return NO_LINES


def replace_columns(statement: ReplaceColumns, run: Run) -> StatementResult:
    """Run ALTER TABLE REPLACE COLUMNS."""
    table = _table(run, statement.name)
    if catalog.is_iceberg(table):
        raise not_supported("REPLACE COLUMNS of an Iceberg table")
    changed = {**table["StorageDescriptor"], "Columns": _hive_columns(statement.columns)}
    catalog.update_table(run.cloud, table, StorageDescriptor=changed)
    return NO_LINES


def change_column(statement: ChangeColumn, run: Run) -> StatementResult:
    """Run ALTER TABLE CHANGE COLUMN."""
    table = _table(run, statement.name)
    _require_iceberg(table, "CHANGE COLUMN")

    def change(update: UpdateSchema) -> None:
        new = statement.column
        field = iceberg_schema([new]).fields[0]
        update.update_column(statement.old, field_type=field.field_type, doc=field.doc)
        if statement.first:
            update.move_first(statement.old)
        if statement.after:
            update.move_after(statement.old, statement.after)
        if new.name != statement.old:
            update.rename_column(statement.old, new.name)

    return _evolve(run, table, change)


def drop_column(statement: DropColumn, run: Run) -> StatementResult:
    """Run ALTER TABLE DROP COLUMN."""
    table = _table(run, statement.name)
    _require_iceberg(table, "DROP COLUMN")
    return _evolve(run, table, lambda update: update.delete_column(statement.column))


def rename(statement: RenameTable, run: Run) -> StatementResult:
    """Run ALTER TABLE RENAME TO."""
    table = _table(run, statement.name)
    _require_iceberg(table, "RENAME TO")
    database, name = statement.new.database or table["DatabaseName"], statement.new.table
    if catalog.find_table(run.cloud, database, name) is not None:
        raise AthenaError("", f"FAILED: Execution Error, return code 1: new table {database}.{name} already exists")
    if catalog.find_database(run.cloud, database) is None:
        raise AthenaError("", f"FAILED: SemanticException [Error 10072]: Database does not exist: {database}")
    access.require(run.cloud, table, "DROP")
    location = table["StorageDescriptor"].get("Location", "")
    new = (access.CREATE_TABLE, access.LOCATION)
    access.require_on_database(run.cloud, database, *new, table=name, location=location)
    run.cloud.catalog.rename_table((table["DatabaseName"], table["Name"]), (database, name))
    return NO_LINES


def set_properties(statement: SetProperties, run: Run) -> StatementResult:
    """Run ALTER TABLE SET TBLPROPERTIES."""
    table = _table(run, statement.name)
    if catalog.is_iceberg(table):
        properties = iceberg_properties(statement.properties)

        def commit(loaded: Table) -> None:
            with loaded.transaction() as transaction:
                transaction.set_properties(properties)

        iceberg_write.retry_commit(run, (table["DatabaseName"], table["Name"]), commit)
    else:
        catalog.update_table(run.cloud, table, Parameters={**table.get("Parameters", {}), **statement.properties})
    return NO_LINES


def unset_properties(statement: UnsetProperties, run: Run) -> StatementResult:
    """Run ALTER TABLE UNSET TBLPROPERTIES."""
    table = _table(run, statement.name)
    _require_iceberg(table, "UNSET TBLPROPERTIES")

    def commit(loaded: Table) -> None:
        with loaded.transaction() as transaction:
            transaction.remove_properties(*statement.properties)

    iceberg_write.retry_commit(run, (table["DatabaseName"], table["Name"]), commit)
    # PyIceberg copies properties to Glue, but does not remove them there.
    table = _table(run, statement.name)
    parameters = {key: value for key, value in table.get("Parameters", {}).items() if key not in statement.properties}
    catalog.update_table(run.cloud, table, Parameters=parameters)
    return NO_LINES


def set_location(statement: SetLocation, run: Run) -> StatementResult:
    """Run ALTER TABLE SET LOCATION, of the table or of a partition."""
    table = _table(run, statement.name)
    location = hive_write.check_location(statement.location)
    if catalog.is_iceberg(table):
        raise not_supported("SET LOCATION of an Iceberg table")
    if not statement.partition:
        catalog.update_table(run.cloud, table, StorageDescriptor={**table["StorageDescriptor"], "Location": location})
        return NO_LINES
    values = [statement.partition.get(key["Name"].lower(), "") for key in partition_keys(table)]
    partition = next((p for p in catalog.partitions(run.cloud, table) if p["Values"] == values), None)
    if partition is None:
        raise AthenaError("", f"FAILED: SemanticException partition not found: {sql_text.literal(', '.join(values))}")
    changed: Any = {"Values": values, "StorageDescriptor": {**partition["StorageDescriptor"], "Location": location}}
    run.cloud.glue.batch_update_partition(
        DatabaseName=table["DatabaseName"],
        TableName=table["Name"],
        Entries=[{"PartitionValueList": values, "PartitionInput": changed}],
    )
    return NO_LINES
