"""Types of operators: the operands that Trino allows, and the type of the result."""

from sqlglot import exp
from sqlglot.expressions import DataType, DType
from sqlglot.optimizer.annotate_types import TypeAnnotator

from emulator.athena.runtime import sql_types, type_names
from emulator.athena.runtime.errors import AthenaError, not_supported, position
from emulator.athena.typing import coercion
from emulator.athena.typing.signature import modulo, type_of

OPERATORS: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.DPipe: "||",
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "IS DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}


def common_type(a: DataType, b: DataType, *, place: str, what: str) -> DataType:
    """Return the common type of two types.

    Args:
        a: first type.
        b: second type.
        place: position in the statement, for the message.
        what: Trino's name of the expressions, for the message.

    Raises:
        AthenaError: TYPE_MISMATCH: there is no common type.
    """
    if coercion.differ_in_padding(a, b):
        raise not_supported(
            f"{place}: {what}: {type_names.trino_name(a)} together with {type_names.trino_name(b)} is not in the "
            "emulator's engine; cast both to one type"
        )
    both = coercion.common(a, b)
    if both is None:
        names = f"{type_names.trino_name(a)}, {type_names.trino_name(b)}"
        raise AthenaError(
            "TYPE_MISMATCH",
            f"{place}: {what} must be the same type or coercible to a common type. Cannot find common type between "
            f"{' and '.join(names.split(', ', 1))}, all types (without duplicates): [{names}]",
        )
    return both


def _mismatch(node: exp.Binary) -> AthenaError:
    names = f"{_type_text(node.left)} {OPERATORS[type(node)]} {_type_text(node.right)}"
    clocks = DType.TIME, DType.TIMETZ
    kinds = {type_of(node.left).this, type_of(node.right).this}
    if isinstance(node, exp.Add | exp.Sub) and kinds & {*clocks} and kinds <= {*clocks, DType.INTERVAL}:
        return not_supported(f"{position(node)}: {names} is not in the emulator's engine")
    return AthenaError("TYPE_MISMATCH", f"{position(node)}: Cannot apply operator: {names}")


def _type_text(node: exp.Expr) -> str:
    if isinstance(node, exp.Literal) and node.is_string:
        return f"varchar({len(node.name)})"
    return type_names.trino_name(type_of(node))


def compare(annotator: TypeAnnotator, node: exp.Binary) -> None:
    """Type a comparison; maps have no order."""
    both = coercion.common(type_of(node.left), type_of(node.right))
    ordered = isinstance(node, exp.LT | exp.LTE | exp.GT | exp.GTE)
    if both is None or (ordered and any(part.this is DType.MAP for part in both.find_all(DataType))):
        raise _mismatch(node)
    annotator._set_type(node, sql_types.BOOLEAN)


def members(annotator: TypeAnnotator, node: exp.Expr) -> None:
    """Type BETWEEN and IN, whose operands must be comparable with the first."""
    others = [node.args.get("low"), node.args.get("high"), *node.expressions]
    what = "IN value and list items" if isinstance(node, exp.In) else "BETWEEN operands"
    for other in others:
        if other is not None and not coercion.differ_in_padding(type_of(node.this), type_of(other)):
            common_type(type_of(node.this), type_of(other), place=position(other), what=what)
    query = node.args.get("query")
    if query is not None:
        common_type(type_of(node.this), query_type(query), place=position(query), what=what)
    annotator._set_type(node, sql_types.BOOLEAN)


def query_type(query: exp.Expr) -> DataType:
    """Return the type of a query's rows in a comparison: of its column, or a row of its columns."""
    inner = query.unnest()
    types = [type_of(select) for select in inner.selects] if isinstance(inner, exp.Query) else []
    if len(types) == 1:
        return types[0]
    return sql_types.row([("", dt) for dt in types]) if types else sql_types.UNKNOWN


def tuple_row(annotator: TypeAnnotator, node: exp.Tuple) -> None:
    """Type `(a, b)`: a row."""
    annotator._set_type(node, sql_types.row([("", type_of(part)) for part in node.expressions]))


def arithmetic(annotator: TypeAnnotator, node: exp.Binary) -> None:
    """Type `+`, `-`, `*`, `/` and `%`."""
    a, b = type_of(node.left), type_of(node.right)
    result = _temporal(node, a, b) if _is_temporal(a) or _is_temporal(b) else _numeric(node, a, b)
    if result is None:
        raise _mismatch(node)
    annotator._set_type(node, result)


def _is_temporal(dt: DataType) -> bool:
    return dt.this in sql_types.TIMES or dt.this is DType.INTERVAL


