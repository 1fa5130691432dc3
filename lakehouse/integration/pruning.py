"""What part of a table a batch can touch: one condition, for engines and for Iceberg's metadata alike.

Engines skip the partitions and files that it rules out, so that cost follows the batch and not the table; PyIceberg
counts the rows of the others without reading one. Source of the transforms: Iceberg spec, "Partition Transforms".
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
"""More different values than these are told by their range: a longer condition costs more than it saves."""

_EXACT = (Kind.INT, Kind.LONG, Kind.DECIMAL, Kind.STRING, Kind.BOOLEAN, Kind.DATE, Kind.TIMESTAMP)
# Not date_trunc, which on Sail fails for dates that nanoseconds cannot count, such as 9999-12-31.
_STARTS = {
    "year": "make_date(year({0}), 1, 1)",
    "month": "make_date(year({0}), month({0}), 1)",
    "day": "CAST({0} AS date)",
    "hour": "timestamp_micros(unix_micros({0}) - pmod(unix_micros({0}), 3600000000))",
}
_UNITS = ("year", "month", "day", "hour", "minute", "second", "microsecond")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on rows of a table, twice: as SQL on the alias `t`, and for PyIceberg."""

    sql: str
    iceberg: iceberg.BooleanExpression

    def __and__(self, other: "Condition") -> "Condition":
        return Condition(f"{self.sql} AND {other.sql}", iceberg.And(self.iceberg, other.iceberg))

    def __or__(self, other: "Condition") -> "Condition":
        return Condition(f"({self.sql} OR {other.sql})", iceberg.Or(self.iceberg, other.iceberg))


ANY_ROW = Condition("true", iceberg.AlwaysTrue())


def partitions(rows: DataFrame, contract: Contract) -> Condition:
    """Whole partitions of the integration table: all those that `rows` belong to, and maybe more.

    Those of a bucket, or of a truncated decimal or string, are no ranges of their column: none of them is ruled out.
    """
    return reduce(Condition.__and__, (_partitions(rows, contract, item) for item in contract.partitions), ANY_ROW)


def keys(rows: DataFrame, contract: Contract) -> Condition:
    """Rows that have a key of `rows`, and maybe more."""
    columns = (contract.column(name) for name in contract.key)
    return reduce(Condition.__and__, (_values(rows, column) for column in columns), ANY_ROW)


def one_of(name: str, values: Iterable[Any], type_: Type) -> Condition:
    """Rows whose value of a column is one of these; there is one at least, and none is null."""
    values = sorted(values)
    # Not IN: where a partition of null is there, Iceberg 1.11 fails at a list of texts.
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
    """Last date, or microsecond, of the year, month, day or hour that begins at `start`."""
    month = 12 if unit == "year" else start.month
    last = {"month": 12, "day": monthrange(start.year, month)[1], "hour": 23, "minute": 59, "second": 59}
    last["microsecond"] = 999_999
    finer = _UNITS[_UNITS.index(unit) + 1 :]
    return start.replace(**{name: last[name] for name in finer if hasattr(start, name)})


def _values(rows: DataFrame, column: Column) -> Condition:
    """Rows whose value of a column is one of those in `rows`, or between them where these are many."""
    if column.type.kind not in _EXACT:
        return ANY_ROW
    return _ranges(rows, column, start=f"`{column.name}`", end=lambda value: value)


def _ranges(rows: DataFrame, column: Column, *, start: str, end: Callable[[Any], Any]) -> Condition:
    """Rows in the ranges of a column's values that the values in `rows` are in.

    Args:
        rows: what the batch brings.
        column: the column.
        start: SQL of where the range of a value begins.
        end: where the range that begins there ends; the end belongs to it.
    """
    starts = rows.selectExpr(f"{start} AS start")
    # As text, values reach Python as they are, whatever its time zone.
    texts = [row[0] for row in starts.selectExpr("CAST(start AS string)").distinct().limit(MOST_VALUES + 1).collect()]
    many = len(texts) > MOST_VALUES
    if many:
        texts = list(starts.selectExpr("CAST(min(start) AS string)", "CAST(max(start) AS string)").collect()[0])
    try:
        lows = sorted(_parse(text, column.type.kind) for text in texts if text is not None)
    except ValueError:
        return ANY_ROW  # a year that Python cannot name
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
