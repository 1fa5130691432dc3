"""The result of a statement: rows, lines of text, a count of changed rows, files."""

from dataclasses import dataclass, field
from pathlib import Path

from sqlglot.expressions import DataType

from emulator.athena.runtime import sql_types

Columns = list[tuple[str, DataType]]
ROWS: Columns = [("rows", sql_types.BIGINT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementResult:
    """The result of a statement.

    Attributes:
        columns: name and type of each column.
        csv: rows of a query: a file with a header line, text in quotes, nothing between the commas for NULL.
        lines: rows of SHOW, DESCRIBE ...: one line for each row, tabs between its columns.
        update_count: number of rows that were inserted, updated or deleted.
        files: URIs of the data files that CTAS, INSERT or UNLOAD wrote, for the manifest.
    """

    columns: Columns = field(default_factory=list)
    csv: Path | None = None
    lines: list[str] | None = None
    update_count: int | None = None
    files: list[str] | None = None


NO_LINES = StatementResult(lines=[])
"""The result of a statement that returns nothing, such as DDL."""