def _temporal(node: exp.Binary, a: DataType, b: DataType) -> DataType | None:
    if DType.UNKNOWN in (a.this, b.this):
        return sql_types.UNKNOWN
    if isinstance(node, exp.Add | exp.Sub):
        if a.this in sql_types.TIMES and b.this is DType.INTERVAL:
            return _shifted(a, b)
        if a.this is DType.INTERVAL and b.this in sql_types.TIMES and isinstance(node, exp.Add):
            return _shifted(b, a)
        if a.this in sql_types.TIMES and b.this in sql_types.TIMES and isinstance(node, exp.Sub):
            return sql_types.INTERVAL_DAY
        return a if a.this is b.this is DType.INTERVAL else None
    if isinstance(node, exp.Mul | exp.Div):
        if a.this is DType.INTERVAL and b.this in sql_types.NUMBERS:
            return a
        if b.this is DType.INTERVAL and a.this in sql_types.NUMBERS and isinstance(node, exp.Mul):
            return b
    return None


def _shifted(moment: DataType, interval: DataType) -> DataType:
    """Return the type of a moment plus an interval; intervals of days to seconds have milliseconds."""
    if moment.this is DType.DATE or sql_types.is_month_interval(interval) or sql_types.digits(moment) >= 3:
        return moment
    if moment.this is DType.TIMESTAMP:
        return sql_types.timestamp(3)
    return sql_types.timestamp_tz(3, zone=sql_types.zone_mark(moment))


def _numeric(node: exp.Binary, a: DataType, b: DataType) -> DataType | None:
    if any(dt.this not in {*sql_types.NUMBERS, *sql_types.UNTYPED} for dt in (a, b)):
        return None
    if isinstance(node, exp.Mod):
        return modulo(a, b)
    both = coercion.common(a, b)
    if both is None or both.this is not DType.DECIMAL or DType.NULL in (a.this, b.this):
        return both
    (p1, s1), (p2, s2) = sql_types.precision_scale(a), sql_types.precision_scale(b)
    # https://trino.io/docs/current/functions/decimal.html#binary-arithmetic-decimal-operators
    if isinstance(node, exp.Mul):
        return sql_types.decimal(p1 + p2, s1 + s2)
    if isinstance(node, exp.Div):
        return sql_types.decimal(p1 + s2 + max(s2 - s1, 0), max(s1, s2))
    return sql_types.decimal(max(p1 - s1, p2 - s2) + max(s1, s2) + 1, max(s1, s2))


def concatenation(annotator: TypeAnnotator, node: exp.DPipe) -> None:
    """Type `||` of texts, binary values, or arrays and elements."""
    a, b = type_of(node.left), type_of(node.right)
    if DType.ARRAY in (a.this, b.this):
        element = a if a.this is not DType.ARRAY else b
        whole = a if a.this is DType.ARRAY else b
        both = coercion.common(whole, element if element.this is DType.ARRAY else sql_types.array(element))
    else:
        both = _char_concatenation(node) if DType.CHAR in (a.this, b.this) else coercion.common(a, b)
        if both is not None and both.this not in {*sql_types.TEXTS, DType.VARBINARY, *sql_types.UNTYPED}:
            both = None
    if both is None:
        raise _mismatch(node)
    annotator._set_type(node, both)


def _char_concatenation(node: exp.DPipe) -> DataType | None:
    """Return the type of char || char, whose parts keep their padding."""
    a, b = type_of(node.left), type_of(node.right)
    if a.this is not DType.CHAR or b.this is not DType.CHAR:
        if {a.this, b.this} <= {*sql_types.TEXTS, *sql_types.UNTYPED}:
            raise not_supported(f"{position(node)}: char || varchar is not in the emulator's engine; cast the char")
        return None
    return sql_types.char(sql_types.parameters(a)[0] + sql_types.parameters(b)[0])


def logical(annotator: TypeAnnotator, node: exp.Expr) -> None:
    """Type AND, OR and NOT."""
    what = "Value of logical NOT expression" if isinstance(node, exp.Not) else "Logical expression term"
    for part in (node.this, node.args.get("expression")):
        if part is not None:
            require_boolean(part, what=what)
    annotator._set_type(node, sql_types.BOOLEAN)


def like(annotator: TypeAnnotator, node: exp.Like | exp.Escape) -> None:
    """Type LIKE and ESCAPE."""
    for part in (node.this, node.expression):
        if isinstance(node, exp.Like) and type_of(part).this not in {*sql_types.TEXTS, *sql_types.UNTYPED}:
            side = "Left" if part is node.this else "Right"
            raise AthenaError(
                "TYPE_MISMATCH",
                f"{position(part)}: {side} side of LIKE expression must evaluate to a varchar "
                f"(actual: {type_names.trino_name(type_of(part))})",
            )
    annotator._set_type(node, sql_types.BOOLEAN)


def require_boolean(node: exp.Expr, *, what: str, actual: str = " (actual: {})") -> None:
    """Raise if an expression is not boolean.

    Args:
        node: the expression.
        what: Trino's name of its clause, for the message.
        actual: end of Trino's message; `{}` stands for the actual type.

    Raises:
        AthenaError: TYPE_MISMATCH.
    """
    if type_of(node).this not in {DType.BOOLEAN, *sql_types.UNTYPED}:
        kind = actual.format(type_names.trino_name(type_of(node)))
        raise AthenaError("TYPE_MISMATCH", f"{position(node)}: {what} must evaluate to a boolean{kind}")
