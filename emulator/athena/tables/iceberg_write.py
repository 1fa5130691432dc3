"""Writing Iceberg tables: the rows of a DuckDB query become data files, data files become a snapshot."""

import itertools
import random
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.io import FileIO
from pyiceberg.io.fileformat import FileFormatFactory
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionKey
from pyiceberg.schema import Schema
from pyiceberg.table import Table, Transaction
from pyiceberg.table.locations import load_location_provider
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.typedef import Record

from emulator.athena.runtime import cloud, sql_text, type_names
from emulator.athena.runtime.errors import AthenaError
from emulator.athena.runtime.run import Run
from emulator.athena.tables import iceberg_partition, iceberg_types

Result = TypeVar("Result")
ATTEMPTS = 8
OPEN_PARTITIONS = 100
_BATCH_ROWS, _CHUNK_BYTES = 100_000, 256 << 20


def write_files(run: Run, sql: str, *, metadata: TableMetadata, io: FileIO) -> list[DataFile]:
    """Write a query's rows as data files of a table, without a commit.

    Args:
        run: the statement's run.
        sql: DuckDB SELECT of the table's columns, in the table's order and types.
        metadata: metadata of the table.
        io: file system of the table.

    Raises:
        AthenaError: the rows have too many partitions, or NULL in a required column.
    """
    files: list[DataFile] = []
    schema, spec = metadata.schema(), metadata.spec()
    names = (f"{number:05d}-{uuid.uuid4()}.parquet" for number in itertools.count())
    try:
        for chunk in _chunks(run, sql, schema):
            for key, rows in iceberg_partition.split(chunk, spec=spec, schema=schema):
                files.append(_write_file(rows, next(names), key=key, metadata=metadata, io=io))
                run.scan.check()
            if len({file.partition for file in files}) > OPEN_PARTITIONS:
                raise AthenaError(
                    "ICEBERG_TOO_MANY_OPEN_PARTITIONS",
                    f"Exceeded limit of {OPEN_PARTITIONS} open writers for partitions",
                )
    except BaseException:
        delete_files(run, files)
        raise
    return files


def _write_file(
    rows: pa.Table, name: str, *, key: PartitionKey | None, metadata: TableMetadata, io: FileIO
) -> DataFile:
    """Write one data file; PyIceberg's `write_file` is not used: it turns a NULL list of structs into an empty one."""
    schema = metadata.schema()
    locations = load_location_provider(table_location=metadata.location, table_properties=metadata.properties)
    path = locations.new_data_location(data_file_name=name, partition_key=key)
    output = io.new_output(path)
    writer = FileFormatFactory.get(FileFormat.PARQUET).create_writer(output, schema, metadata.properties)
    with writer:
        writer.write(rows.cast(schema_to_pyarrow(schema, include_field_ids=True)))
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=key.partition if key else Record(),
        file_size_in_bytes=len(output),
        sort_order_id=None,
        spec_id=metadata.default_spec_id,
        equality_ids=None,
        key_metadata=None,
        **writer.result().to_serialized_dict(),
    )


def _chunks(run: Run, sql: str, schema: Schema) -> Iterator[pa.Table]:
    """Yield the rows in chunks that fit into memory, in the table's Arrow types."""
    target: Any = schema_to_pyarrow(schema, include_field_ids=False)
    batches: list[pa.RecordBatch] = []
    for batch in run.arrow(sql, rows=_BATCH_ROWS):
        batches.append(batch)
        if sum(part.nbytes for part in batches) >= _CHUNK_BYTES:
            yield _conform(pa.Table.from_batches(batches), target)
            batches = []
    if any(len(batch) for batch in batches):
        yield _conform(pa.Table.from_batches(batches), target)


def _conform(rows: pa.Table, target: Any) -> pa.Table:
    for field, column in zip(target, rows.columns, strict=True):
        if not field.nullable and column.null_count:
            raise AthenaError("CONSTRAINT_VIOLATION", f"NULL value not allowed for NOT NULL column: {field.name}")
    return rows.rename_columns(target.names).cast(target)


def delete_files(run: Run, files: list[DataFile]) -> None:
    """Delete data files that were not committed."""
    cloud.delete(run.cloud, [file.file_path for file in files])


def append(transaction: Transaction, files: list[DataFile]) -> None:
    """Append data files in one snapshot of the transaction."""
    with transaction.update_snapshot().fast_append() as snapshot:
        for file in files:
            snapshot.append_data_file(file)


def retry_commit(run: Run, name: tuple[str, str], change: Callable[[Table], Result]) -> Result:
    """Load a table and change it; after a commit conflict, again from the new snapshot.

    Args:
        run: the statement's run.
        name: database and table.
        change: computes and commits the change; removes its files if the commit fails.

    Returns:
        The value of `change`.

    Raises:
        AthenaError: ICEBERG_COMMIT_ERROR: all attempts met conflicts.
    """
    for attempt in itertools.count(1):
        run.scan.check()
        try:
            return change(run.cloud.catalog.load_table(name))
        except (CommitFailedException, ValidationException) as error:
            if attempt == ATTEMPTS:
                raise AthenaError(
                    "ICEBERG_COMMIT_ERROR", f"Failed to commit Iceberg update to table: {'.'.join(name)}"
                ) from error
        time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - not for secrets
    raise AssertionError("unreachable")


def table_select(schema: Schema, values: dict[str, str], *, source: str) -> str:
    """Return a SELECT of a table's columns, in the table's order and types.

    Args:
        schema: schema of the table.
        values: SQL of the values by lower-case column name; a column without a value is NULL.
        source: SQL after FROM.
    """
    columns = [
        f"CAST({values.get(field.name.lower(), 'NULL')} AS "
        f"{type_names.duckdb_name(iceberg_types.from_iceberg(field.field_type))}) AS {sql_text.identifier(field.name)}"
        for field in schema.fields
    ]
    return f"SELECT {', '.join(columns)} FROM {source}"
