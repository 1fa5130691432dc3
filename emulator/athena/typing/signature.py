"""Signatures of functions: whether an overload takes the types of a call's arguments, and the type of its result."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.expressions import DataType, DType

from emulator.athena.runtime import sql_types, type_names
from emulator.athena.runtime.errors import not_supported, position
from emulator.athena.typing import coercion
from emulator.athena.typing.functions import Function, split

NUMERIC, TEMPORAL, CLOCK = "N", "D", "C"


@dataclass(slots=True)
class Bindings:
    """The values of a signature's letters in one call.

    Attributes:
        types: types by capital letter.
        numbers: precisions and scales by small letter.
        zone: zone of the first timestamp with time zone.
    """

    types: dict[str, DataType] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    zone: str = sql_types.UTC


def bind(function: Function, arguments: list[DataType | None]) -> Bindings | None:
    """Match the types of arguments with a signature.

    Args:
        function: the overload.
        arguments: type of each argument, or None for a lambda, whose type is inferred later.

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
            bindings.zone = sql_types.zone_mark(argument)
            break
    return bindings


def expand(function: Function, count: int) -> list[str] | None:
    """Return one pattern for each of so many arguments, or None if the function takes another number."""
    fixed = list(function.parameters)
    if not function.variadic:
        return fixed if len(fixed) == count else None
    last = fixed.pop()
    return [*fixed, *[last] * (count - len(fixed))] if count >= len(fixed) else None


def lambda_parts(pattern: str) -> tuple[list[str], str]:
    """Return the patterns of a lambda's parameters and of its result."""
    *parameters, result = split(pattern.removeprefix("function(").removesuffix(")"))
    return parameters, result


def resolve(pattern: str, bindings: Bindings, call: exp.Anonymous) -> DataType:
    """Return the type of a pattern in a call; unknown if a letter is not bound."""
    if pattern.startswith("@"):
        return _RULES[pattern[1:]](bindings, call)
    head, inside = _head(pattern)
    if len(pattern) == 1 and pattern.isupper():
        return bindings.types.get(pattern, sql_types.UNKNOWN)
    match head:
        case "array":
            return sql_types.array(resolve(inside[0], bindings, call))
        case "map":
            return sql_types.mapping(*(resolve(part, bindings, call) for part in inside))
        case "row":
            return sql_types.row([("", resolve(part, bindings, call)) for part in inside])
        case "decimal":
            return sql_types.decimal(*(bindings.numbers.get(n, 0) if n.isalpha() else int(n) for n in inside))
        case "timestamp" if inside:
            precision = bindings.numbers.get(inside[0], 3) if inside[0].isalpha() else int(inside[0])
            if pattern.endswith("with time zone"):
                return sql_types.timestamp_tz(precision, zone=bindings.zone)
            return sql_types.timestamp(precision)
    return type_names.parse_trino(pattern)


def _head(pattern: str) -> tuple[str, list[str]]:
    head, _, inside = pattern.partition("(")
    return head.strip(), split(inside[: inside.rfind(")")]) if inside else []


def _match(pattern: str, argument: DataType, bindings: Bindings) -> bool:
    if len(pattern) == 1 and pattern.isupper():
        return _bind_letter(pattern, argument, bindings)
    if argument.this is DType.NULL:
        _bind_to_null(pattern, bindings)
    if pattern == "?" or argument.this in sql_types.UNTYPED:
        return True
    head, inside = _head(pattern)
    kind = argument.this
    match head:
        case "array" | "map":
            parts = argument.expressions
            return kind.value.lower() == head and all(map(lambda p, a: _match(p, a, bindings), inside, parts))
        case "row":
            parts = [dt for _, dt in sql_types.fields(argument)] if kind is DType.STRUCT else []
            return len(parts) == len(inside) and all(map(lambda p, a: _match(p, a, bindings), inside, parts))
        case "decimal":
            return kind is DType.DECIMAL and _bind_numbers(inside, sql_types.precision_scale(argument), bindings)
        case "timestamp":
            zoned = pattern.endswith("with time zone")
            if kind not in ({DType.TIMESTAMPTZ} if zoned else {DType.DATE, DType.TIMESTAMP}):
                return zoned and kind in sql_types.TIMES
            return not inside or _bind_numbers(inside, (sql_types.digits(argument),), bindings)
    target = type_names.parse_trino(pattern)
    if target.this is DType.DOUBLE and kind in sql_types.NUMBERS:
        return True
    return coercion.coerces(argument, target)


