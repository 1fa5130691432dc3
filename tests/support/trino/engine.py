"""A real Trino for tests: queries without tables, with the rows and types that Athena shows."""

from dataclasses import dataclass

from emulator.athena.runtime import type_names
from emulator.athena.runtime.files import Scan
from emulator.athena.trino import texts
from emulator.athena.trino.client import TrinoStatement
from tests.support.emulator.trino_values import Values

SECONDS = 60


@dataclass(frozen=True, slots=True)
class TrinoEngine:
    """A running Trino.

    Attributes:
        url: its address.
    """

    url: str

    def evaluate(self, sql: str) -> tuple[Values, list[str]]:
        """Run a query and return its rows as Athena's texts, and its column types."""
        asked = TrinoStatement(self.url, Scan(limit=None, seconds=SECONDS))
        rows = [row for page in asked.pages(sql, database="default") for row in page]
        types = [type_names.parse_trino(dt) for _, dt in asked.columns]
        found = [tuple(texts.text(value, dt) for value, dt in zip(row, types, strict=True)) for row in rows]
        return found, [type_names.trino_name(dt) for dt in types]
