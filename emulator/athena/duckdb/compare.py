"""Comparisons of values whose order or equality differs between Trino and DuckDB.

Trino's equality has three values: a NULL inside an array, a map or a row makes it NULL unless another part differs.
NaN is not equal to NaN, and no number is greater than NaN. Two maps are equal in any order of their entries. DuckDB
compares nested values as a whole: NULLs inside are equal, NaN is equal to NaN and greater than all numbers.
Source: https://trino.io/docs/current/functions/comparison.html and Trino's ArrayType, MapType and RowType.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot.expressions import DataType, DType

from emulator.athena.duckdb.identity import identity
from emulator.athena.runtime import sql_types

NESTED = {DType.ARRAY, DType.MAP, DType.STRUCT}
FLOATS = {DType.FLOAT, DType.DOUBLE}
_SWAPPED = {">": "<", ">=": "<="}
_UNKNOWN = "CAST(NULL AS BOOLEAN)"
_MANY = 200


@dataclass(frozen=True, slots=True)
class Value:
    """A side of a comparison.

    Attributes:
        sql: its SQL.
        type: its type.
        constant: whether it is a literal other than NULL and NaN.
    """

    sql: str
    type: DataType
    constant: bool = False

    @property
    def can_be_nan(self) -> bool:
        return self.type.this in FLOATS and not self.constant

    def part(self, index: int) -> "Value":
        """Return a field of a row."""
        return Value(f"struct_extract_at({self.sql}, {index + 1})", sql_types.fields(self.type)[index][1])


def is_plain(a: DataType, b: DataType) -> bool:
    """Return whether DuckDB compares values of two types as Trino does."""
    if a.this in sql_types.UNTYPED or b.this in sql_types.UNTYPED:
        return True
    return not {a.this, b.this} & {*NESTED, *FLOATS}


def compare(operator: str, left: Value, right: Value) -> str:
    """Return the SQL of `=`, `<>`, `<`, `<=`, `>`, `>=` or `IS [NOT] DISTINCT FROM`."""
    if is_plain(left.type, right.type):
        return f"({left.sql} {operator} {right.sql})"
    if operator.startswith("IS"):
        positional = left.type.sql() != right.type.sql()
        sides = (identity(side.sql, side.type, positional=positional) for side in (left, right))
        return f"({f' {operator} '.join(sides)})"
    if operator in _SWAPPED:
        operator, left, right = _SWAPPED[operator], right, left
    names = (f"cmp{i}" for i in itertools.count())
    if left.type.this in NESTED or not (_is_short(left) and _is_short(right)):
        # Each side is computed once, under a name.
        pair = next(names)
        named_left = Value(f"{pair}.l", left.type, left.constant)
        body = _compare(operator, named_left, Value(f"{pair}.r", right.type, right.constant), names=names)
        both = f"struct_pack(l := {left.sql}, r := {right.sql})"
        return f"list_extract(list_transform([{both}], lambda {pair}: {body}), 1)"
    return _compare(operator, left, right, names=names)


def _is_short(value: Value) -> bool:
    return len(value.sql) <= _MANY and "SELECT" not in value.sql and "random(" not in value.sql


def _compare(operator: str, left: Value, right: Value, *, names: Iterator[str]) -> str:
    if operator == "=":
        return _equal(left, right, names=names)
    if operator == "<>":
        return f"(NOT {_equal(left, right, names=names)})"
    if left.type.this not in NESTED:
        return _less(operator, left, right)
    kind = "ROW" if left.type.this is DType.STRUCT else "ARRAY"
    order = f"trino_ordered({_order(left, right, names=names)}, '{kind}')"
    return f"CASE WHEN {left.sql} IS NULL OR {right.sql} IS NULL THEN NULL ELSE {order} {operator} 0 END"


def _less(operator: str, left: Value, right: Value) -> str:
    plain = f"{left.sql} {operator} {right.sql}"
    if not right.can_be_nan:  # NaN on the left is greater than everything in DuckDB, so not less
        return f"({plain})"
    number = f"NOT isnan({right.sql})"
    return f"({plain} AND {number})" if left.constant else f"({plain} AND ({number} OR {left.sql} IS NULL))"


def _equal(left: Value, right: Value, *, names: Iterator[str]) -> str:
    kinds = {left.type.this, right.type.this}
    if kinds & sql_types.UNTYPED:
        return _UNKNOWN
    if not kinds & NESTED:
        plain = f"{left.sql} = {right.sql}"
        if left.can_be_nan and right.can_be_nan:
            return f"({plain} AND (NOT isnan({left.sql}) OR {right.sql} IS NULL))"
        return f"({plain})"
    if left.type.this is DType.STRUCT:
        count = len(sql_types.fields(left.type))
        return f"({' AND '.join(_equal(left.part(i), right.part(i), names=names) for i in range(count))})"
    pair = next(names)
    (items_l, part_l), (items_r, part_r) = _items(left), _items(right)
    sides = (Value(f"struct_extract_at({pair}, {i})", dt) for i, dt in ((1, part_l), (2, part_r)))
    pairs = f"list_transform(list_zip({items_l}, {items_r}), lambda {pair}: {_equal(*sides, names=names)})"
    return (
        f"CASE WHEN {left.sql} IS NULL OR {right.sql} IS NULL THEN NULL "
        f"WHEN len({items_l}) <> len({items_r}) THEN false ELSE trino_and({pairs}) END"
    )


def _items(value: Value) -> tuple[str, DataType]:
    """Return the SQL of the elements of an array, or of the entries of a map by key, and their type."""
    if value.type.this is DType.ARRAY:
        return value.sql, value.type.expressions[0]
    key, item = value.type.expressions
    return f"list_sort(map_entries({identity(value.sql, value.type)}))", sql_types.row([("", key), ("", item)])


def _order(left: Value, right: Value, *, names: Iterator[str]) -> str:
    """Return the SQL of -1, 0 or 1; NULL if a NULL stands before the first difference."""
    if left.type.this is DType.STRUCT:
        count = len(sql_types.fields(left.type))
        return f"trino_first([{', '.join(_order(left.part(i), right.part(i), names=names) for i in range(count))}])"
    if left.type.this is DType.ARRAY:
        pair = next(names)
        sides = (
            Value(f"struct_extract_at({pair}, {i + 1})", v.type.expressions[0]) for i, v in enumerate((left, right))
        )
        shorter = f"least(len({left.sql}), len({right.sql}))"
        pairs = f"list_slice(list_zip({left.sql}, {right.sql}), 1, {shorter})"
        parts = f"list_transform({pairs}, lambda {pair}: {_order(*sides, names=names)})"
        return f"trino_first(list_append({parts}, CAST(sign(len({left.sql}) - len({right.sql})) AS INTEGER)))"
    return (
        f"CASE WHEN {left.sql} < {right.sql} THEN -1 WHEN {left.sql} > {right.sql} THEN 1 "
        f"WHEN {left.sql} = {right.sql} THEN 0 END"
    )
