"""Keys and checksums of the live rows of an integration table, in a temporary SQLite file: any number of rows fits."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pyiceberg.expressions import EqualTo, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.table import Table

from lakehouse.contracts.columns import DELETED
from lakehouse.contracts.model import Column
from lakehouse.reconciliation.fingerprints import KeyOrder, checksum, texts

Key = tuple[Any, ...]
"""Values of a key as SQLite orders them."""

_HALF = 30
_COUNT = f"count(*), coalesce(sum(hash >> {_HALF}), 0), coalesce(sum(hash & {(1 << _HALF) - 1}), 0)"


class LakeRows:
    """Keys and checksums, in the order of the keys."""

    def __init__(self, folder: Path, *, orders: Sequence[KeyOrder]) -> None:
        """Open an empty file in a folder."""
        self._orders = orders
        self._connection = sqlite3.connect(folder / "rows.sqlite", isolation_level=None)
        self._keys = ", ".join(f"k{number}" for number in range(len(orders)))
        self._key_texts = ", ".join(f"t{number}" for number in range(len(orders)))
        self._marks = ", ".join("?" * len(orders))
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute(
            f"CREATE TABLE rows ({self._keys}, {self._key_texts}, hash, PRIMARY KEY ({self._keys})) WITHOUT ROWID"
        )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def read(self, table: Table, *, key: Sequence[Column], columns: Sequence[Column]) -> None:
        """Read the live rows of an integration table.

        Args:
            table: the table.
            key: columns of the key.
            columns: columns that are compared, with those of the key.
        """
        names = dict.fromkeys(column.name for column in (*key, *columns))
        live = EqualTo(term=Reference(name=DELETED), value=literal(False))
        insert = f"INSERT INTO rows VALUES ({', '.join('?' * (2 * len(key) + 1))})"  # noqa: S608
        self._connection.execute("BEGIN")
        for batch in table.scan(row_filter=live, selected_fields=tuple(names)).to_arrow_batch_reader():
            by_name = {column.name: texts(batch.column(column.name), column) for column in (*key, *columns)}
            rows = zip(*(by_name[column.name] for column in columns), strict=True)
            stored = (
                map(order.store, batch.column(column.name).to_pylist())
                for order, column in zip(self._orders, key, strict=True)
            )
            key_texts = (by_name[column.name] for column in key)
            self._connection.executemany(
                insert,
                (
                    (*values, *value_texts, checksum(row))
                    for values, value_texts, row in zip(
                        zip(*stored, strict=True), zip(*key_texts, strict=True), rows, strict=True
                    )
                ),
            )
        self._connection.execute("COMMIT")

    def total(self, low: Key | None, high: Key | None) -> tuple[int, int]:
        """Return the number and the sum of the checksums of the rows from `low` up to `high`; None is no limit."""
        condition, values = self._between(low, high)
        count, upper, lower = self._connection.execute(f"SELECT {_COUNT} FROM rows {condition}", values).fetchone()  # noqa: S608
        return count, (upper << _HALF) + lower

    def boundaries(self, low: Key | None, high: Key | None, *, parts: int) -> list[Key]:
        """Return keys that divide the rows of a range into about equal parts."""
        condition, values = self._between(low, high)
        count, _ = self.total(low, high)
        step = max(1, -(-count // parts))
        query = (
            f"SELECT {self._keys} FROM (SELECT {self._keys}, row_number() OVER (ORDER BY {self._keys}) AS number "  # noqa: S608
            f"FROM rows {condition}) WHERE number % {step} = 1 OR {step} = 1"
        )
        return [tuple(row) for row in self._connection.execute(query, values)][1:]

    def rows(self, low: Key | None, high: Key | None) -> Iterator[tuple[tuple[str, ...], int]]:
        """Yield the texts of the key and the checksum of each row of a range."""
        condition, values = self._between(low, high)
        for *key, hash_ in self._connection.execute(f"SELECT {self._key_texts}, hash FROM rows {condition}", values):  # noqa: S608
            yield tuple(key), hash_

    def _between(self, low: Key | None, high: Key | None) -> tuple[str, list[Any]]:
        conditions = [
            f"({self._keys}) {operator} ({self._marks})"
            for operator, key in ((">=", low), ("<", high))
            if key is not None
        ]
        return (f"WHERE {' AND '.join(conditions)}" if conditions else ""), [*(low or ()), *(high or ())]
