"""`python -m reports.aws_behaviour`: write docs/aws-behaviour.md from docs/aws-behaviour.yaml."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from app import ROOT

DATA, PAGE = (ROOT / "docs" / f"aws-behaviour.{ending}" for ending in ("yaml", "md"))
HEAD = """\
# AWS's behaviour

AWS refuses some valid templates and calls. This page lists what AWS documents, or what others report, and the test
that keeps the lakehouse to it. It is made from [aws-behaviour.yaml](aws-behaviour.yaml) by
`python -m reports.aws_behaviour`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One row of the register.

    Attributes:
        service: the AWS service.
        statement: what it does.
        source: address of the documentation or of the issue that says so.
        test: `file::function` of the test that keeps the lakehouse to it.
    """

    service: str
    statement: str
    source: str
    test: str


def read(path: Path = DATA) -> list[Behaviour]:
    """Return the rows of the register."""
    return [Behaviour(**row) for row in yaml.safe_load(path.read_text())]


def page(behaviours: Iterable[Behaviour]) -> str:
    """Return the page, with a section for each service."""
    lines, service = [HEAD], None
    for row in sorted(behaviours, key=lambda row: row.service):
        if row.service != service:
            lines += [*([""] if service else []), f"## {row.service}"]
            service = row.service
        file, _, function = row.test.partition("::")
        lines += [f"- {_folded(row.statement)}", f"  - [source]({row.source})"]
        lines += [f"  - [test](../{file}):", f"    `{function}`"]
    return "\n".join(lines) + "\n"


def _folded(text: str, width: int = 118) -> str:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n  ".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(read()))
