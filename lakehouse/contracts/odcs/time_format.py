"""Date and time formats: the standard writes Java's DateTimeFormatter, our reader parses with strptime."""

import re

# strptime reads one or two digits for each of %d %m %H %I %M %S, and one to six for %f. Of two-digit years it takes
# 69 to 99 for the last century (POSIX), where Java's are always of this one.
_STRPTIME = {
    "yyyy": "%Y",
    "uuuu": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%m",
    "dd": "%d",
    "d": "%d",
    "HH": "%H",
    "H": "%H",
    "hh": "%I",
    "h": "%I",
    "mm": "%M",
    "ss": "%S",
    "SSSSSS": "%f",
    "SSS": "%f",
    "a": "%p",
    "XXX": "%z",
    "XX": "%z",
    "X": "%z",
    "Z": "%z",
}
_TOKEN = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL)


def strptime(java: str) -> str:
    """Translate a DateTimeFormatter pattern, e.g. `dd/MM/yyyy` to `%d/%m/%Y`.

    Raises:
        ValueError: a pattern letter that strptime has no like of; the message is the letters.

    Source: JDK API, java.time.format.DateTimeFormatter, "Patterns for Formatting and Parsing".
    """

    def translated(token: re.Match[str]) -> str:
        letters = token["letters"]
        if letters is None:
            literal = token["other"] or token["quoted"].replace("''", "'") or "'"
            return literal.replace("%", "%%")
        if letters not in _STRPTIME:
            raise ValueError(letters)
        return _STRPTIME[letters]

    return _TOKEN.sub(translated, java)
