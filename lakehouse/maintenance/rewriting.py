"""Data files written again: some as one, or without some of their rows, in one commit that undoes nobody's.

A file is replaced by one of the same partition, so nothing has to be known of partitioning. The commit is made on the
snapshot that the files were read from, or not at all: what was computed from an older state would bring back rows.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.expressions import BooleanExpression
from pyiceberg.expressions.visitors import bind
from pyiceberg.io.fileformat import FileFormatFactory
from pyiceberg.io.pyarrow import expression_to_pyarrow, schema_to_pyarrow
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import FileScanTask, Table

from lakehouse.errors import LakehouseError
from lakehouse.maintenance.replacing import replace_files

Keep = Callable[[pa.Table], pa.Table]
"""The rows of some that stay."""


def rewrite(
    table: Table,
    groups: Iterable[Sequence[FileScanTask]],
    *,
    keep: Keep | None = None,
    properties: Mapping[str, str] | None = None,
) -> int:
    """Replace each group of data files by one file with their rows, all in one commit.

    Args:
        table: as it was loaded when the groups were planned.
        groups: files of one partition each.
        keep: which of the rows stay; None is all. A group of which all rows stay is left alone then.
        properties: table properties that the same commit sets.

    Returns:
        rows that are gone.

    Raises:
        CommitFailedException: the table has changed since it was loaded; nothing was changed.
    """
    old: list[DataFile] = []
    new: list[DataFile] = []
    try:
        for group in groups:
            for task in group:
                _refuse_unknown(table, task)
            made = _write(table, group, keep=keep)
            kept = sum(file.record_count for file in made)
            if keep is not None and kept == sum(task.file.record_count for task in group):
                _delete(table, made)
                continue
            old += [task.file for task in group]
            new += made
    except BaseException:
        _delete(table, new)
        raise
    if old:
        # If this fails the new files stay for the removal of orphans: a commit whose answer was lost has them.
        replace_files(table, old=old, new=new, properties=properties)
    return sum(file.record_count for file in old) - sum(file.record_count for file in new)


def delete_where(table: Table, doomed: BooleanExpression, *, properties: Mapping[str, str] | None = None) -> int:
    """Remove rows: the files that have some are written again without them, in one commit.

    Args:
        table: just loaded.
        doomed: which rows.
        properties: table properties that the same commit sets, if any row goes.

    Returns:
        rows that are gone.

    Raises:
        CommitFailedException: the table has changed since it was loaded; nothing was changed.
    """
    condition = expression_to_pyarrow(bind(table.schema(), doomed, case_sensitive=True), table.schema())

    def without(rows: pa.Table) -> pa.Table:
        return rows.filter(pc.invert(pc.coalesce(condition, pc.scalar(False))))

    files = table.scan(row_filter=doomed).plan_files()
    return rewrite(table, ([file] for file in files), keep=without, properties=properties)


def _refuse_unknown(table: Table, task: FileScanTask) -> None:
    name = ".".join(table.name())
    if task.file.spec_id != table.spec().spec_id:
        raise LakehouseError(
            f"{name}: {task.file.file_path} is of another partitioning than the table has now, which is not rewritten "
            "here: rebuild the table from raw"
        )
    if task.delete_files:
        raise LakehouseError(
            f"{name}: rows of {task.file.file_path} are deleted by files beside it, which is not rewritten here: have "
            f"Athena apply them, OPTIMIZE {name} REWRITE DATA USING BIN_PACK, and run it again"
        )


def _write(table: Table, group: Sequence[FileScanTask], *, keep: Keep | None) -> list[DataFile]:
    """The rows of some files of a partition as one file, or as none if no row is kept.

    Neither by PyIceberg's `ArrowScan` nor by its `write_file`: they make an empty list of a list of structs that is
    null, such as `_errors`.
    """
    schema = table.schema()
    arrow = schema_to_pyarrow(schema, include_field_ids=True)
    folder = group[0].file.file_path.rpartition("/")[0]
    whole = (rows for task in group for rows in read(table, task.file, arrow))
    parts = filter(len, whole if keep is None else map(keep, whole))
    first = next(parts, None)
    if first is None:
        return []
    output = table.io.new_output(f"{folder}/{uuid.uuid4()}.parquet")
    writer = FileFormatFactory.get(FileFormat.PARQUET).create_writer(output, schema, table.properties)
    with writer:
        for rows in chain([first], parts):
            writer.write(rows)
    return [
        DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=output.location,
            file_format=FileFormat.PARQUET,
            partition=group[0].file.partition,
            file_size_in_bytes=len(output),
            sort_order_id=None,
            spec_id=table.spec().spec_id,
            equality_ids=None,
            key_metadata=None,
            **writer.result().to_serialized_dict(),
        )
    ]


def read(table: Table, file: DataFile, arrow: pa.Schema) -> Iterator[pa.Table]:
    """Rows of a file in the columns that the table has now: by name, as columns are never renamed, only added."""
    with table.io.new_input(file.file_path).open() as opened:
        for batch in pq.ParquetFile(opened).iter_batches():
            there = set(batch.schema.names)
            columns = [
                batch.column(field.name).cast(field.type) if field.name in there else pa.nulls(len(batch), field.type)
                for field in arrow
            ]
            yield pa.Table.from_arrays(columns, schema=arrow)


def _delete(table: Table, files: Iterable[DataFile]) -> None:
    for file in files:
        table.io.delete(file.file_path)
