"""Find who reads a dataset or one of its columns: models and tests of dbt, and named queries of Athena.

A reader is found by its text: it names the dataset's table and the column anywhere, or selects `*`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lakehouse.governance.models import ZONES

QUERIES = Path("stacks/analytics/queries")
"""Folder of the named queries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A place that reads a dataset.

    Attributes:
        name: name of the model, test or query.
        file: its file.
        line: the line that names the column, or else the table.
        below: models that are built from it, directly or not.
    """

    name: str
    file: Path
    line: int
    below: tuple[str, ...] = ()


def readers(project: Path, queries: Path, *, dataset: str, column: str | None) -> list[Reader]:
    """Return the readers of a dataset, and of its column if one is given, sorted by file.

    Args:
        project: folder of the dbt project.
        queries: folder of the named queries.
        dataset: name of the dataset.
        column: name of the column; None for all.
    """
    name = re.escape(dataset)
    source = re.compile(rf"""source\(\s*['"]\w+['"]\s*,\s*['"]{name}['"]\s*\)""")
    table = re.compile(rf"\$(?:raw|integration)\.{name}\b", re.IGNORECASE)
    named = re.compile(rf"\b{re.escape(column)}\b|\*\s*from\b|\.\*", re.IGNORECASE) if column else None
    models = {path.stem: path.read_text() for path in sorted((project / ZONES).rglob("*.sql"))}
    found = []
    for pattern, folder in ((source, project / ZONES), (source, project / "tests"), (table, queries)):
        for path in sorted(folder.rglob("*.sql")):
            text = path.read_text()
            read = pattern.search(text)
            place = named.search(text) if named and read else read
            if place is not None:
                line = text.count("\n", 0, place.start()) + 1
                below = tuple(sorted(_below(path.stem, models)))
                found.append(Reader(name=path.stem, file=path, line=line, below=below))
    return found


def _below(model: str, models: dict[str, str]) -> Iterator[str]:
    """Yield the models that are built from a model."""
    found, pending = set[str](), [model]
    while pending:
        ref = re.compile(rf"""ref\(\s*['"]{re.escape(pending.pop())}['"]\s*\)""")
        for name, text in models.items():
            if name not in found and ref.search(text):
                found.add(name)
                pending.append(name)
    yield from found
