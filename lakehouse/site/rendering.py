"""Render templates to HTML: every text is escaped, and every link leads to a page of the site or the documentation."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lakehouse.names import Zone
from lakehouse.operations.status import short

FOLDER = Path(__file__).parent
_FILE_NAME = re.compile(r"[a-z0-9_][a-z0-9_.]{0,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A text, and the page of the site that it leads to; None if it leads nowhere."""

    text: str
    page: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the pages link to.

    Attributes:
        datasets: names of the datasets that have a page.
        models: `zone.table` of the models that have one.
        docs: URL of the documentation, also relative to the folder of the site; ends with `/`.
        flag: what commands need to work on this environment; "" for the default one.
    """

    datasets: Collection[str]
    models: Collection[str]
    docs: str
    flag: str

    def link(self, table: str) -> Link:
        """Return the link to a table, `zone.table`, or to a source, which has no page."""
        zone, _, name = table.partition(".")
        if table in self.models:
            return Link(text=table, page=page_of("models", table))
        if zone in (Zone.RAW, Zone.INTEGRATION) and name in self.datasets:
            return Link(text=table, page=page_of("datasets", name))
        return Link(text=table, page=None)


def page_of(folder: str, name: str) -> str:
    """Return the path of a page: with its name, or a hash of a name that is no safe name of a file."""
    safe = name if _FILE_NAME.fullmatch(name) else hashlib.sha256(name.encode(errors="replace")).hexdigest()
    return f"{folder}/{safe}.html"


def render(template: str, site: Site, *, page: str, **values: Any) -> str:
    """Return a page.

    Args:
        template: name of the template.
        site: what it links to.
        page: path of the page in the site.
        values: what it shows.
    """
    root = "../" * page.count("/")
    docs = site.docs if "://" in site.docs else root + site.docs
    values |= {"root": root, "docs": docs, "flag": site.flag, "page": page}
    return _environment().get_template(template).render(**values) + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": _number, "time": _time, "duration": short}
    return environment


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if at else ""
