"""Datasets that refer to a person's rows, by the relationships of their contracts."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pyarrow.compute as pc
from pyiceberg.catalog import Catalog

from lakehouse import table_definition
from lakehouse.contract import Contract
from lakehouse.contract_loader import read_text
from lakehouse.erasure.subject import Subject
from lakehouse.names import Names
from lakehouse.odcs.reader import read


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


def related(subject: Subject, contracts: Iterable[Contract], *, catalog: Catalog, names: Names) -> list[Subject]:
    """Subjects of all datasets whose rows refer to a subject's, directly or by way of others.

    Args:
        subject: where to begin.
        contracts: all datasets.
        catalog: Iceberg catalog; keys of what refers further are read from raw, which has every version.
        names: names of the deployment.
    """
    known = {contract.dataset: contract for contract in contracts}
    ways = links(known.values())
    found: dict[str, Subject] = {}
    waiting = [subject]
    while waiting:
        target = waiting.pop(0)
        for link in ways:
            if link.to != target.contract.dataset or link.dataset in (*found, subject.contract.dataset):
                continue
            values = _values(target, link.to_column, catalog=catalog, names=names)
            if values:
                found[link.dataset] = Subject(contract=known[link.dataset], values={link.column: values})
                waiting.append(found[link.dataset])
    return list(found.values())


def _values(subject: Subject, column: str, *, catalog: Catalog, names: Names) -> tuple[Any, ...]:
    """Values that a subject's rows ever had in a column."""
    if column in subject.values:
        return tuple(subject.values[column])
    table = catalog.load_table(table_definition.raw(subject.contract, names=names).name)
    rows = table.scan(row_filter=subject.condition, selected_fields=(column,)).to_arrow()
    return tuple(value for value in pc.unique(rows[column]).to_pylist() if value is not None)
