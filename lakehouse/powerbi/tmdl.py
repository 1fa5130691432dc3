"""Write TMDL: names in quotes, descriptions, expressions in a block, and lineage tags that stay the same.

Source: "Tabular Model Definition Language (TMDL)", Microsoft Learn.
"""

import re
from uuid import UUID, uuid5

_SPACE = UUID("6b1f5f0e-7f0c-5d0b-9d6b-1c1f6a3b8f51")
"""Namespace of the lineage tags of this project."""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""Characters that would end a line, or that an XML file of Power BI could not hold."""


def name(text: str) -> str:
    """Return a name; anything but a plain word is in quotes, without control characters."""
    clean = one_line(text)
    return clean if _PLAIN.fullmatch(clean) else "'" + clean.replace("'", "''") + "'"


def one_line(text: str) -> str:
    """Return a text without line breaks and other control characters."""
    return _BREAKS.sub(" ", text).strip()


def description(text: str, *, indent: int = 0) -> list[str]:
    """Return the lines of a description, which stand before an object."""
    clean = one_line(text)
    return ["\t" * indent + f"/// {clean}"] if clean else []


def expression(text: str, *, indent: int) -> list[str]:
    """Return the lines of an expression of several lines, one level below its object."""
    return ["\t" * indent + line if line else "" for line in text.split("\n")]


def tag(*path: str) -> str:
    """Return the lineage tag of an object, which depends on its path alone."""
    # In JSON-like form, so that no two paths give one text.
    return str(uuid5(_SPACE, repr(path)))


def file(lines: list[str]) -> str:
    """Return the content of a file."""
    return "\n".join(lines) + "\n"
