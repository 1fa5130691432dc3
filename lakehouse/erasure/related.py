"""Datasets that refer to a person's rows, by the relationships of their contracts."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pyarrow.compute as pc
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import And, BooleanExpression, In, Not, NotNull, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.table import Table

from lakehouse.contracts.loader import read_text
from lakehouse.contracts.model import Contract
from lakehouse.contracts.odcs.reader import read
from lakehouse.erasure.subject import Subject
from lakehouse.names import Names
from lakehouse.tables import definition


class Link(NamedTuple):
    """`column` of `dataset` holds values of column `to_column` of dataset `to`."""

    dataset: str
    column: str
    to: str
    to_column: str


def links(contracts: Iterable[Contract]) -> list[Link]:
    """Relationships of single columns; those of several columns together are no way to a person here."""
    return [link for contract in contracts for link in _of(contract)]


def _of(contract: Contract) -> Iterator[Link]:
    for reference in read(read_text(contract.path), path=contract.path).references:
        if reference.path[2] == "properties":
            position = reference.path[3]
            assert isinstance(position, int)
            yield Link(contract.dataset, contract.columns[position].name, reference.dataset, reference.column)


def related(
    subject: Subject,
    contracts: Iterable[Contract],
    *,
    catalog: Catalog,
    names: Names,
    remembered: Iterable[Subject] = (),
) -> list[Subject]:
    """Subjects of all datasets whose rows refer to a subject's, directly or by way of others.

    A value that rows of somebody else have too, as an order number that was used again, is followed no further: what
    refers to it is theirs as well.

    Args:
        subject: where to begin.
        contracts: all datasets.
        catalog: Iceberg catalog; keys of what refers further are read from raw, which has every version.
        names: names of the deployment.
        remembered: what was found before an erasure began that died, and may have removed what it was found by.

    Returns:
        What is referred to comes before what refers to it; a dataset with two such columns is there twice.
    """
    known = {contract.dataset: contract for contract in contracts}
    before = {
        (found.contract.dataset, column): values for found in remembered for column, values in found.values.items()
    }
    ways = links(known.values())
    found: dict[tuple[str, str], set[Any]] = {}
    waiting = [subject]
    while waiting:
        target = waiting.pop(0)
        for link in ways:
            if link.to != target.contract.dataset or link.dataset in (
                target.contract.dataset,
                subject.contract.dataset,
            ):
                continue
            place = (link.dataset, link.column)
            values = _values(target, link.to_column, catalog=catalog, names=names, before=before.get(place, ()))
            new = values - found.setdefault(place, set())
            if new:
                found[place] |= new
                waiting.append(Subject(contract=known[link.dataset], values={link.column: tuple(new)}))
    return [
        Subject(contract=known[dataset], values={column: tuple(sorted(values))})
        for (dataset, column), values in found.items()
        if values
    ]


def _values(subject: Subject, column: str, *, catalog: Catalog, names: Names, before: Iterable[Any]) -> set[Any]:
    """Values that a subject's rows ever had in a column, and nobody else's."""
    if column in subject.values:
        return set(subject.values[column])
    table = catalog.load_table(definition.raw(subject.contract, names=names).name)
    own = {*before, *_distinct(table, column, subject.condition)} - {None}
    if not own:
        return own
    others = [Not(subject.condition), *(NotNull(term=Reference(name=name)) for name in subject.values)]
    return own - _distinct(
        table, column, And(In(term=Reference(name=column), values={literal(value) for value in own}), *others)
    )


def _distinct(table: Table, column: str, condition: BooleanExpression) -> set[Any]:
    rows = table.scan(row_filter=condition, selected_fields=(column,)).to_arrow()
    return set(pc.unique(rows[column]).to_pylist())
