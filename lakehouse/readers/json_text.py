"""JSON with its numbers as they are written, so that no digit is lost on the way to a decimal."""

import json
from typing import Any

MAX_DEPTH = 100

Nested = Any
"""None, bool, str, Number, or lists and dicts of these."""


class Number(str):
    """A number's text, apart from a string of the same characters."""

    __slots__ = ()


class RepeatedFieldError(ValueError):
    """An object gives a field twice, so that one of its values would be lost."""


def _unique(pairs: list[tuple[str, Nested]]) -> dict[str, Nested]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        seen = set[str]()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise RepeatedFieldError(f"field {twice!r} is given twice")
    return fields


DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number, object_pairs_hook=_unique)


def load(text: str) -> Nested:
    """Read one JSON value.

    Raises:
        ValueError: the text is no JSON, or `check` refuses it.
    """
    try:
        value = DECODER.decode(text)
    except RecursionError:
        raise ValueError(f"it nests deeper than {MAX_DEPTH}") from None
    check(value, text)
    return value


def check(value: Nested, text: str) -> None:
    """Refuse what is JSON, but neither characters that can be stored nor of a depth that can be walked.

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
            raise ValueError(f"{half} is half of a surrogate pair, and no character") from None


def _depth(value: Nested) -> int:
    depth, level = 0, [value]
    while level:
        level = [
            inner
            for item in level
            if isinstance(item, (dict, list))
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        depth += 1
    return depth


def render(value: Nested) -> str:
    """Text of a scalar as it is, and JSON of what nests."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else to_json(value)


def to_json(value: Nested) -> str:
    """JSON of a value, numbers as they were written."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(name, ensure_ascii=False)}: {to_json(item)}" for name, item in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(to_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
