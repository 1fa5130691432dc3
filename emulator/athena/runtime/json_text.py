"""JSON as Trino reads and writes it: strict syntax, sorted keys, Java's numbers. DuckDB's JSON is more lenient.

DuckDB calls the functions of `SQL_FUNCTIONS` from SQL.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from emulator.athena.runtime.errors import AthenaError, not_supported

_STEP = re.compile(r"""\.([\w$@:-]+)|\["([^"]*)"\]|\[(\d+)\]""")
_ESCAPED = re.compile('[\x00-\x1f"\\\\\U00010000-\U0010ffff]')
"""Characters that Jackson escapes; those of two UTF-16 units are among them."""


class _Number(str):
    """A number as it is written."""


class NoValueError(Exception):
    """A text is no JSON, or its path leads nowhere."""


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs)) if len({key for key, _ in pairs}) < len(pairs) else dict(pairs)


def _decoder(pairs_hook: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=pairs_hook, parse_float=_Number, parse_int=_Number, parse_constant=_refuse
    )


_DOCUMENT, _SEARCHED = _decoder(dict), _decoder(_first_wins)


def _read(text: str, decoder: json.JSONDecoder) -> Any:
    try:
        return decoder.decode(text)
    except (ValueError, RecursionError):
        raise NoValueError from None


def _at(text: str, path: str) -> Any:
    """Return the value at a path such as `$.a["b"][0]`."""
    value = _read(text, _SEARCHED)
    for step in _steps(path):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            raise NoValueError
    return value


def _steps(path: str) -> list[str]:
    """Return the names and indexes of a path.

    Raises:
        AthenaError: the path has filters or wildcards, or is no path.
    """
    steps, end = [], 1
    while path.startswith("$") and end < len(path) and (match := _STEP.match(path, end)):
        steps.append(next(group for group in match.groups() if group is not None))
        end = match.end()
    if path.startswith("$") and any(sign in path[end:] for sign in ("*", "..", "?", ":", ",")):
        raise not_supported(f"the JSON path '{path}' is not in the emulator's engine")
    if not path.startswith("$") or end < len(path):
        raise AthenaError("INVALID_FUNCTION_ARGUMENT", f"Invalid JSON path: '{path}'")
    return steps


def _written(value: Any, *, sort: bool, exact: bool = False) -> str:
    """Return a value as Jackson writes it, with its keys sorted or in their order, or with numbers as they are."""
    if isinstance(value, _Number):
        return str(value) if exact else _java_number(value, infinity='"{}"')
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass")) if sort else value
        parts = (f"{_quoted(key)}:{_written(value[key], sort=sort, exact=exact)}" for key in keys)
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(part, sort=sort, exact=exact) for part in value) + "]"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    whole = text.encode("utf-8", "replace").decode()
    return '"' + _ESCAPED.sub(lambda match: _escape(match[0]), whole) + '"'


def _escape(character: str) -> str:
    written = json.dumps(character)[1:-1]
    return written.upper().replace("U", "u") if written.startswith("\\u") else written


def _java_number(text: str, *, infinity: str) -> str:
    """Return an integer as it is, and another number as Java writes a double: `1.0E7`."""
    if not set(text) & set(".eE"):
        return "0" if text == "-0" else text
    number = float(text)
    if number in (float("inf"), float("-inf")):
        return infinity.format("Infinity" if number > 0 else "-Infinity")
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    fraction = "".join(map(str, digits[1:])) or "0"
    return f"{'-' * sign}{digits[0]}.{fraction}E{int(exponent) + len(digits) - 1}"


def _or_null(function: Callable[..., str | None], *arguments: str | None) -> str | None:
    """Return what a function returns, or None for NULL and for values that are not there."""
    if None in arguments:
        return None
    try:
        result = function(*arguments)
    except (NoValueError, RecursionError):
        return None
    return None if result is None else result.encode("utf-8", "replace").decode()


def _canonical(text: str) -> str:
    return _written(_read(text, _DOCUMENT), sort=True)


def is_document(text: str) -> bool:
    """Return whether a text is JSON."""
    return _or_null(_canonical, text) is not None


def _value(text: str, path: str) -> str:
    return _written(_at(text, path), sort=False)


def _scalar(text: str, path: str) -> str | None:
    value = _at(text, path)
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _varchar(text: str) -> str | None:
    return _as_text(_read(text, _SEARCHED))


def _as_text(value: Any) -> str | None:
    """Return a scalar as a cast to varchar gives it; None for null, arrays and objects."""
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, _Number):
        return _scientific(_java_number(value, infinity="{}"))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _scientific(number: str) -> str:
    """Return Java's text of a number as Trino casts it: integers as they are, others with an exponent."""
    if "." not in number:
        return number
    if not float(number):
        return "-0E0" if number.startswith("-") else "0E0"
    sign, digits, exponent = Decimal(number).normalize().as_tuple()
    fraction = "".join(map(str, digits[1:])) or "0"
    return f"{'-' * sign}{digits[0]}.{fraction}E{int(exponent) + len(digits) - 1}"


def _shaped(text: str, shape: str) -> str:
    return _written(_cut(_read(text, _SEARCHED), json.loads(shape)), sort=False, exact=True)


def _cut(value: Any, shape: list[Any]) -> Any:
    """Return a value with the fields of a shape's rows alone, and with texts where the shape has text or JSON."""
    match shape:
        case ["json"]:
            return _written(value, sort=False)
        case ["text"] if not isinstance(value, dict | list):
            return _as_text(value)
        case ["array", part] if isinstance(value, list):
            return [_cut(item, part) for item in value]
        case ["map", part] if isinstance(value, dict):
            return {key: _cut(item, part) for key, item in value.items()}
        case ["row", fields] if isinstance(value, dict):
            members = {key.lower(): item for key, item in value.items()}
            if len(members) < len(value):
                raise AthenaError("INVALID_CAST_ARGUMENT", f"Duplicate field: {', '.join(value)}")
            return {name: _cut(members.get(name.lower()), part) for name, part in fields}
        case ["row", fields] if isinstance(value, list) and len(value) == len(fields):
            return {name: _cut(item, part) for (name, part), item in zip(fields, value, strict=True)}
    return value


SQL_FUNCTIONS: dict[str, tuple[Callable[..., str | None], int]] = {
    "trino_json_canonical": (lambda text: _or_null(_canonical, text), 1),
    "trino_json_value": (lambda text, path: _or_null(_value, text, path), 2),
    "trino_json_scalar": (lambda text, path: _or_null(_scalar, text, path), 2),
    "trino_json_varchar": (lambda text: _or_null(_varchar, text), 1),
    "trino_json_shaped": (lambda text, shape: _or_null(_shaped, text, shape), 2),
}
"""Functions of texts by their name in SQL, with the number of their arguments; NULL if there is no value.

`trino_json_canonical(text)` is the text as `json_parse` stores it; `trino_json_value(text, path)` the JSON and
`trino_json_scalar(text, path)` the scalar, as it is written, at a path; `trino_json_varchar(text)` a scalar's cast, and
`trino_json_shaped(text, shape)` JSON with such casts at the places of a shape."""
