"""CREATE TABLE AS SELECT, of Iceberg tables and of Hive tables."""

from pyiceberg.exceptions import TableAlreadyExistsError
from sqlglot.expressions import DataType, DType

from emulator.athena.runtime import sql_types, type_names
from emulator.athena.runtime.errors import AthenaError, not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import ROWS, Columns, StatementResult
from emulator.athena.runtime.statements import CreateTableAs
from emulator.athena.statements import partitions
from emulator.athena.statements.query import prepare, typed_select
from emulator.athena.tables import access, catalog, hive_write, iceberg_types, iceberg_write, table_input
from emulator.athena.tables.iceberg_spec import partition_spec

_ICEBERG_PROPERTIES = {
    *("table_type", "is_external", "location", "format", "partitioning", "write_compression", "compression_level"),
    *("optimize_rewrite_min_data_file_size_bytes", "optimize_rewrite_max_data_file_size_bytes"),
    *("optimize_rewrite_data_file_threshold", "optimize_rewrite_delete_file_threshold"),
    *("vacuum_min_snapshots_to_keep", "vacuum_max_snapshot_age_seconds", "vacuum_max_metadata_files_to_keep"),
}
_HIVE_PROPERTIES = {
    *("table_type", "is_external", "external_location", "format", "partitioned_by", "write_compression"),
    *("parquet_compression", "field_delimiter"),
}


def create_table_as(statement: CreateTableAs, run: Run) -> StatementResult:
    """Run CREATE TABLE AS SELECT."""
    if is_there(statement, run):
        return StatementResult(columns=ROWS, update_count=0, files=[])
    bound, sql = prepare(run, statement.tree)
    select, columns = typed_select(run, bound, sql)
    if not statement.with_data:
        select = f"SELECT * FROM ({select}) WHERE false"
    return create(statement, run, select, columns)


def is_there(statement: CreateTableAs, run: Run) -> bool:
    """Return whether IF NOT EXISTS finds the table; if not, check that it may be created.

    Raises:
        AthenaError: it exists, its database does not, the caller may not create it, or it has an unknown property.
    """
    database, name = statement.name.database or run.context.database, statement.name.table
    if catalog.find_table(run.cloud, database, name) is not None:
        if statement.if_not_exists:
            return True
        raise AthenaError(
            "TABLE_ALREADY_EXISTS", f"line 1:1: Destination table '{catalog.CATALOG}.{database}.{name}' already exists"
        )
    if catalog.find_database(run.cloud, database) is None:
        raise AthenaError("SCHEMA_NOT_FOUND", f"line 1:1: Schema '{database}' does not exist")
    iceberg = _is_iceberg(statement)
    location = statement.properties.get("location" if iceberg else "external_location") or ""
    new = (access.CREATE_TABLE, access.LOCATION)
    access.require_on_database(run.cloud, database, *new, table=name, location=str(location))
    _check_properties(statement.properties, _ICEBERG_PROPERTIES if iceberg else _HIVE_PROPERTIES)
    return False


def create(statement: CreateTableAs, run: Run, select: str, columns: Columns) -> StatementResult:
    """Create the table with the rows of a query.

    Args:
        statement: the statement.
        run: its run.
        select: DuckDB SQL of the rows, in columns `c0`, `c1` ...
        columns: name and type of each column.
    """
    check_columns(columns)
    database = statement.name.database or run.context.database
    store = _create_iceberg if _is_iceberg(statement) else _create_hive
    return store(statement, run, database, select, columns)


def _is_iceberg(statement: CreateTableAs) -> bool:
    return str(statement.properties.get("table_type", "HIVE")).upper() == "ICEBERG"


def _check_properties(properties: dict[str, str | list[str]], supported: set[str]) -> None:
    for name in properties:
        if name in ("bucketed_by", "bucket_count"):
            raise not_supported("bucketed Hive tables")
        if name not in supported:
            raise AthenaError(
                "INVALID_TABLE_PROPERTY",
                f"line 1:1: Catalog '{catalog.CATALOG}' table property '{name}' does not exist",
            )


def check_columns(columns: Columns) -> None:
    """Check that the columns of a new table or view have distinct names and known types.

    Raises:
        AthenaError: MISSING_COLUMN_NAME, DUPLICATE_COLUMN_NAME or COLUMN_TYPE_UNKNOWN.
    """
    seen: set[str] = set()
    for position, (name, dt) in enumerate(columns, start=1):
        if name.startswith("_col") and name[4:].isdigit():
            raise AthenaError("MISSING_COLUMN_NAME", f"line 1:1: Column name not specified at position {position}")
        if name.lower() in seen:
            raise AthenaError(
                "DUPLICATE_COLUMN_NAME", f"line 1:1: Column name '{name.lower()}' specified more than once"
            )
        if dt.this is DType.NULL:
            raise AthenaError("COLUMN_TYPE_UNKNOWN", f"line 1:1: Column type is unknown at position {position}")
        seen.add(name.lower())


