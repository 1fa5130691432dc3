"""What was counted while the tests ran, printed at their end: docs/reliability.md carries it."""

from collections.abc import Iterator

_rows: dict[str, list[dict[str, object]]] = {}


def tell(table: str, **row: object) -> None:
    """Add a row to a table; its columns are those of the table's first row."""
    _rows.setdefault(table, []).append(row)


def tables() -> Iterator[tuple[str, list[str]]]:
    """Title and lines of each table, in Markdown."""
    for title, rows in _rows.items():
        names = list(rows[0])
        cells = [names, ["---"] * len(names), *([str(row[name]) for name in names] for row in rows)]
        yield title, [f"| {' | '.join(line)} |" for line in cells]
