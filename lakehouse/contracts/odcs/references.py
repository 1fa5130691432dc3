"""Read foreign keys from ODCS relationships."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from open_data_contract_standard.model import Relationship, SchemaObject

from lakehouse.contracts.violations import Violations, YamlPath, one_of

_COLUMN = re.compile(r"(?P<dataset>[a-z]\w*)\.(?P<column>\w+)")


class Reference(NamedTuple):
    """A reference to a column of another dataset.

    Attributes:
        dataset: the other dataset.
        column: its column.
        path: path of the reference.
        line: line of the reference, from 1.
    """

    dataset: str
    column: str
    path: YamlPath
    line: int


def references(dataset: SchemaObject, *, violations: Violations, path: YamlPath) -> list[Reference]:
    """Read the references of a dataset, and check that each relationship starts at its own columns.

    Args:
        dataset: ODCS `schema[0]`.
        violations: collects the violations.
        path: path of the dataset.
    """
    columns = [property_.name or "" for property_ in dataset.properties or []]
    targets: list[Reference] = []
    for relationship, where in _relationships(dataset, path):
        for text, step in _ends(relationship.from_, (*where, "from")):
            match = _COLUMN.fullmatch(text)
            if match is None or match["dataset"] != dataset.name or match["column"] not in columns:
                nearest = one_of(text, [f"{dataset.name}.{name}" for name in columns])
                violations.add(step, f"{text!r} is no column of {dataset.name}", remedy=nearest)
        for text, step in _ends(relationship.to, (*where, "to")):
            match = _COLUMN.fullmatch(text)
            if match is None:
                violations.add(
                    step, f"{text!r} is no column", remedy="write dataset.column, e.g. customers.customer_id"
                )
            else:
                targets.append(Reference(match["dataset"], match["column"], step, violations.line_of(step)))
    return targets


def _relationships(dataset: SchemaObject, path: YamlPath) -> Iterator[tuple[Relationship, YamlPath]]:
    for index, relationship in enumerate(dataset.relationships or []):
        yield relationship, (*path, "relationships", index)
    for position, property_ in enumerate(dataset.properties or []):
        for index, relationship in enumerate(property_.relationships or []):
            yield relationship, (*path, "properties", position, "relationships", index)


def _ends(value: str | list[str] | None, path: YamlPath) -> list[tuple[str, YamlPath]]:
    if isinstance(value, list):
        return [(text, (*path, index)) for index, text in enumerate(value)]
    return [(value, path)] if value is not None else []
