"""Write the index of the search: one JavaScript file, which a browser also loads without a server."""

import json
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What can be found: its kind, name, page, description and columns."""

    kind: str
    name: str
    page: str
    description: str
    columns: tuple[str, ...] = ()


def index(entries: Iterable[Entry]) -> str:
    """Return the file. JSON in ASCII is also JavaScript."""
    rows = [[one.kind, one.name, one.page, one.description, list(one.columns)] for one in entries]
    return f"window.siteIndex = {json.dumps(rows, separators=(',', ':'))};\n"