def _create_iceberg(
    statement: CreateTableAs, run: Run, database: str, select: str, columns: Columns
) -> StatementResult:
    options = statement.properties
    for _, dt in columns:
        _check_iceberg_type(dt)
    file_format = str(options.get("format", "PARQUET")).upper()
    if file_format != "PARQUET":
        raise not_supported(f"Iceberg tables in {file_format}")
    if str(options.get("is_external", "true")).lower() != "false":
        raise AthenaError(
            "INVALID_TABLE_PROPERTY",
            "External table is not supported for table type ICEBERG: is_external must be false",
        )
    location = options.get("location")
    if not isinstance(location, str):
        raise AthenaError(
            "INVALID_TABLE_PROPERTY",
            "Table location can not be null for table type ICEBERG: set the property location",
        )
    schema = iceberg_types.schema([(name.lower(), dt, "") for name, dt in columns])
    try:
        transaction = run.cloud.catalog.create_table_transaction(
            (database, statement.name.table),
            schema,
            location=hive_write.check_location(location).rstrip("/"),
            partition_spec=partition_spec(schema, list(options.get("partitioning", []))),
            properties=_iceberg_properties(options),
        )
        metadata, io = transaction.table_metadata, transaction._table.io
        values = {name.lower(): f"c{index}" for index, (name, _) in enumerate(columns)}
        rows = iceberg_write.table_select(metadata.schema(), values, source=f"({select})")
        files = iceberg_write.write_files(run, rows, metadata=metadata, io=io)
        if files:
            iceberg_write.append(transaction, files)
        transaction.commit_transaction()
    except TableAlreadyExistsError as error:
        raise AthenaError("TABLE_ALREADY_EXISTS", f"line 1:1: {error}") from None
    return StatementResult(
        columns=ROWS, update_count=sum(f.record_count for f in files), files=[file.file_path for file in files]
    )


def _check_iceberg_type(dt: DataType) -> None:
    if dt.this in (DType.TIMESTAMP, DType.TIMESTAMPTZ) and sql_types.digits(dt) != 6:
        zoned = " with time zone" if dt.this is DType.TIMESTAMPTZ else ""
        raise not_supported(
            f"Timestamp precision ({sql_types.digits(dt)}) not supported for Iceberg. "
            f'Use "timestamp(6){zoned}" instead.'
        )
    for part in (t for _, t in sql_types.fields(dt)) if dt.this is DType.STRUCT else dt.expressions:
        if isinstance(part, DataType):
            _check_iceberg_type(part)


def _iceberg_properties(options: dict[str, str | list[str]]) -> dict[str, str]:
    properties = {name: str(value) for name, value in options.items() if name.startswith(("optimize_", "vacuum_"))}
    codec = str(options.get("write_compression", "zstd")).lower()
    return {**properties, "format-version": "2", "write.parquet.compression-codec": codec}


def _create_hive(statement: CreateTableAs, run: Run, database: str, select: str, columns: Columns) -> StatementResult:
    options = statement.properties
    location = options.get("external_location")
    if location is not None and run.context.output_enforced:
        raise AthenaError(
            "INVALID_TABLE_PROPERTY",
            "The Create Table As Select query failed because it was submitted with an 'external_location' property to "
            "an Athena Workgroup that enforces a centralized output location for all queries. Please remove the "
            "'external_location' property and resubmit the query.",
        )
    location = str(location or f"{run.context.output}tables/{run.context.query_id}/")
    if not hive_write.is_empty(run, hive_write.check_location(location)):
        raise AthenaError(
            "HIVE_PATH_ALREADY_EXISTS",
            f"Target directory for table '{database}.{statement.name.table}' already exists: {location}. "
            "You may need to manually clean the data at this location before retrying.",
        )
    for name, dt in columns:
        _check_hive_type(name, dt)
    file_format = str(options.get("format", "PARQUET")).upper()
    delimiter = str(options.get("field_delimiter", "\x01"))
    keys = list(options.get("partitioned_by", []))
    written = hive_write.write(
        run,
        select,
        columns,
        location=location,
        format=file_format,
        compression=str(options.get("write_compression", options.get("parquet_compression", ""))),
        delimiter=delimiter,
        partitioned_by=keys,
    )
    new = table_input.hive(
        statement.name.table,
        [(name.lower(), type_names.hive_name(dt), "") for name, dt in columns],
        partition_columns=len(keys),
        location=location,
        storage=table_input.storage(file_format, delimiter=delimiter),
        parameters={"classification": {"TEXTFILE": "csv"}.get(file_format, file_format.lower())},
    )
    run.cloud.glue.create_table(DatabaseName=database, TableInput=new)
    if written.partitions:
        table = catalog.get_table(run.cloud, database, statement.name.table)
        partitions.register(run.cloud, table, written.partitions, if_not_exists=True)
    return StatementResult(columns=ROWS, update_count=written.rows, files=written.files)


def _check_hive_type(name: str, dt: DataType) -> None:
    if dt.this is DType.TIMESTAMP and sql_types.digits(dt) not in (0, 3):
        raise not_supported(
            f"Incorrect timestamp precision for {type_names.trino_name(dt)}; the configured precision is MILLISECONDS; "
            f"column name: {name}"
        )
    if dt.this in (DType.TIMESTAMPTZ, DType.TIME, DType.JSON, DType.UUID, DType.INTERVAL):
        raise not_supported(f"Unsupported Hive type: {type_names.trino_name(dt)}")
