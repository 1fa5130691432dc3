"""The text of a drafted contract: complete ODCS, with the reason of each guess beside its line."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lakehouse.contracts.loader import parse_contract
from lakehouse.contracts.model import Contract
from lakehouse.contracts.odcs.reader import SUFFIX

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*( ?\([0-9]+(, ?[0-9]+)?\))?")
_NO_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
"""Words that YAML 1.1 does not read as texts."""

LONGEST_COMMENT = 300


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the contract: `key: value  # why`.

    Attributes:
        key: a key of ODCS.
        value: text, number or truth, or lists and maps of these.
        why: why it was guessed; "" for what is known.
    """

    key: str
    value: object
    why: str = ""


@dataclass(slots=True, kw_only=True)
class DraftColumn:
    """A drafted column.

    Attributes:
        name: name in the lakehouse.
        source_name: name in the source.
        type: the lines of its type.
        others: all other lines: key, required, classification ...
        notes: what else the team should know about it.
    """

    name: str
    source_name: str
    type: list[Line]
    others: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        """All lines in the order of the document."""
        physical = [Line("physicalName", self.source_name)] if self.source_name != self.name else []
        return [Line("name", self.name), *physical, *self.type, *self.others]


@dataclass(slots=True, kw_only=True)
class Draft:
    """A drafted contract.

    Attributes:
        domain: domain of the dataset.
        dataset: name of the dataset.
        table: name of the table in a source database; "" for files.
        server: the lines of the server.
        custom: the custom properties: how records add up.
        columns: columns, in order.
        description: what one row is; "" if the source does not say.
        notes: what the team should know, at the top of the file.
    """

    domain: str
    dataset: str
    server: list[Line]
    custom: list[Line]
    columns: list[DraftColumn]
    table: str = ""
    description: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The document."""
        return "\n".join(_document(self)) + "\n"

    @property
    def path(self) -> str:
        """Path of its file in the folder of contracts."""
        return f"{self.domain}/{self.dataset}{SUFFIX}"

    def contract(self) -> Contract:
        """Return the contract that the document is.

        Raises:
            LakehouseError: it has violations.
        """
        return parse_contract(self.text, path=self.path)


def _document(draft: Draft) -> Iterator[str]:
    yield "# Drafted by `lakehouse contracts draft`. Comments say what was guessed, and why: review each."
    yield from _comments(draft.notes, indent=0)
    domain, dataset = draft.domain, draft.dataset
    yield from ("apiVersion: v3.1.0", "kind: DataContract", f"id: {_value(f'{domain}-{dataset}'.replace('_', '-'))}")
    yield from ("version: 0.1.0", "status: draft", f"domain: {_value(domain)}", "servers:")
    yield from _item(draft.server, indent=2)
    yield "customProperties:"
    for line in draft.custom:
        yield f"  - {{property: {line.key}, value: {_value(line.value)}}}{_comment(line.why)}"
    yield "schema:"
    table = [Line("physicalName", draft.table)] if draft.table not in ("", dataset) else []
    description = [Line("description", draft.description)] if draft.description else []
    yield from _item([Line("name", dataset), *table, *description], indent=2)
    yield "    properties:"
    for column in draft.columns:
        yield from _comments(column.notes, indent=6)
        yield from _item(column.lines, indent=6)


def _item(lines: Sequence[Line], *, indent: int) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"{' ' * indent}{'  ' if number else '- '}{line.key}: {_value(line.value)}{_comment(line.why)}"


def _comments(notes: Sequence[str], *, indent: int) -> Iterator[str]:
    yield from (" " * indent + _comment(note).lstrip() for note in notes)


def _comment(why: str) -> str:
    """Return a comment of one line, whatever names of the source stand in it."""
    printable = "".join(character if character.isprintable() else " " for character in why)
    return f"  # {printable[:LONGEST_COMMENT]}" if why else ""


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_value(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and "," not in value and value.lower() not in _NO_TEXT:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)
