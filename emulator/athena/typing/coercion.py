"""Trino's coercions: the common type of two types, and which types are converted implicitly."""

from sqlglot.expressions import DataType, DType

from emulator.athena.runtime import sql_types, type_names

LONGEST_CHAR = 65536


def common(a: DataType, b: DataType) -> DataType | None:
    """Return the common type of two types, or None if Trino has none."""
    if a.this is DType.UNKNOWN or b.this is DType.UNKNOWN:
        return sql_types.UNKNOWN
    if a.this is DType.NULL:
        return b
    if b.this is DType.NULL:
        return a
    if a.this in sql_types.NUMBERS and b.this in sql_types.NUMBERS:
        return _common_number(a, b)
    if a.this in sql_types.TEXTS and b.this in sql_types.TEXTS:
        if DType.CHAR in (a.this, b.this):
            return _common_char(a, b)
        return a if type_names.trino_name(a) == type_names.trino_name(b) else sql_types.VARCHAR
    if a.this in sql_types.TIMES and b.this in sql_types.TIMES:
        return _common_time(a, b)
    if a.this is b.this is DType.TIME:
        return sql_types.typed(DType.TIME, max(sql_types.digits(a), sql_types.digits(b)))
    if a.this is not b.this:
        return None
    return _common_parts(a, b)


def _common_number(a: DataType, b: DataType) -> DataType:
    for kind in (DType.DOUBLE, DType.FLOAT):
        if kind in (a.this, b.this):
            return sql_types.typed(kind)
    if DType.DECIMAL not in (a.this, b.this):
        return max(a, b, key=lambda t: sql_types.INTEGERS.index(t.this))
    (p1, s1), (p2, s2) = sql_types.precision_scale(a), sql_types.precision_scale(b)
    scale = max(s1, s2)
    return sql_types.decimal(max(p1 - s1, p2 - s2) + scale, scale)


def _common_char(a: DataType, b: DataType) -> DataType:
    """Return the char that both texts fit into; a text without a length needs the longest."""
    return sql_types.char(max((sql_types.parameters(t) or [LONGEST_CHAR])[0] for t in (a, b)))


def differ_in_padding(a: DataType, b: DataType) -> bool:
    """Return whether two texts must be padded to one length before they are compared or mixed."""
    return (
        {a.this, b.this} <= sql_types.TEXTS
        and DType.CHAR in (a.this, b.this)
        and type_names.trino_name(a) != type_names.trino_name(b)
    )


def _common_time(a: DataType, b: DataType) -> DataType:
    later = max(a, b, key=lambda t: sql_types.TIMES.index(t.this))
    if later.this is DType.DATE:
        return later
    fraction = max(sql_types.digits(t) for t in (a, b) if t.this is not DType.DATE)
    if later.this is DType.TIMESTAMP:
        return sql_types.timestamp(fraction)
    zones = {sql_types.zone_mark(t) for t in (a, b) if t.this is DType.TIMESTAMPTZ}
    return sql_types.timestamp_tz(fraction, zone=zones.pop() if len(zones) == 1 else sql_types.SEVERAL_ZONES)


def _common_parts(a: DataType, b: DataType) -> DataType | None:
    if a.this is DType.STRUCT:
        left, right = sql_types.fields(a), sql_types.fields(b)
        pairs = [(n1 if n1 == n2 else "", common(t1, t2)) for (n1, t1), (n2, t2) in zip(left, right, strict=False)]
        if len(left) != len(right):
            return None
        return None if any(t is None for _, t in pairs) else sql_types.row([(n, t) for n, t in pairs if t is not None])
    if a.this not in (DType.ARRAY, DType.MAP):
        return a
    parts = [common(x, y) for x, y in zip(a.expressions, b.expressions, strict=True)]
    return DataType(this=a.this, expressions=parts, nested=True) if all(parts) else None


def coerces(source: DataType, target: DataType) -> bool:
    """Return whether Trino converts one type to the other implicitly, as for the argument of a function."""
    if source.this in sql_types.UNTYPED or target.this in sql_types.UNTYPED:
        return True
    if source.this in sql_types.TEXTS and target.this in sql_types.TEXTS:
        return True
    if source.this in sql_types.TIMES and target.this in sql_types.TIMES:
        return sql_types.TIMES.index(source.this) <= sql_types.TIMES.index(target.this)
    if source.this in sql_types.NUMBERS and target.this is DType.DECIMAL:
        if source.this is not DType.DECIMAL and source.this not in sql_types.INTEGERS:
            return False
        (p1, s1), (p2, s2) = sql_types.precision_scale(source), sql_types.precision_scale(target)
        return p1 - s1 <= p2 - s2 and s1 <= s2
    if source.this in sql_types.NUMBERS and target.this in sql_types.NUMBERS:
        order = (*sql_types.INTEGERS, DType.DECIMAL, DType.FLOAT, DType.DOUBLE)
        return order.index(source.this) <= order.index(target.this)
    if source.this is not target.this:
        return False
    if source.this is DType.STRUCT:
        left, right = sql_types.fields(source), sql_types.fields(target)
        return len(left) == len(right) and all(coerces(a, b) for (_, a), (_, b) in zip(left, right, strict=True))
    if source.this in (DType.ARRAY, DType.MAP):
        return all(coerces(a, b) for a, b in zip(source.expressions, target.expressions, strict=True))
    return True


def assignable(source: DataType, target: DataType) -> bool:
    """Return whether values of one type may be assigned to a column of the other; a value may still not fit."""
    return common(source, target) is not None
