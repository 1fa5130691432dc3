"""Patterns of dates: MySQL's (date_format, date_parse) and Joda's (format_datetime, parse_datetime) for DuckDB."""

import re

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
    """DuckDB's pattern for one such as `%Y-%m-%d %H:%i:%s`.

    Raises:
        AthenaError: it has a specifier that Trino, or DuckDB, does not have.
    """

    def specifier(found: re.Match[str]) -> str:
        if found[1] not in _MYSQL:
            raise AthenaError("INVALID_FUNCTION_ARGUMENT", f"%{found[1]} not supported in date format string")
        return _MYSQL[found[1]]

    return re.sub(r"%(.)", specifier, pattern, flags=re.DOTALL)


def joda(pattern: str, *, zone: str) -> str:
    """DuckDB's pattern for one such as `yyyy-MM-dd'T'HH:mm:ss`.

    Args:
        pattern: Joda's pattern.
        zone: what stands for the zone's letters, as text.

    Raises:
        AthenaError: it has a letter that DuckDB has no equal for.
    """
    parts = []
    for found in _JODA_TOKEN.finditer(pattern):
        token = found[0]
        if found[1] is not None:
            parts.append(found[1].replace("''", "'").replace("%", "%%") or "'")
        elif found[3] is not None:
            parts.append(token.replace("%", "%%"))
        elif token in _JODA:
            parts.append(_JODA[token])
        elif token[0] in "zZ":
            parts.append(zone)
        else:
            raise not_supported(f"'{token}' in the date pattern '{pattern}'")
    return "".join(parts)
