"""Read the text form of PostgreSQL's arrays, which DMS sends as strings, as JSON.

Source: PostgreSQL documentation, "Arrays: Array Input and Output Syntax".
"""

import re

import pyarrow as pa

from lakehouse.readers.json_text import MAX_DEPTH, Nested, to_json

_TOKEN = re.compile(
    r'(?P<open>\{)|(?P<close>\})|(?P<comma>,)|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>(?:[^{}",\\\s]|\\.)(?:[^{}",\\]|\\.)*)',
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def as_json(texts: pa.Array) -> pa.Array:
    """Return texts with each array of PostgreSQL as a JSON array; all other texts stay, for their reason."""
    if not any(text and text.startswith("{") for text in texts.to_pylist()):
        return texts
    return pa.array([None if text is None else _json(text) for text in texts.to_pylist()], pa.string())


def _json(text: str) -> str:
    try:
        return to_json(parse(text)) if text.startswith("{") else text
    except ValueError:
        return text


def parse(text: str) -> Nested:
    """Return an array as nested lists of texts and None.

    Raises:
        ValueError: the text is no array as PostgreSQL writes it.
    """
    outer: list[Nested] = []
    open_lists = [outer]
    position, takes_value = 0, True
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or (len(open_lists) == 1 and outer):
            raise ValueError(f"no array at character {position + 1}")
        position = match.end()
        kind = match.lastgroup
        current = open_lists[-1]
        if kind == "close":
            if len(open_lists) == 1 or (takes_value and current):
                raise ValueError(f"'}}' at character {position}")
            open_lists.pop()
            takes_value = False
            continue
        if (kind == "comma") == takes_value or (kind != "open" and len(open_lists) == 1):
            raise ValueError(f"{match[0]!r} at character {position}")
        takes_value = kind in ("comma", "open")
        if kind == "open":
            inner: list[Nested] = []
            current.append(inner)
            open_lists.append(inner)
            if len(open_lists) > MAX_DEPTH:
                raise ValueError(f"it nests deeper than {MAX_DEPTH}")
        elif kind == "quoted":
            current.append(_ESCAPE.sub(r"\1", match["quoted"]))
        elif kind == "plain":
            plain = match["plain"]
            current.append(None if plain.upper() == "NULL" else _ESCAPE.sub(r"\1", plain))
    if len(open_lists) > 1 or not outer:
        raise ValueError("the array has no end")
    return outer[0]
