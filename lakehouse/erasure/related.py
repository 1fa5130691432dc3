"""Find rows of other datasets that refer to a person's rows, by the relationships of the contracts."""

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
from lakehouse.tables.definition import raw


class Link(NamedTuple):
    """A relationship: `column` of `dataset` holds values of column `to_column` of dataset `to`."""

    dataset: str
    column: str
    to: str
    to_column: str


def links(contracts: Iterable[Contract]) -> list[Link]:
    """Return all relationships of single columns; relationships of several columns are not followed."""
    return [link for contract in contracts for link in _links(contract)]


def _links(contract: Contract) -> Iterator[Link]:
    for reference in read(read_text(contract.path), path=contract.path).references:
        if reference.path[2] == "properties":
            position = reference.path[3]
            assert isinstance(position, int)
            yield Link(contract.dataset, contract.columns[position].name, reference.dataset, reference.column)


def related_subjects(
    subject: Subject,
    contracts: Iterable[Contract],
    *,
    catalog: Catalog,
    names: Names,
    journaled: Iterable[Subject] = (),
) -> list[Subject]:
    """Return the subjects of all datasets whose rows refer to a subject's rows, directly or indirectly.

    If a key was reused by another person (for example an order number), related rows are not followed, because they
    may belong to that person.

    Args:
        subject: the person.
        contracts: the contracts of all datasets.
        catalog: Iceberg catalog; keys for indirect relationships are read from raw, which has every version of a row.
        names: names of the deployment.
        journaled: subjects of an incomplete erasure, which may have removed the rows that led to them.

    Returns:
        one subject per referring column, so a dataset with two such columns occurs twice; a dataset that is referred
        to comes before the datasets that refer to it.
    """
    by_dataset = {contract.dataset: contract for contract in contracts}
    journal = {
        (entry.contract.dataset, column): values for entry in journaled for column, values in entry.values.items()
    }
    all_links = links(by_dataset.values())
    reached: dict[tuple[str, str], set[Any]] = {}
    waiting = [subject]
    while waiting:
        target = waiting.pop(0)
        for link in all_links:
            if link.to != target.contract.dataset or link.dataset in (
                target.contract.dataset,
                subject.contract.dataset,
            ):
                continue
            referrer = (link.dataset, link.column)
            values = _values(target, link.to_column, catalog=catalog, names=names, journaled=journal.get(referrer, ()))
            new = values - reached.setdefault(referrer, set())
            if new:
                reached[referrer] |= new
                waiting.append(Subject(contract=by_dataset[link.dataset], values={link.column: tuple(new)}))
    return [
        Subject(contract=by_dataset[dataset], values={column: tuple(sorted(values))})
        for (dataset, column), values in reached.items()
        if values
    ]


def _values(subject: Subject, column: str, *, catalog: Catalog, names: Names, journaled: Iterable[Any]) -> set[Any]:
    """Return the values that only this subject's rows ever had in a column."""
    if column in subject.values:
        return set(subject.values[column])
    table = catalog.load_table(raw(subject.contract, names=names).name)
    own = {*journaled, *_distinct(table, column, subject.condition)} - {None}
    if not own:
        return own
    others = [Not(subject.condition), *(NotNull(term=Reference(name=name)) for name in subject.values)]
    return own - _distinct(
        table, column, And(In(term=Reference(name=column), values={literal(value) for value in own}), *others)
    )


def _distinct(table: Table, column: str, condition: BooleanExpression) -> set[Any]:
    rows = table.scan(row_filter=condition, selected_fields=(column,)).to_arrow()
    return set(pc.unique(rows[column]).to_pylist())
