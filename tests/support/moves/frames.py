"""Rows into and out of an engine, in ways that all of them have."""

from collections.abc import Iterable, Iterator
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.table import Table
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import from_arrow_schema

from lakehouse.engine.session import spark


def frame(rows: pa.Table) -> DataFrame:
    """A DataFrame of an Arrow table, which may be empty; `createDataFrame` takes none before Spark 4."""
    known = rows.cast(pa.schema([(field.name, _known(field.type)) for field in rows.schema]))
    return spark().range(0, 1, 1, 1).mapInArrow(partial(_given, rows=known), from_arrow_schema(known.schema))


def rows_of(table: Table) -> pa.Table:
    """Rows of an Iceberg table as its data files have them, in the table's columns and types.

    Not by PyIceberg's scan, which in 0.12 reads a list that is null as an empty one.
    """
    schema = table.schema().as_arrow()
    found = [schema.empty_table()]
    for task in table.scan().plan_files():
        assert not task.delete_files
        with table.io.new_input(task.file.file_path).open() as file:
            found.append(pq.read_table(file))
    return pa.concat_tables(found, promote_options="permissive").select(schema.names).cast(schema)


def _known(type_: pa.DataType) -> pa.DataType:
    """The type without `large_`, which Spark 3.5 does not know."""
    if pa.types.is_large_list(type_) or pa.types.is_list(type_):
        return pa.list_(_known(type_.value_type))
    if pa.types.is_struct(type_):
        return pa.struct([(field.name, _known(field.type)) for field in type_])
    return pa.string() if pa.types.is_large_string(type_) else type_


def _given(_: Iterable[pa.RecordBatch], *, rows: pa.Table) -> Iterator[pa.RecordBatch]:
    yield from rows.to_batches()
