"""Counts, checksums and rows of a PostgreSQL table, by its own SQL, at one moment that later changes come after."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lakehouse.contracts.model import Column, Contract
from lakehouse.errors import LakehouseError
from lakehouse.names import Names
from lakehouse.reconciliation.fingerprints import (
    KeyOrder,
    dms_text_sql,
    hash_sql,
    key_order,
    part_sql,
    quoted,
    value_sql,
)
from lakehouse.reconciliation.snapshot import Moment, columns_of, literal, one, open_snapshot

if TYPE_CHECKING:
    from psycopg import Connection


class SourceRows:
    """The rows of a table in one snapshot.

    Attributes:
        moment: the moment of the snapshot.
        columns: columns of the contract that are compared.
        not_compared: columns that both sides may write differently.
        orders: how the columns of the key are ordered.
    """

    def __init__(self, connection: "Connection[Any]", contract: Contract, moment: Moment) -> None:
        """Look up the table of a contract.

        Raises:
            LakehouseError: the source has no such table or column, or a column of the key cannot be compared.
        """
        self._connection = connection
        self.moment = moment
        found = columns_of(connection, contract)
        self._found = found
        values = {column.name: value_sql(column, found[column.name]) for column in contract.columns}
        self.columns = [column for column in contract.columns if values[column.name] is not None]
        self.not_compared = [column.name for column in contract.columns if values[column.name] is None]
        self._key = [contract.column(name) for name in contract.key]
        self._contract = contract
        self.orders: list[KeyOrder] = []
        for column in self._key:
            order = key_order(column, found[column.name])
            if order is None:
                type_ = found[column.name].type
                raise LakehouseError(
                    f"{contract.dataset}: the key column {column.name} is {column.type} in the contract and {type_} in "
                    "the source, which cannot be compared: change the type in the contract"
                )
            self.orders.append(order)
        utf8 = one(connection, "SHOW server_encoding") == "UTF8"
        self._hash = hash_sql(
            " || ".join(
                part_sql(str(values[column.name]), found[column.name].quoted, utf8=utf8) for column in self.columns
            ),
            utf8=utf8,
        )
        self._table = ".".join(quoted(name or "") for name in (contract.source.schema, contract.source.table))
        kind = f"SELECT relkind FROM pg_class WHERE oid = {literal(self._table)}::regclass"  # noqa: S608
        if one(connection, kind) != "p":
            self._table = f"ONLY {self._table}"
        self._order = ", ".join(order.sql for order in self.orders)
        self._texts = ", ".join(str(values[column.name]) for column in self._key)

    def type_of(self, column: Column) -> str:
        """Return the type of a column in the source."""
        return self._found[column.name].type

    def key_literal(self, key: Sequence[Any]) -> str:
        """Return a stored key in SQL."""
        return ", ".join(order.literal(value) for order, value in zip(self.orders, key, strict=True))

    def totals(
        self, low: Sequence[Any] | None, high: Sequence[Any] | None, boundaries: Sequence[Sequence[Any]]
    ) -> list[tuple[int, int]]:
        """Return number and sum of checksums of the rows of each part of a range; one query.

        Args:
            low, high: the range, from `low` up to `high`; None is no limit.
            boundaries: keys that divide it; there is one part more.
        """
        limits = [f"({self.key_literal(key)})" for key in boundaries]

        def part(first: int, last: int) -> str:
            if first == last:
                return str(first)
            middle = (first + last) // 2
            return (
                f"CASE WHEN ({self._order}) < {limits[middle]} THEN {part(first, middle)} "
                f"ELSE {part(middle + 1, last)} END"
            )

        found = self._query(
            f"SELECT {part(0, len(limits))} AS part, count(*), sum({self._hash}) FROM {self._table} "  # noqa: S608
            f"{self._between(low, high)} GROUP BY 1"
        )
        totals = [(0, 0)] * (len(limits) + 1)
        for number, count, total in found:
            totals[number] = count, int(total)
        return totals

    def rows(self, low: Sequence[Any] | None, high: Sequence[Any] | None) -> Iterator[tuple[tuple[str, ...], int]]:
        """Yield the texts of the key and the checksum of each row of a range."""
        for *key, hash_ in self._query(
            f"SELECT {self._texts}, {self._hash} FROM {self._table} {self._between(low, high)}"  # noqa: S608
        ):
            yield tuple(key), hash_

    def without_key(self) -> int:
        """Return the number of rows in which a column of the key is null: the lakehouse can have none of them."""
        nulls = " OR ".join(f"{self._found[column.name].quoted} IS NULL" for column in self._key)
        return int(one(self._connection, f"SELECT count(*) FROM {self._table} WHERE {nulls}"))  # noqa: S608

    def records(self, keys: Sequence[tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], list[str | None]]]:
        """Yield the key and the values, as DMS sends them, of each row that has one of some keys."""
        wanted = ", ".join(f"({', '.join(literal(text) for text in key)})" for key in keys)
        values = ", ".join(
            f"CASE WHEN {source.quoted} IS NOT NULL THEN {dms_text_sql(source)} END"
            for source in (self._found[column.name] for column in self._contract.columns)
        )
        for row in self._query(
            f"SELECT {self._texts}, {values} FROM {self._table} WHERE ({self._texts}) IN ({wanted})"  # noqa: S608
        ):
            yield tuple(row[: len(self._key)]), list(row[len(self._key) :])

    def _between(self, low: Sequence[Any] | None, high: Sequence[Any] | None) -> str:
        conditions = [
            f"({self._order}) {operator} ({self.key_literal(key)})"
            for operator, key in ((">=", low), ("<", high))
            if key is not None
        ]
        conditions += [f"{self._found[column.name].quoted} IS NOT NULL" for column in self._key]
        return f"WHERE {' AND '.join(conditions)}"

    def _query(self, sql: str) -> Iterator[tuple[Any, ...]]:
        cursor = self._connection.cursor(name="reconcile")  # of the server, so that any number of rows fits
        with cursor:
            cursor.itersize = 10_000
            yield from cursor.execute(sql)


@contextmanager
def open_rows(contract: Contract, *, names: Names) -> Iterator[SourceRows]:
    """Open the table of a contract, in one snapshot.

    Raises:
        LakehouseError: the source is not reachable or not comparable.
    """
    with open_snapshot(contract, names=names) as (connection, moment):
        yield SourceRows(connection, contract, moment)
