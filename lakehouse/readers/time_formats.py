"""Read a date or time in a contract's format, as Java's DateTimeFormatter does with the strictest meaning.

Where Java is lenient, the text is rejected: it would read 31 April as 30 April, and 24:00 as the next day. In one
point this module is more lenient: names of months and AM or PM may have any case.

Source: JDK API, java.time.format.DateTimeFormatterBuilder, "appendPattern", "appendOffset".
"""

import re
from datetime import datetime, timedelta, timezone
from functools import cache

from lakehouse.contracts.time_format import Part, parts

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_NUMBER_OF_MONTH = {month[:3].lower(): number for number, month in enumerate(_MONTHS, 1)}
_TEXTS = {"MMM": "|".join(month[:3] for month in _MONTHS), "MMMM": "|".join(_MONTHS), "a": "AM|PM"}
_OFFSETS = {1: "{0}(?:{0})?", 2: "{0}{0}", 3: "{0}:{0}", 4: "{0}{0}(?:{0})?", 5: "{0}:{0}(?::{0})?"}
_MIDNIGHT = {"year": 1, "month": 1, "day": 1}


class TooFineError(ValueError):
    """A time finer than microseconds."""


def read(text: str, java: str) -> datetime:
    """Return the date and time of a text; what the format does not have is 1 January of year 1, and midnight.

    Args:
        text: text that the source sent, without spaces around it.
        java: format that `time_format.check` accepts.

    Raises:
        TooFineError: the time is finer than microseconds.
        ValueError: the text does not have the format, or the date or time does not exist.
    """
    split = parts(java)
    match = _pattern(java).fullmatch(text)
    if not match:
        raise ValueError("another format")
    texts = {part.field: (found, part.text) for part, found in zip(_fields(split), match.groups(), strict=True)}
    offset = texts.pop("offset", None)
    half = texts.pop("half of the day", ("", ""))[0].upper()
    fraction = texts.pop("fraction", ("", ""))[0].ljust(6, "0")
    if fraction[6:].strip("0"):
        raise TooFineError
    values = _MIDNIGHT | {field: _number(*found) for field, found in texts.items()}
    hour = values.pop("hour of half a day", None)
    if hour is not None:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of half a day")
        values["hour"] = hour % 12 + (12 if half == "PM" else 0)
    elif half and (values["hour"] >= 12) != (half == "PM"):
        raise ValueError("the hour is not in that half of the day")
    return datetime(**values, microsecond=int(fraction[:6]), tzinfo=_zone(*offset) if offset else None)


@cache
def _pattern(java: str) -> re.Pattern[str]:
    return re.compile("".join(f"({_regex(part.text)})" if part.field else re.escape(part.text) for part in parts(java)))


def _fields(split: tuple[Part, ...]) -> list[Part]:
    return [part for part in split if part.field]


def _regex(letters: str) -> str:
    letter, count = letters[0], len(letters)
    if letters in _TEXTS:
        return f"(?ai:{_TEXTS[letters]})"
    if letter in "XxZ":
        offset = "[+-]" + _OFFSETS[2 if letter == "Z" and count < 4 else count].format("[0-9]{2}")
        return f"Z|{offset}" if letter == "X" or letters == "ZZZZZ" else offset
    if count > 1:
        return f"[0-9]{{{count}}}"
    return {"S": "[0-9]", "y": "[0-9]{1,4}", "u": "[0-9]{1,4}"}.get(letter, "[0-9]{1,2}")


def _number(text: str, letters: str) -> int:
    if letters in ("MMM", "MMMM"):
        return _NUMBER_OF_MONTH[text[:3].lower()]
    return int(text) + (2000 if letters in ("yy", "uu") else 0)


def _zone(text: str, _letters: str) -> timezone:
    sign = -1 if text.startswith("-") else 1
    hours, minutes, seconds = (int(digits) for digits in (re.findall("[0-9]{2}", text) + ["0"] * 3)[:3])
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if minutes > 59 or seconds > 59 or offset > timedelta(hours=18):
        raise ValueError("no offset")
    return timezone(sign * offset)
