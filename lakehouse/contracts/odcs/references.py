"""Foreign keys (ODCS relationships): which columns name a row of which other dataset."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from open_data_contract_standard.model import Relationship, SchemaObject

from lakehouse.contracts.violations import Violations, YamlPath, one_of

_COLUMN = re.compile(r"(?P<dataset>[a-z]\w*)\.(?P<column>\w+)")


class Reference(NamedTuple):
    """One column of another dataset that a contract speaks of, and where it does."""

    dataset: str
    column: str
    path: YamlPath
    line: int


def references(dataset: SchemaObject, *, violations: Violations, path: YamlPath) -> list[Reference]:
    """Read what a dataset refers to, and check the ends of each relationship that lie in the dataset itself.

    Args:
        dataset: ODCS `schema[0]`.
        violations: gets what is wrong.
        path: its path.
    """
    own = [item.name or "" for item in dataset.properties or []]
    found: list[Reference] = []
    for relationship, where in _relationships(dataset, path):
        for text, step in _ends(relationship.from_, (*where, "from")):
            match = _COLUMN.fullmatch(text)
            if match is None or match["dataset"] != dataset.name or match["column"] not in own:
                nearest = one_of(text, [f"{dataset.name}.{name}" for name in own])
                violations.add(step, f"{text!r} is no column of {dataset.name}", remedy=nearest)
        for text, step in _ends(relationship.to, (*where, "to")):
            match = _COLUMN.fullmatch(text)
            if match is None:
                violations.add(
                    step, f"{text!r} is no column", remedy="write dataset.column, e.g. customers.customer_id"
                )
            else:
                found.append(Reference(match["dataset"], match["column"], step, violations.line_of(step)))
    return found


def _relationships(dataset: SchemaObject, path: YamlPath) -> Iterator[tuple[Relationship, YamlPath]]:
    for index, relationship in enumerate(dataset.relationships or []):
        yield relationship, (*path, "relationships", index)
    for position, item in enumerate(dataset.properties or []):
        for index, relationship in enumerate(item.relationships or []):
            yield relationship, (*path, "properties", position, "relationships", index)


def _ends(value: str | list[str] | None, path: YamlPath) -> list[tuple[str, YamlPath]]:
    if isinstance(value, list):
        return [(text, (*path, index)) for index, text in enumerate(value)]
    return [(value, path)] if value is not None else []
