"""How the rows of a table differ between two of its states, by key and by column.

Data files that both states have are not read. If one state has no other files, the files' statistics give the number of
rows, and nothing is read. Memory: one part of the rows of the files that are read; the other parts are on disk.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, Table

from lakehouse.comparison.partitions import divided
from lakehouse.comparison.reading import read
from lakehouse.comparison.rows import Example, Tally, compare
from lakehouse.comparison.states import Column, State, columns, differing

EXAMPLES = 3
"""Examples of each changed column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChange:
    """A column whose values changed.

    Attributes:
        name: name of the column.
        rows: changed rows in which it differs.
        examples: a few of them; none if its values may not be shown.
    """

    name: str
    rows: int
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How rows differ from an old state to a new one.

    Attributes:
        added: rows that only the new state has.
        removed: rows that only the old state has.
        changed: rows of one key that differ; None if the table has no key: then a changed row is one that is removed
            and one that is added.
        columns: columns that differ in changed rows, in the order of the table.
        schema: columns that were added, dropped, renamed or got another type, as text. The values of a column that
            the later state does not have are not compared.
    """

    added: int
    removed: int
    changed: int | None
    columns: tuple[ColumnChange, ...] = ()
    schema: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether both states have the same rows."""
        return not (self.added or self.removed or self.changed)


def difference(
    table: Table, old: State, new: State, *, key: Sequence[str] | None = None, shown: Collection[str] = ()
) -> Difference:
    """Compare two states of a table; by key if it has one.

    Args:
        table: the table.
        old, new: the two states.
        key: current names of the columns that identify a row; None for the key in the table's schema.
        shown: current names of the columns whose values may be shown as examples.

    Raises:
        LakehouseError: the files or the types of a column cannot be compared.
    """
    sides = differing(table, old, new)
    every = columns(old.schema, new.schema)
    schema = tuple(column.change for column in every if column.change)
    # A dropped column is named alone: files of both states may have its values. They have none of an added column.
    later = max(old, new, key=lambda state: state.number).schema.field_ids
    compared = [column for column in every if column.field_id in later]
    wanted = table.schema().identifier_field_names() if key is None else key
    key_names = _names(compared, table.schema(), wanted)
    if len(key_names) < len(wanted):  # neither state has these columns yet
        key_names = []
    if counted := _by_statistics(*sides):
        removed, added = counted
        return Difference(added=added, removed=removed, changed=0 if key_names else None, schema=schema)
    tally = Tally()
    names = [column.name for column in compared]
    for before, after in divided(
        [_rows(table, tasks, compared, state) for tasks, state in zip(sides, (old, new), strict=True)],
        schema=pa.schema([(column.name, column.type) for column in compared]),
        by=key_names or names,
        file_bytes=sum(task.file.file_size_in_bytes for tasks in sides for task in tasks),
    ):
        compare(
            before,
            after,
            key=key_names,
            shown=_names(compared, table.schema(), shown),
            examples=EXAMPLES,
            tally=tally,
        )
    return Difference(
        added=tally.added,
        removed=tally.removed,
        changed=tally.changed if key_names else None,
        columns=tuple(
            ColumnChange(name=name, rows=tally.columns[name], examples=tuple(tally.examples.get(name, ())))
            for name in names
            if tally.columns[name]
        ),
        schema=schema,
    )


def _names(compared: Sequence[Column], current: Schema, names: Collection[str]) -> list[str]:
    """Return the names in the comparison of columns with these current names."""
    ids = {field.field_id for field in current.fields if field.name in names}
    return [column.name for column in compared if column.field_id in ids]


def _by_statistics(old: Sequence[FileScanTask], new: Sequence[FileScanTask]) -> tuple[int, int] | None:
    """Return the numbers of removed and added rows if no row can be in both; None if rows must be read."""
    if (old and new) or any(task.delete_files for task in (*old, *new)):
        return None
    removed, added = (sum(task.file.record_count for task in tasks) for tasks in (old, new))
    return removed, added


def _rows(table: Table, tasks: Sequence[FileScanTask], compared: Sequence[Column], state: State) -> Iterator[pa.Table]:
    for task in tasks:
        yield from read(table.io, task, columns=compared, schema=state.schema)