def _bind_to_null(pattern: str, bindings: Bindings) -> None:
    """Bind the letters of a pattern whose argument is NULL, unless another argument binds them."""
    for letter in re.findall(r"\b[A-Z]\b", pattern):
        bindings.types.setdefault(letter, sql_types.NULL)
    for names in re.findall(r"\bdecimal\(([a-z]), ?([a-z])\)", pattern):
        for name, value in zip(names, (1, 0), strict=True):
            bindings.numbers.setdefault(name, value)


def _bind_letter(letter: str, argument: DataType, bindings: Bindings) -> bool:
    if argument.this not in sql_types.UNTYPED:
        if letter == NUMERIC and argument.this not in sql_types.NUMBERS:
            return False
        if letter in (TEMPORAL, CLOCK) and argument.this not in sql_types.TIMES:
            return False
        if letter == CLOCK and argument.this is DType.DATE:
            return False
    bound = bindings.types.get(letter)
    if bound is not None and coercion.differ_in_padding(bound, argument):
        raise not_supported(
            f"a function of {type_names.trino_name(bound)} and {type_names.trino_name(argument)} is not in the "
            "emulator's engine; cast both to one type"
        )
    both = argument if bound is None else coercion.common(bound, argument)
    if both is None:
        return False
    bindings.types[letter] = both
    return True


def _bind_numbers(names: list[str], values: tuple[int, ...], bindings: Bindings) -> bool:
    bindings.numbers.update({name: value for name, value in zip(names, values, strict=False) if name.isalpha()})
    return True


def _rounded(bindings: Bindings, _: exp.Anonymous) -> DataType:
    if "p" not in bindings.numbers:  # of a lambda's parameter, which gets its type later
        return sql_types.UNKNOWN
    p, s = bindings.numbers["p"], bindings.numbers["s"]
    return sql_types.decimal(min(38, p - s + min(1, s)), 0)


def _rounded_to(bindings: Bindings, _: exp.Anonymous) -> DataType:
    if "p" not in bindings.numbers:
        return sql_types.UNKNOWN
    return sql_types.decimal(min(38, bindings.numbers["p"] + 1), bindings.numbers["s"])


def _modulo(_: Bindings, call: exp.Anonymous) -> DataType:
    return modulo(*(type_of(argument) for argument in call.expressions))


def _row(_: Bindings, call: exp.Anonymous) -> DataType:
    return sql_types.row([("", type_of(argument)) for argument in call.expressions])


def _instant(_: Bindings, call: exp.Anonymous) -> DataType:
    return sql_types.timestamp_tz(_digits(call))


def _wall_clock(_: Bindings, call: exp.Anonymous) -> DataType:
    return sql_types.timestamp(_digits(call))


def _clock(_: Bindings, call: exp.Anonymous) -> DataType:
    return sql_types.typed(DType.TIME, _digits(call))


def _digits(call: exp.Anonymous) -> int:
    """Return the precision in a call such as `current_timestamp(3)`."""
    digits = call.expressions[0]
    if not (isinstance(digits, exp.Literal) and digits.name.isdigit() and int(digits.name) <= sql_types.MOST_DIGITS):
        raise not_supported(
            f"{position(call)}: {call.name.lower()} with a precision other than 0 to {sql_types.MOST_DIGITS} "
            "is not in the emulator's engine"
        )
    return int(digits.name)


def _zoned(bindings: Bindings, call: exp.Anonymous) -> DataType:
    zone = call.expressions[1]
    if not (isinstance(zone, exp.Literal) and zone.is_string):
        raise not_supported(f"{position(call)}: {call.name.lower()} with a zone that is not a literal")
    return sql_types.timestamp_tz(bindings.numbers.get("p", 3), zone=zone.name)


def type_of(node: exp.Expr) -> DataType:
    """Return the inferred type of a node."""
    return node.type or sql_types.UNKNOWN


def modulo(a: DataType, b: DataType) -> DataType:
    """Return the type of `a % b`."""
    both = coercion.common(a, b) or sql_types.UNKNOWN
    if both.this is not DType.DECIMAL:
        return both
    (p1, s1), (p2, s2) = sql_types.precision_scale(a), sql_types.precision_scale(b)
    return sql_types.decimal(min(p2 - s2, p1 - s1) + max(s1, s2), max(s1, s2))


_RULES: dict[str, Callable[[Bindings, exp.Anonymous], DataType]] = {
    "rounded": _rounded,
    "rounded_to": _rounded_to,
    "modulo": _modulo,
    "row": _row,
    "instant": _instant,
    "wall_clock": _wall_clock,
    "clock": _clock,
    "zoned": _zoned,
}
