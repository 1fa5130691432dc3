"""Build conditions on the rows of a table that a batch can change, for engines and for Iceberg's metadata.

Engines skip the partitions and files that a condition excludes, so that the cost depends on the batch and not on the
table. PyIceberg counts the rows of the other files without reading them.

Source: Iceberg specification, "Partition Transforms".
"""

from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial, reduce
from typing import Any

from pyiceberg import expressions as iceberg
from pyiceberg.expressions.literals import literal
from pyspark.sql import DataFrame

from lakehouse.contracts.model import Column, Contract, Partition
from lakehouse.contracts.types import Kind, Type

MOST_VALUES = 100
"""Most values in a condition; more are replaced by their range, because a longer condition would cost more time."""

_EXACT = (Kind.INT, Kind.LONG, Kind.DECIMAL, Kind.STRING, Kind.BOOLEAN, Kind.DATE, Kind.TIMESTAMP)
# Not date_trunc: on Sail it fails for dates that do not fit into 64 bits of nanoseconds, such as 9999-12-31.
_STARTS = {
    "year": "make_date(year({0}), 1, 1)",
    "month": "make_date(year({0}), month({0}), 1)",
    "day": "CAST({0} AS date)",
    "hour": "timestamp_micros(unix_micros({0}) - pmod(unix_micros({0}), 3600000000))",
}
_UNITS = ("year", "month", "day", "hour", "minute", "second", "microsecond")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on rows of a table.

    Attributes:
        sql: the condition in SQL, on the alias `t`.
        iceberg: the same condition for PyIceberg.
    """

    sql: str
    iceberg: iceberg.BooleanExpression

    def __and__(self, other: "Condition") -> "Condition":
        return Condition(f"{self.sql} AND {other.sql}", iceberg.And(self.iceberg, other.iceberg))

    def __or__(self, other: "Condition") -> "Condition":
        return Condition(f"({self.sql} OR {other.sql})", iceberg.Or(self.iceberg, other.iceberg))


ANY_ROW = Condition("true", iceberg.AlwaysTrue())


def partitions(rows: DataFrame, contract: Contract) -> Condition:
    """Return a condition for whole partitions of the integration table: those of `rows`, and possibly others.

    Partitions by bucket, or by a truncated decimal or string, are not ranges of their column; none is excluded.
    """
    conditions = (_partitions(rows, contract, partition) for partition in contract.partitions)
    return reduce(Condition.__and__, conditions, ANY_ROW)


def keys(rows: DataFrame, contract: Contract) -> Condition:
    """Return a condition for the rows that have a key of `rows`, and possibly others."""
    columns = (contract.column(name) for name in contract.key)
    return reduce(Condition.__and__, (_values(rows, column) for column in columns), ANY_ROW)


def one_of(name: str, values: Iterable[Any], type_: Type) -> Condition:
    """Return a condition for the rows whose value of a column is one of `values`, at least one and none null."""
    values = sorted(values)
    # Not IN: if a table has a partition of null, Iceberg 1.11 fails on a list of strings.
    equal = " OR ".join(f"t.`{name}` = {_sql(value, type_)}" for value in values)
    return Condition(
        f"({equal})",
        iceberg.In(term=iceberg.Reference(name), values={literal(value) for value in values}),
    )


def _partitions(rows: DataFrame, contract: Contract, partition: Partition) -> Condition:
    column = contract.column(partition.column)
    function, _, width = partition.transform.rstrip("]").partition("[")
    if function == "identity":
        return _values(rows, column)
    if function == "truncate" and column.type.kind in (Kind.INT, Kind.LONG):
        start = f"`{column.name}` - pmod(`{column.name}`, {width})"
        return _ranges(rows, column, start=start, end=lambda low: low + int(width) - 1)
    if function in _STARTS:
        start = _STARTS[function].format(f"`{column.name}`")
        return _ranges(rows, column, start=start, end=partial(_end, unit=function))
    return ANY_ROW


def _end(start: Any, *, unit: str) -> Any:
    """Return the last date, or microsecond, of the year, month, day or hour that begins at `start`."""
    month = 12 if unit == "year" else start.month
    last = {"month": 12, "day": monthrange(start.year, month)[1], "hour": 23, "minute": 59, "second": 59}
    last["microsecond"] = 999_999
    finer = _UNITS[_UNITS.index(unit) + 1 :]
    return start.replace(**{name: last[name] for name in finer if hasattr(start, name)})


def _values(rows: DataFrame, column: Column) -> Condition:
    """Return a condition for rows whose value of a column is in `rows`, or within its range if it has many values."""
    if column.type.kind not in _EXACT:
        return ANY_ROW
    return _ranges(rows, column, start=f"`{column.name}`", end=lambda value: value)


def _ranges(rows: DataFrame, column: Column, *, start: str, end: Callable[[Any], Any]) -> Condition:
    """Return a condition for rows in the same ranges of a column as the values in `rows`.

    Args:
        rows: rows of the batch.
        column: the column.
        start: SQL for the beginning of the range of a value.
        end: returns the last value of the range that begins at a value.
    """
    starts = rows.selectExpr(f"{start} AS start")
    # As text, values reach Python unchanged, in any time zone.
    texts = [row[0] for row in starts.selectExpr("CAST(start AS string)").distinct().limit(MOST_VALUES + 1).collect()]
    many = len(texts) > MOST_VALUES
    if many:
        texts = list(starts.selectExpr("CAST(min(start) AS string)", "CAST(max(start) AS string)").collect()[0])
    try:
        lows = sorted(_parse(text, column.type.kind) for text in texts if text is not None)
    except ValueError:
        return ANY_ROW  # a year that Python's dates do not have
    ranges = [(lows[0], end(lows[-1]))] if many else [(low, end(low)) for low in lows]
    values = [low for low, high in ranges if low == high]
    conditions = [_between(column, low, high) for low, high in ranges if low != high]
    if values:
        conditions.append(one_of(column.name, values, column.type))
    if None in texts or (many and not column.required):
        conditions.append(Condition(f"t.`{column.name}` IS NULL", iceberg.IsNull(term=iceberg.Reference(column.name))))
    return reduce(Condition.__or__, conditions)


def _between(column: Column, low: Any, high: Any) -> Condition:
    name, reference = f"t.`{column.name}`", iceberg.Reference(column.name)
    return Condition(
        f"{name} >= {_sql(low, column.type)} AND {name} <= {_sql(high, column.type)}",
        iceberg.And(
            iceberg.GreaterThanOrEqual(term=reference, value=literal(low)),
            iceberg.LessThanOrEqual(term=reference, value=literal(high)),
        ),
    )


def _parse(text: str, kind: Kind) -> Any:
    match kind:
        case Kind.INT | Kind.LONG:
            return int(text)
        case Kind.DECIMAL:
            return Decimal(text)
        case Kind.BOOLEAN:
            return text == "true"
        case Kind.DATE:
            return date.fromisoformat(text)
        case Kind.TIMESTAMP:
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
    return text


def _sql(value: Any, type_: Type) -> str:
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"CAST('{text}' AS {type_.spark})"
