"""Read the rows of a data file by Iceberg's column ids, without the rows that position deletes remove.

PyIceberg's `ArrowScan` is not used, because it turns a null list of structs into an empty list, and holds all rows of a
file in memory.

Source: Iceberg spec, "Column Projection" and "Position Delete Files".
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.io import FileIO
from pyiceberg.manifest import DataFile, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask

from lakehouse.comparison.nested import FIELD_ID, text
from lakehouse.comparison.states import Column
from lakehouse.errors import LakehouseError


def read(io: FileIO, task: FileScanTask, *, columns: Sequence[Column], schema: Schema) -> Iterator[pa.Table]:
    """Yield the rows of a data file in parts.

    Args:
        io: access to the table's files.
        task: the file with its delete files.
        columns: the columns of the result.
        schema: the schema of the state that has the file; finds the columns of a file without ids by name.

    Raises:
        LakehouseError: the format of a file is not Parquet.
    """
    deleted = _deleted(io, task)
    first = 0
    for batch in _batches(io, task.file):
        rows = pa.Table.from_batches([batch])
        if len(deleted):
            kept = ~np.isin(np.arange(first, first + len(batch)), deleted)
            rows = rows.filter(pa.array(kept))
        first += len(batch)
        if len(rows):
            yield _projected(rows, columns, schema)


def _batches(io: FileIO, file: DataFile) -> Iterator[pa.RecordBatch]:
    if file.file_format != FileFormat.PARQUET:
        raise LakehouseError(f"{file.file_path}: only Parquet files can be compared, this is {file.file_format}")
    with io.new_input(file.file_path).open() as opened:
        yield from pq.ParquetFile(opened).iter_batches()


def _deleted(io: FileIO, task: FileScanTask) -> np.ndarray:
    """Return the positions of the rows that are deleted."""
    positions = [np.empty(0, np.int64)]
    for file in task.delete_files:
        for batch in _batches(io, file):
            of_file = batch.filter(pc.equal(batch["file_path"], task.file.file_path))
            positions.append(of_file["pos"].to_numpy(zero_copy_only=False))
    return np.concatenate(positions)


def _projected(rows: pa.Table, columns: Sequence[Column], schema: Schema) -> pa.Table:
    stored = _by_id(rows.schema, schema)
    arrays = []
    for column in columns:
        place = stored.get(column.field_id)
        if place is None:
            arrays.append(pa.nulls(len(rows), column.type))
            continue
        field, array = rows.schema.field(place), rows.column(place).combine_chunks()
        if pa.types.is_nested(field.type):
            values = array.to_pylist()
            texts = [None if value is None else text(value, field.type, names=column.names) for value in values]
            arrays.append(pa.array(texts, pa.string()))
            continue
        storage = array.storage if isinstance(array, pa.ExtensionArray) else array
        arrays.append(storage if storage.type == column.type else pc.cast(storage, column.type))
    return pa.table(arrays, names=[column.name for column in columns])


def _by_id(stored: pa.Schema, schema: Schema) -> Mapping[int, int]:
    """Return the position of each column of a file, by id; files that were imported have no ids, only names."""
    found = {}
    for place, field in enumerate(stored):
        number = (field.metadata or {}).get(FIELD_ID)
        if number is not None:
            found[int(number)] = place
        elif field.name in schema.column_names:
            found[schema.find_field(field.name).field_id] = place
    return found
