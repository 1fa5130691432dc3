"""Date patterns of MySQL (date_format, date_parse) and Joda (format_datetime, parse_datetime) as DuckDB's."""

import re
from collections.abc import Callable

from emulator.athena.runtime.errors import AthenaError, not_supported

# https://trino.io/docs/current/functions/datetime.html#mysql-date-functions
_MYSQL = {
    "a": "%a",
    "b": "%b",
    "c": "%-m",
    "d": "%d",
    "e": "%-d",
    "f": "%f",
    "H": "%H",
    "h": "%I",
    "I": "%I",
    "i": "%M",
    "j": "%j",
    "k": "%-H",
    "l": "%-I",
    "M": "%B",
    "m": "%m",
    "p": "%p",
    "r": "%I:%M:%S %p",
    "S": "%S",
    "s": "%S",
    "T": "%H:%M:%S",
    "v": "%V",
    "W": "%A",
    "x": "%G",
    "Y": "%Y",
    "y": "%y",
    "%": "%%",
}
# https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html
_JODA = {
    "yyyy": "%Y",
    "YYYY": "%Y",
    "y": "%Y",
    "Y": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "dd": "%d",
    "d": "%-d",
    "DDD": "%j",
    "D": "%-j",
    "EEEE": "%A",
    "EEE": "%a",
    "E": "%a",
    "e": "%u",
    "a": "%p",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "m": "%-M",
    "ss": "%S",
    "s": "%-S",
    "SSS": "%g",
    "SSSSSS": "%f",
    "xxxx": "%G",
    "ww": "%V",
}
_JODA_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|(.)", re.DOTALL)


def mysql(pattern: str) -> str:
    """Return DuckDB's pattern for a pattern of MySQL such as `%Y-%m-%d %H:%i:%s`.

    Raises:
        AthenaError: Trino or DuckDB does not have a specifier of the pattern.
    """

    def specifier(match: re.Match[str]) -> str:
        if match[1] not in _MYSQL:
            raise AthenaError("INVALID_FUNCTION_ARGUMENT", f"%{match[1]} not supported in date format string")
        return _MYSQL[match[1]]

    return re.sub(r"%(.)", specifier, pattern, flags=re.DOTALL)


def joda(pattern: str, *, zone: Callable[[str], str]) -> str:
    """Return DuckDB's pattern for a pattern of Joda such as `yyyy-MM-dd'T'HH:mm:ss`.

    Args:
        pattern: Joda's pattern.
        zone: returns DuckDB's pattern for the letters of a zone, such as `ZZ`.

    Raises:
        AthenaError: NOT_SUPPORTED: DuckDB has no equivalent of a letter.
    """
    parts = []
    for match in _JODA_TOKEN.finditer(pattern):
        token = match[0]
        if match[1] is not None:
            parts.append(match[1].replace("''", "'").replace("%", "%%") or "'")
        elif match[3] is not None:
            parts.append(token.replace("%", "%%"))
        elif token in _JODA:
            parts.append(_JODA[token])
        elif token[0] in "zZ":
            parts.append(zone(token))
        else:
            raise not_supported(f"'{token}' in the date pattern '{pattern}'")
    return "".join(parts)
