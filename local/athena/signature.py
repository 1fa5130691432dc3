"""Which overload of a function takes these arguments, and what it returns."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.expressions import DataType, DType

from local.athena import coercion, sqltypes
from local.athena.errors import not_supported
from local.athena.functions import Function, split
from local.athena.position import position

NUMERIC, TEMPORAL = "N", "D"


@dataclass(slots=True)
class Bindings:
    """What the letters of a signature stand for in one call."""

    types: dict[str, DataType] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    zone: str = sqltypes.UTC


def bind(function: Function, arguments: list[DataType | None]) -> Bindings | None:
    """Match the arguments' types to the signature.

    Args:
        function: the overload.
        arguments: type of each argument, None for a lambda, which is typed later.

    Returns:
        The bindings, or None if the overload does not take these arguments.
    """
    patterns = expand(function, len(arguments))
    if patterns is None:
        return None
    bindings = Bindings()
    for pattern, argument in zip(patterns, arguments, strict=True):
        if (argument is None) is not pattern.startswith("function("):
            return None
        if argument is not None and not _match(pattern, argument, bindings):
            return None
    for argument in arguments:
        if argument is not None and argument.this is DType.TIMESTAMPTZ:
            bindings.zone = sqltypes.zone(argument)
            break
    return bindings


def expand(function: Function, count: int) -> list[str] | None:
    """One pattern for each of so many arguments, or None if the function takes fewer or more."""
    fixed = list(function.parameters)
    if not function.variadic:
        return fixed if len(fixed) == count else None
    last = fixed.pop()
    return [*fixed, *[last] * (count - len(fixed))] if count >= len(fixed) else None


def lambda_parts(pattern: str) -> tuple[list[str], str]:
    """Patterns of a lambda's parameters and of its result."""
    *parameters, result = split(pattern.removeprefix("function(").removesuffix(")"))
    return parameters, result


def resolve(pattern: str, bindings: Bindings, call: exp.Anonymous) -> DataType:
    """The type that a pattern stands for in a call; unknown if a letter of it is not bound."""
    if pattern.startswith("@"):
        return _RULES[pattern[1:]](bindings, call)
    head, inside = _head(pattern)
    if len(pattern) == 1 and pattern.isupper():
        return bindings.types.get(pattern, sqltypes.UNKNOWN)
    match head:
        case "array":
            return sqltypes.array(resolve(inside[0], bindings, call))
        case "map":
            return sqltypes.mapping(*(resolve(part, bindings, call) for part in inside))
        case "row":
            return sqltypes.row([("", resolve(part, bindings, call)) for part in inside])
        case "decimal":
            return sqltypes.decimal(*(bindings.numbers.get(n, 0) if n.isalpha() else int(n) for n in inside))
        case "timestamp" if inside:
            precision = bindings.numbers.get(inside[0], 3) if inside[0].isalpha() else int(inside[0])
            if pattern.endswith("with time zone"):
                return sqltypes.timestamp_tz(precision, zone=bindings.zone)
            return sqltypes.timestamp(precision)
    return sqltypes.trino(pattern)


def _head(pattern: str) -> tuple[str, list[str]]:
    head, _, inside = pattern.partition("(")
    return head.strip(), split(inside[: inside.rfind(")")]) if inside else []


def _match(pattern: str, argument: DataType, bindings: Bindings) -> bool:
    if len(pattern) == 1 and pattern.isupper():
        return _bind_letter(pattern, argument, bindings)
    if pattern == "?" or argument.this in sqltypes.UNTYPED:
        return True
    head, inside = _head(pattern)
    kind = argument.this
    match head:
        case "array" | "map":
            parts = argument.expressions
            return kind.value.lower() == head and all(map(lambda p, a: _match(p, a, bindings), inside, parts))
        case "row":
            parts = [dt for _, dt in sqltypes.fields(argument)] if kind is DType.STRUCT else []
            return len(parts) == len(inside) and all(map(lambda p, a: _match(p, a, bindings), inside, parts))
        case "decimal":
            return kind is DType.DECIMAL and _bind_numbers(inside, sqltypes.precision_scale(argument), bindings)
        case "timestamp":
            zoned = pattern.endswith("with time zone")
            if kind not in ({DType.TIMESTAMPTZ} if zoned else {DType.DATE, DType.TIMESTAMP}):
                return zoned and kind in sqltypes.TIMES
            return not inside or _bind_numbers(inside, (sqltypes.digits(argument),), bindings)
    target = sqltypes.trino(pattern)
    if target.this is DType.DOUBLE and kind in sqltypes.NUMBERS:
        return True
    return coercion.coerces(argument, target)


def _bind_letter(letter: str, argument: DataType, bindings: Bindings) -> bool:
    if argument.this not in sqltypes.UNTYPED:
        if letter == NUMERIC and argument.this not in sqltypes.NUMBERS:
            return False
        if letter == TEMPORAL and argument.this not in sqltypes.TIMES:
            return False
    known = bindings.types.get(letter)
    both = argument if known is None else coercion.common(known, argument)
    if both is None:
        return False
    bindings.types[letter] = both
    return True


def _bind_numbers(names: list[str], values: tuple[int, ...], bindings: Bindings) -> bool:
    bindings.numbers.update({name: value for name, value in zip(names, values, strict=False) if name.isalpha()})
    return True


def _rounded(bindings: Bindings, _: exp.Anonymous) -> DataType:
    p, s = bindings.numbers["p"], bindings.numbers["s"]
    return sqltypes.decimal(min(38, p - s + min(1, s)), 0)


def _rounded_to(bindings: Bindings, _: exp.Anonymous) -> DataType:
    return sqltypes.decimal(min(38, bindings.numbers["p"] + 1), bindings.numbers["s"])


def _modulo(_: Bindings, call: exp.Anonymous) -> DataType:
    return modulo(*(type_of(argument) for argument in call.expressions))


def _row(_: Bindings, call: exp.Anonymous) -> DataType:
    return sqltypes.row([("", type_of(argument)) for argument in call.expressions])


def _instant(_: Bindings, call: exp.Anonymous) -> DataType:
    return sqltypes.timestamp_tz(int(call.expressions[0].name))


def _wall_clock(_: Bindings, call: exp.Anonymous) -> DataType:
    return sqltypes.timestamp(int(call.expressions[0].name))


def _zoned(bindings: Bindings, call: exp.Anonymous) -> DataType:
    zone = call.expressions[1]
    if not (isinstance(zone, exp.Literal) and zone.is_string):
        raise not_supported(f"{position(call)}: {call.name.lower()} with a zone that is not a literal")
    return sqltypes.timestamp_tz(bindings.numbers.get("p", 3), zone=zone.name)


def type_of(node: exp.Expr) -> DataType:
    """The type that inference gave to a node."""
    return node.type or sqltypes.UNKNOWN


def modulo(a: DataType, b: DataType) -> DataType:
    """Type of `a % b`."""
    both = coercion.common(a, b) or sqltypes.UNKNOWN
    if both.this is not DType.DECIMAL:
        return both
    (p1, s1), (p2, s2) = sqltypes.precision_scale(a), sqltypes.precision_scale(b)
    return sqltypes.decimal(min(p2 - s2, p1 - s1) + max(s1, s2), max(s1, s2))


_RULES: dict[str, Callable[[Bindings, exp.Anonymous], DataType]] = {
    "rounded": _rounded,
    "rounded_to": _rounded_to,
    "modulo": _modulo,
    "row": _row,
    "instant": _instant,
    "wall_clock": _wall_clock,
    "zoned": _zoned,
}
