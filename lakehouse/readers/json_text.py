"""Read and write JSON with its numbers as they are written, so that no digit is lost on the way to a decimal."""

import json
import re
from collections import Counter
from typing import Any

from lakehouse.readers.chunk import MAX_VALUES, TOO_MANY

MAX_DEPTH = 100

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)

Nested = Any
"""None, bool, str, Number, or lists and dicts of these."""


_STRUCTURE = re.compile(_STRING.pattern + r"|[\[\]{},]", re.DOTALL)


class Number(str):
    """The text of a number; its type distinguishes it from a string of the same characters."""

    __slots__ = ()


class InvalidRecordError(ValueError):
    """JSON that is rejected although its end is known: a field twice, or a number that JSON does not have."""


def _unique(pairs: list[tuple[str, Nested]]) -> dict[str, Nested]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        repeated = next(name for name, count in counts.items() if count > 1)
        raise InvalidRecordError(f"field {repeated!r} occurs more than once")
    return fields


def _not_json(constant: str) -> Nested:
    raise InvalidRecordError(constant)


DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_not_json, object_pairs_hook=_unique)


def load(text: str) -> Nested:
    """Read one JSON value.

    Raises:
        ValueError: the text is not JSON, or `check` refuses it.
    """
    if has_too_many_values(text):
        raise ValueError(f"it has {TOO_MANY}")
    try:
        value = DECODER.decode(text)
    except RecursionError:
        raise ValueError(f"it nests deeper than {MAX_DEPTH}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at character {error.pos + 1}") from None
    check(value, text)
    return value


def has_too_many_values(text: str) -> bool:
    """Return whether a JSON value has more than `MAX_VALUES` values in its arrays and objects, before it is read."""
    return separators(text) > MAX_VALUES and separators(_STRING.sub('""', text)) > MAX_VALUES


def begins_with_too_many_values(text: str, at: int) -> bool:
    """Return whether the JSON value at a character has more than `MAX_VALUES` values, as far as the text goes."""
    count = depth = 0
    for token in _STRUCTURE.finditer(text, at):
        character = token[0]
        depth += (character in "[{") - (character in "]}")
        count += character in ",[{"
        if depth <= 0 or count > MAX_VALUES:
            break
    return count > MAX_VALUES


def separators(text: str) -> int:
    """Return how many values a JSON text has in its arrays and objects, and in its strings what looks like them."""
    return text.count(",") + text.count("[") + text.count("{")


def check(value: Nested, text: str) -> None:
    """Refuse a JSON value that cannot be stored or that nests too deep to be processed.

    Args:
        value: the value.
        text: its JSON.

    Raises:
        ValueError: the value nests deeper than `MAX_DEPTH`, or has half of a surrogate pair.
    """
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise ValueError(f"it nests deeper than {MAX_DEPTH}")
    if "\\u" in text:
        try:
            to_json(value).encode()
        except UnicodeEncodeError as error:
            half = f"\\u{ord(error.object[error.start]):x}"
            raise ValueError(f"{half} is half of a surrogate pair, not a character") from None


def _depth(value: Nested) -> int:
    depth, level = 0, [value]
    while level:
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        depth += 1
    return depth


def render(value: Nested) -> str:
    """Return the text of a value: a scalar as it is, a nested value as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else to_json(value)


def to_json(value: Nested) -> str:
    """Return a value as JSON, numbers as they were written."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        fields = (f"{json.dumps(name, ensure_ascii=False)}: {to_json(inner)}" for name, inner in value.items())
        return f"{{{', '.join(fields)}}}"
    if isinstance(value, list):
        return "[" + ", ".join(map(to_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
