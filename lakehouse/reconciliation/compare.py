"""Compare a table of a source with integration, range by range: only ranges that differ are divided further."""

import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pyiceberg.catalog import Catalog

from lakehouse.contracts.model import Contract
from lakehouse.errors import LakehouseError
from lakehouse.names import Names, Zone
from lakehouse.reconciliation.lake_rows import Key, LakeRows
from lakehouse.reconciliation.source_rows import SourceRows

PARTS, FEW_ROWS = 64, 1_000
"""A range is divided into so many parts; one of so few rows is compared row by row."""

MISSING, EXTRA, DIFFERENT = "missing", "extra", "different"


@dataclass(frozen=True, slots=True)
class Difference:
    """A key that differs.

    Attributes:
        key: texts of its values (`fingerprints.value_sql`).
        kind: `missing` in integration, `extra` there, or `different` values.
        checksum: of the source's row; None if it has none.
    """

    key: tuple[str, ...]
    kind: str
    checksum: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The result of a comparison.

    Attributes:
        rows: number of rows of the source.
        differences: keys that differ.
        not_compared: columns that both sides may write differently.
        without_key: rows of the source without a key.
        queries: number of ranges that were asked for.
    """

    rows: int
    differences: tuple[Difference, ...]
    not_compared: tuple[str, ...]
    without_key: int
    queries: int

    @property
    def different(self) -> int:
        """Number of keys and of rows without a key that differ."""
        return len(self.differences) + self.without_key

    def summary(self, contract: Contract) -> str:
        """Return what differs, in one sentence."""
        counts = {kind: sum(one.kind == kind for one in self.differences) for kind in (MISSING, EXTRA, DIFFERENT)}
        listed = [f"{count:,} {kind}" for kind, count in counts.items() if count]
        listed += [f"{self.without_key:,} rows of the source without a key"] if self.without_key else []
        table = f"{contract.source.schema}.{contract.source.table}"
        example = f", e.g. {label(contract, self.differences[0].key)}" if self.differences else ""
        return f"{self.different:,} keys differ from {table} in {contract.source.name}: {', '.join(listed)}{example}"


def label(contract: Contract, key: tuple[str, ...]) -> str:
    """Return a key for people."""
    return ", ".join(f"{name} = {text!r}" for name, text in zip(contract.key, key, strict=True))


def refuse_if_not_comparable(contract: Contract) -> None:
    """Raise `LakehouseError` unless a dataset is the current state of a PostgreSQL table."""
    if not contract.can_be_reconciled:
        raise LakehouseError(
            f"{contract.dataset}: only a dataset with `ingest: cdc` from PostgreSQL can be compared with its source; "
            f"this one has `ingest: {contract.ingest}` from {contract.source.type}"
        )


def compare(source: SourceRows, contract: Contract, *, names: Names, catalog: Catalog) -> Comparison:
    """Compare all rows of the source with the live rows of integration."""
    table = catalog.load_table((names.database(Zone.INTEGRATION), contract.dataset))
    key = [contract.column(name) for name in contract.key]
    with tempfile.TemporaryDirectory() as folder:
        lake = LakeRows(Path(folder), orders=source.orders)
        try:
            lake.read(table, key=key, columns=source.columns)
            search = _Search(source, lake)
            search.divide(None, None)
        finally:
            lake.close()
    return Comparison(
        rows=search.rows,
        differences=tuple(search.found()),
        not_compared=tuple(source.not_compared),
        without_key=source.without_key(),
        queries=search.queries,
    )


class _Search:
    """The search for keys that differ."""

    def __init__(self, source: SourceRows, lake: LakeRows) -> None:
        self._source, self._lake = source, lake
        self._in_source: dict[tuple[str, ...], int] = {}
        self._in_lake: dict[tuple[str, ...], int] = {}
        self._repeated: set[tuple[str, ...]] = set()
        self.rows = self.queries = 0

    def divide(self, low: Key | None, high: Key | None) -> None:
        """Compare the parts of a range, and divide those that differ."""
        boundaries = self._lake.boundaries(low, high, parts=PARTS)
        totals = self._source.totals(low, high, boundaries)
        self.queries += 1
        if low is None and high is None:
            self.rows = sum(count for count, _ in totals)
        limits = [low, *boundaries, high]
        for (first, last), total in zip(pairwise(limits), totals, strict=True):
            own = self._lake.total(first, last)
            if total == own:
                continue
            if own[0] > FEW_ROWS:
                self.divide(first, last)
            else:
                self._compare_rows(first, last)

    def _compare_rows(self, low: Key | None, high: Key | None) -> None:
        self.queries += 1
        in_lake = dict(self._lake.rows(low, high))
        for key, checksum in self._source.rows(low, high):
            if key in self._in_source:
                self._repeated.add(key)
            if in_lake.get(key) == checksum:
                del in_lake[key]
            else:
                self._in_source[key] = checksum
        self._in_lake.update(in_lake)

    def found(self) -> list[Difference]:
        """Return the keys that differ; a key that two ranges have is one key."""
        found = []
        for key in sorted(self._in_source.keys() | self._in_lake.keys()):
            checksum = self._in_source.get(key)
            if checksum is None:
                found.append(Difference(key, EXTRA, None))
            elif key not in self._in_lake:
                found.append(Difference(key, MISSING, checksum))
            elif self._in_lake[key] != checksum or key in self._repeated:
                found.append(Difference(key, DIFFERENT, checksum))
        return found
