"""Read the terms of the glossary from its Markdown list, as plain text."""

import re
from dataclasses import dataclass
from pathlib import Path

_TERM = re.compile(r"- \*\*(.+?)\*\*(?: \((.+?)\))?: (.+)", re.DOTALL)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A term, where it has this meaning ("" for everywhere), and the meaning."""

    name: str
    where: str
    meaning: str


def read(path: Path) -> list[Term]:
    """Return the terms of a glossary; a file that does not exist has none."""
    if not path.is_file():
        return []
    items = re.split(r"\n(?=- |\n)", path.read_text(encoding="utf-8"))
    return [
        Term(name=found[1], where=found[2] or "", meaning=_plain(found[3]))
        for item in items
        if (found := _TERM.match(item.strip()))
    ]


def _plain(markdown: str) -> str:
    return " ".join(_LINK.sub(r"\1", markdown).replace("`", "").split())
