"""Types of function calls: the overload that fits the arguments, and its result."""

from sqlglot import exp
from sqlglot.expressions import DataType, DType

from emulator.athena.runtime import sql_types, type_names
from emulator.athena.runtime.errors import AthenaError, not_supported, position
from emulator.athena.typing import coercion
from emulator.athena.typing.annotator import Annotator
from emulator.athena.typing.functions import FUNCTIONS, Function
from emulator.athena.typing.signature import TEMPORAL, Bindings, bind, expand, lambda_parts, resolve, type_of

CHAR_FUNCTIONS = {"lower", "upper"}
"""Functions that return a char if they are called with one."""


def annotate_call(annotator: Annotator, call: exp.Anonymous) -> None:
    """Find the overload of a call, store it and its bindings in the node, and type the node.

    Raises:
        AthenaError: FUNCTION_NOT_FOUND: there is no such function, or it does not take these arguments.
    """
    overloads = FUNCTIONS.get(call.name.lower())
    if overloads is None:
        raise AthenaError("FUNCTION_NOT_FOUND", f"{position(call)}: Function '{call.name.lower()}' not registered")
    parts = [part for a in call.expressions for part in (a.expressions if isinstance(a, exp.Distinct) else [a])]
    arguments = _types([part for part in parts if not isinstance(part, exp.Star)])
    function, bindings = _choose(call, overloads, arguments)
    _type_nulls(annotator, call, function, bindings)
    _type_lambdas(annotator, call, function, bindings)
    call.meta["function"] = function
    call.meta["bindings"] = bindings
    annotator._set_type(call, _char_result(call, arguments) or resolve(function.result, bindings, call))


def _type_nulls(annotator: Annotator, call: exp.Anonymous, function: Function, bindings: Bindings) -> None:
    """Cast arguments that are only NULL to the type of their parameter, because DuckDB needs one."""
    patterns = expand(function, len(call.expressions)) or []
    for pattern, argument in zip(patterns, list(call.expressions), strict=False):
        if type_of(argument).this is not DType.NULL or pattern == "?" or pattern.startswith("function("):
            continue
        if len(pattern) == 1 and pattern != TEMPORAL:
            continue
        dt = sql_types.timestamp(3) if pattern == TEMPORAL else resolve(pattern, bindings, call)
        cast = exp.Cast(this=argument.copy(), to=dt.copy())
        argument.replace(cast)
        annotator._set_type(cast, dt)


def _char_result(call: exp.Anonymous, arguments: list[DataType | None]) -> DataType | None:
    """Return the type of a function of a char that returns a char of the same length, or None for other functions."""
    chars = [dt for dt in arguments if dt is not None and dt.this is DType.CHAR]
    name = call.name.lower()
    if chars and name in ("concat", "nullif"):
        raise not_supported(f"{position(call)}: {name} of a char is not in the emulator's engine; cast it to varchar")
    return chars[0] if chars and name in CHAR_FUNCTIONS else None


def at_time_zone(annotator: Annotator, node: exp.AtTimeZone) -> None:
    """Type `x AT TIME ZONE 'Europe/Paris'`: the same instant with the clock of the zone."""
    zone = node.args["zone"]
    if not (isinstance(zone, exp.Literal) and zone.is_string):
        raise not_supported(f"{position(node)}: AT TIME ZONE of a zone that is not a literal")
    source = type_of(node.this)
    if source.this not in {DType.TIMESTAMP, DType.TIMESTAMPTZ, *sql_types.UNTYPED}:
        raise AthenaError(
            "TYPE_MISMATCH",
            f"{position(node)}: Type of value must be a time or timestamp with or without time zone "
            f"(actual {type_names.trino_name(source)})",
        )
    annotator._set_type(node, sql_types.timestamp_tz(sql_types.digits(source), zone=zone.name))


def _choose(
    call: exp.Anonymous, overloads: list[Function], arguments: list[DataType | None]
) -> tuple[Function, Bindings]:
    fitting = [(function, bindings) for function in overloads if (bindings := bind(function, arguments)) is not None]
    if not fitting and call.meta.get("extract") and arguments[0] is not None:
        kind = type_names.trino_name(arguments[0])
        if arguments[0].this is DType.TIMETZ:
            raise not_supported(f"{position(call)}: a value of the type {kind} is not in the emulator's engine")
        raise AthenaError("TYPE_MISMATCH", f"{position(call)}: Cannot extract {call.name.lower()} from {kind}")
    if not fitting:
        raise _unexpected(call, overloads, arguments)
    exact = [pair for pair in fitting if _is_exact(pair[0], arguments)]
    return (exact or fitting)[0]


def _types(arguments: list[exp.Expr]) -> list[DataType | None]:
    """Return the types of arguments, None for a lambda."""
    return [None if isinstance(argument, exp.Lambda) else type_of(argument) for argument in arguments]


def _unexpected(call: exp.Anonymous, overloads: list[Function], arguments: list[DataType | None]) -> AthenaError:
    types = ", ".join("function" if dt is None else type_names.trino_name(dt) for dt in arguments)
    return AthenaError(
        "FUNCTION_NOT_FOUND",
        f"{position(call)}: Unexpected parameters ({types}) for function {call.name.lower()}. "
        f"Expected: {', '.join(function.signature for function in overloads)}",
    )


def _is_exact(function: Function, arguments: list[DataType | None]) -> bool:
    """Return whether no argument needs a coercion."""
    patterns = expand(function, len(arguments)) or []
    return all(
        argument is None
        or len(pattern) == 1
        or pattern.partition("(")[0] == type_names.trino_name(argument).partition("(")[0]
        for pattern, argument in zip(patterns, arguments, strict=True)
    )


def _type_lambdas(annotator: Annotator, call: exp.Anonymous, function: Function, bindings: Bindings) -> None:
    patterns = expand(function, len(call.expressions)) or []
    for pattern, argument in zip(patterns, call.expressions, strict=False):
        if not isinstance(argument, exp.Lambda):
            continue
        parameters, result = lambda_parts(pattern)
        names = [identifier.name for identifier in argument.expressions]
        if len(names) != len(parameters):
            raise AthenaError(
                "INVALID_FUNCTION_ARGUMENT",
                f"{position(call)}: {call.name.lower()} needs a lambda of {len(parameters)} parameters",
            )
        types = {n: resolve(p, bindings, call) for n, p in zip(names, parameters, strict=True)}
        body = annotator.annotate_lambda_body(argument.this, types)
        annotator._set_type(argument, body)
        if len(result) == 1:
            bound = bindings.types.get(result)
            both = body if bound is None else coercion.common(bound, body)
            if both is None:
                raise _unexpected(call, [function], _types(call.expressions))
            bindings.types[result] = both
