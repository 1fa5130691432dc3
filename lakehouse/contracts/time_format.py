"""Formats of dates and times: patterns of Java's DateTimeFormatter, as the standard writes them.

The number of letters is part of the meaning: `dd` is exactly two digits, `d` is one or two.

Source: JDK API, java.time.format.DateTimeFormatterBuilder, "appendPattern".
"""

import re
from collections import Counter
from functools import cache
from typing import NamedTuple

from lakehouse.contracts.types import Kind

# Letters that are read, with the field that they give.
_READ = {
    **dict.fromkeys(("yyyy", "uuuu", "yy", "uu", "y", "u"), "year"),
    **dict.fromkeys(("MMMM", "MMM", "MM", "M"), "month"),
    **dict.fromkeys(("dd", "d"), "day"),
    **dict.fromkeys(("HH", "H"), "hour"),
    **dict.fromkeys(("hh", "h"), "hour of half a day"),
    "a": "half of the day",
    **dict.fromkeys(("mm", "m"), "minute"),
    **dict.fromkeys(("ss", "s"), "second"),
    **{"S" * count: "fraction" for count in range(1, 10)},
    **dict.fromkeys(("X", "XX", "XXX", "XXXX", "XXXXX", "x", "xx", "xxx", "xxxx", "xxxxx"), "offset"),
    **dict.fromkeys(("Z", "ZZ", "ZZZ", "ZZZZZ"), "offset"),
}
_VARY = frozenset("yuMdHhmsXx") | {"XXXX", "xxxx"}
"""Letters that read a varying number of digits."""

_HINTS = {
    "Y": "Y is the year of a week; write yyyy",
    "D": "D is the day of the year; write dd",
    "k": "k counts hours from 1 to 24; write HH",
    "K": "K counts hours from 0 to 11; write hh and a",
    "n": "n is nanoseconds; write SSSSSS",
}
_JAVA = frozenset("GuyDMLdQqYwWEecFgaBhKkHmsSAnNVvzOXxZp")
_TOKEN = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL)

_DAY = ("year", "month", "day")
_HOURS = ("hour", "hour of half a day")


class Part(NamedTuple):
    """A part of a format.

    Attributes:
        text: pattern letters, or a literal.
        field: what the letters give; empty for a literal.
    """

    text: str
    field: str = ""


@cache
def parts(java: str) -> tuple[Part, ...]:
    """Split a format into its parts.

    Args:
        java: pattern such as `dd/MM/yyyy HH:mm`.

    Raises:
        ValueError: Java has no such pattern, or it has letters that are not read; the message gives the reason.
    """
    return tuple(_part(token) for token in _TOKEN.finditer(java))


def _part(token: re.Match[str]) -> Part:
    letters = token["letters"]
    if letters in _READ:
        return Part(letters, _READ[letters])
    if letters and letters[0] in _HINTS:
        raise ValueError(_HINTS[letters[0]])
    if letters and letters[0] in _JAVA:
        raise ValueError(f"{letters} is not read; use letters such as yyyy-MM-dd HH:mm:ss")
    if letters:
        raise ValueError(f"{letters} means nothing; quote text: '{letters}', and use letters such as yyyy-MM-dd")
    if token["other"] == "'":
        raise ValueError("a quote ' is not closed")
    if token["other"] and token["other"] in "[]{}#":
        raise ValueError(f"optional and reserved parts are not read; write '{token['other']}' in quotes if it is text")
    return Part(token["other"] or token["quoted"].replace("''", "'") or "'")


def check(java: str, kind: Kind) -> None:
    """Refuse a format that cannot give the values of a type, or of which a text can be read in two ways.

    Args:
        java: pattern of Java's DateTimeFormatter.
        kind: `DATE`, `TIMESTAMP`, or `STRING` for times of day, which are stored as text.

    Raises:
        ValueError: the message gives the reason and the remedy.
    """
    split = parts(java)
    fields = Counter(part.field for part in split if part.field)
    for field, count in fields.items():
        if count > 1:
            raise ValueError(f"it has the {field} {count} times; keep one (MM is the month, mm the minute)")
    if all(hour in fields for hour in _HOURS):
        raise ValueError("it has the hour twice, as H and as h; keep one")
    has_hour = any(hour in fields for hour in _HOURS)
    if "minute" in fields and not has_hour:
        raise ValueError("mm is the minute and needs an hour, HH; the month is MM")
    if "hour of half a day" in fields and "half of the day" not in fields:
        raise ValueError("hh counts hours from 1 to 12 and needs AM or PM, a; write HH for 0 to 23")
    if "half of the day" in fields and not has_hour:
        raise ValueError("a is AM or PM and needs an hour, hh")
    if "second" in fields and "minute" not in fields:
        raise ValueError("ss is the second and needs a minute, mm")
    if "fraction" in fields and "second" not in fields:
        raise ValueError("S is a fraction of a second and needs a second, ss; the second is ss")
    if kind is Kind.STRING:
        extra = next((field for field in (*_DAY, "offset") if field in fields), None)
        if extra or not has_hour:
            raise ValueError(f"a time of day has {f'no {extra}' if extra else 'an hour, HH'}; use such as HH:mm:ss")
    elif missing := [field for field in _DAY if field not in fields]:
        raise ValueError(f"it has no {' and no '.join(missing)}; use such as yyyy-MM-dd HH:mm:ss")
    if split[0].text[0].isspace() or split[-1].text[-1].isspace():
        raise ValueError("it begins or ends with a space, but texts are read without; remove it")
    _check_neighbours(split)


def _check_neighbours(split: tuple[Part, ...]) -> None:
    """Refuse two numbers of varying length with only digits between them: 1112026 is 1 November or 11 January."""
    varying = ""
    for part in split:
        if part.field == "offset" or part.text in ("MMM", "MMMM", "a") or not (part.field or part.text.isdigit()):
            varying = ""
        if part.text in _VARY and part.field:
            if varying:
                raise ValueError(
                    f"{varying} and {part.text} each read a varying number of digits, with nothing between them; "
                    f"separate them, or write {varying * 2} and {part.text * 2}"
                )
            varying = part.text
