"""Rewrite data files, several as one or without some of their rows, in one commit that keeps the commits of others.

A file is replaced by a file of the same partition, so the partitioning does not have to be evaluated. The commit is
made on the snapshot that the files were read from, or it fails: a commit on a newer snapshot could bring back rows.
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
"""Returns the rows of a table that are kept."""


def rewrite(
    table: Table,
    groups: Iterable[Sequence[FileScanTask]],
    *,
    keep: Keep | None = None,
    properties: Mapping[str, str] | None = None,
) -> int:
    """Replace each group of data files by one file with their rows, all in one commit.

    Args:
        table: the table in the state from which the groups were planned.
        groups: files of one partition each.
        keep: selects the rows that are kept; None keeps all. With it, a group that keeps all rows is not rewritten.
        properties: table properties that the same commit sets.

    Returns:
        the number of removed rows.

    Raises:
        CommitFailedException: the table has changed since it was loaded; nothing was changed.
    """
    old: list[DataFile] = []
    new: list[DataFile] = []
    try:
        for group in groups:
            for task in group:
                _check_can_be_rewritten(table, task)
            written = _write(table, group, keep=keep)
            row_count = sum(file.record_count for file in written)
            if keep is not None and row_count == sum(task.file.record_count for task in group):
                _delete(table, written)
                continue
            old += [task.file for task in group]
            new += written
    except BaseException:
        _delete(table, new)
        raise
    if old:
        # If this fails, the new files are not deleted, because a commit whose response was lost refers to them. If it
        # did not commit, they are deleted later as orphan files.
        replace_files(table, old=old, new=new, properties=properties)
    return sum(file.record_count for file in old) - sum(file.record_count for file in new)


def delete_where(table: Table, condition: BooleanExpression, *, properties: Mapping[str, str] | None = None) -> int:
    """Remove the rows that match a condition: rewrite the files that contain some, in one commit.

    Args:
        table: the table, just loaded.
        condition: matches the rows to remove.
        properties: table properties that the same commit sets if any row is removed.

    Returns:
        the number of removed rows.

    Raises:
        CommitFailedException: the table has changed since it was loaded; nothing was changed.
    """
    matches = expression_to_pyarrow(bind(table.schema(), condition, case_sensitive=True), table.schema())

    def without_matches(rows: pa.Table) -> pa.Table:
        return rows.filter(pc.invert(pc.coalesce(matches, pc.scalar(False))))

    files = table.scan(row_filter=condition).plan_files()
    return rewrite(table, ([file] for file in files), keep=without_matches, properties=properties)


def _check_can_be_rewritten(table: Table, task: FileScanTask) -> None:
    """Raise LakehouseError for a file of an older partitioning or with delete files."""
    name = ".".join(table.name())
    if task.file.spec_id != table.spec().spec_id:
        raise LakehouseError(
            f"{name}: {task.file.file_path} was written with an older partitioning and cannot be rewritten; "
            "rebuild the table from raw"
        )
    if task.delete_files:
        raise LakehouseError(
            f"{name}: {task.file.file_path} has delete files and cannot be rewritten; apply them in Athena with "
            f"OPTIMIZE {name} REWRITE DATA USING BIN_PACK, then run it again"
        )


def _write(table: Table, group: Sequence[FileScanTask], *, keep: Keep | None) -> list[DataFile]:
    """Write the rows of some files of a partition as one file, or none if no row is kept.

    PyIceberg's `ArrowScan` and `write_file` are not used, because they turn a null list of structs, such as `_errors`,
    into an empty list.
    """
    schema = table.schema()
    arrow = schema_to_pyarrow(schema, include_field_ids=True)
    folder = group[0].file.file_path.rpartition("/")[0]
    all_rows = (rows for task in group for rows in read(table, task.file, arrow))
    parts = filter(len, all_rows if keep is None else map(keep, all_rows))
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
    """Yield the rows of a file in the current columns of the table, by name: columns are added but never renamed."""
    with table.io.new_input(file.file_path).open() as opened:
        for batch in pq.ParquetFile(opened).iter_batches():
            stored = set(batch.schema.names)
            columns = [
                batch.column(field.name).cast(field.type) if field.name in stored else pa.nulls(len(batch), field.type)
                for field in arrow
            ]
            yield pa.Table.from_arrays(columns, schema=arrow)


def _delete(table: Table, files: Iterable[DataFile]) -> None:
    for file in files:
        table.io.delete(file.file_path)
