"""Find out whether a candidate has the rows that its table has already."""

from collections.abc import Sequence
from typing import Any

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile, DataFileContent
from pyiceberg.table import Table
from pyiceberg.types import PrimitiveType

from .evolution import shapes
from .statements import OperationalError, quoted, rows


def data_files(table: Table) -> list[DataFile]:
    """Return the data files of the current state of a table."""
    snapshot = table.current_snapshot()
    if snapshot is None:
        return []
    return [
        entry.data_file
        for manifest in snapshot.manifests(table.io)
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True)
        if entry.data_file.content == DataFileContent.DATA
    ]


def has_deletes(table: Table) -> bool:
    """Return whether rows of the table's files are deleted by delete files."""
    snapshot = table.current_snapshot()
    return snapshot is not None and any(manifest.content.value for manifest in snapshot.manifests(table.io))


def same_rows(table: Table, candidate: Table) -> bool:
    """Return whether two tables have the same columns in the same order, and the same rows.

    The statistics of the files come first, which cost nothing. Only if they agree, Athena compares the rows. As the
    tables have the same number of rows, it is enough that one has no row that the other lacks.
    """
    columns = shapes(table.schema())
    if columns != shapes(candidate.schema()):
        return False
    if has_deletes(table) or has_deletes(candidate):
        return False
    if statistics(table, data_files(table)) != statistics(candidate, data_files(candidate)):
        return False
    selected = ", ".join(quoted(name) for name, _ in columns)
    (database, name), (_, other) = table.name()[-2:], candidate.name()[-2:]
    sql = (
        f"SELECT count(*) FROM (SELECT {selected} FROM {quoted(database, other)} "  # noqa: S608 - names, quoted
        f"EXCEPT ALL SELECT {selected} FROM {quoted(database, name)})"
    )
    try:
        [(differing,)] = rows(sql, database=database)
    except OperationalError:
        return False  # e.g. rows of a type that cannot be compared: publishing them again is never wrong
    return int(differing) == 0


def statistics(table: Table, files: Sequence[DataFile]) -> tuple[Any, ...]:
    """Return the number of rows, and for each column with statistics in all files its nulls, least and greatest value.

    How rows are spread over files may differ from build to build, so only what holds for all files is compared.
    """
    total = sum(file.record_count for file in files)
    columns = []
    for field in table.schema().fields:
        if not isinstance(field.field_type, PrimitiveType):
            continue
        key, of_type = field.field_id, field.field_type
        nulls = [(file.null_value_counts or {}).get(key) for file in files]
        filled = [file for file, count in zip(files, nulls, strict=True) if count != file.record_count]
        lower = [(file.lower_bounds or {}).get(key) for file in filled]
        upper = [(file.upper_bounds or {}).get(key) for file in filled]
        columns.append(
            (
                field.name,
                None if None in nulls else sum(count for count in nulls if count),
                _bound(min, of_type, lower),
                _bound(max, of_type, upper),
            )
        )
    return total, tuple(columns)


def _bound(choose: Any, of_type: PrimitiveType, bounds: Sequence[bytes | None]) -> Any:
    if not bounds or None in bounds:
        return None
    return repr(choose(from_bytes(of_type, bound) for bound in bounds if bound is not None))
