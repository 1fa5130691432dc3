"""Row-level roles: the row filters of contracts on the tables of the star that are made from their datasets.

Power BI filters a table, and with it all tables that are related to it on the many side. A table that is made from a
filtered dataset and that no filter reaches would show all rows, so it is refused.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from pathlib import Path

from lakehouse.contracts.model import Contract
from lakehouse.errors import LakehouseError
from lakehouse.governance.models import ZONES
from lakehouse.metrics.expressions import expression_of, names_in
from lakehouse.powerbi.dax import condition, member_name, table_name
from lakehouse.powerbi.star import Star

_READS = re.compile(r"\b(?:ref\(\s*['\"](\w+)['\"]|source\(\s*['\"]\w+['\"]\s*,\s*['\"](\w+)['\"])\s*\)")


def filters(contracts: Iterable[Contract], *, star: Star, project: Path) -> dict[str, str]:
    """Return the DAX condition of each table that a row filter applies to, by table.

    Raises:
        LakehouseError: a table shows rows of a filtered dataset and cannot be filtered; names contract and table.
    """
    reads = {path.stem: _reads(path) for path in sorted((project / ZONES).glob("*/*.sql"))}
    found: dict[str, list[str]] = {}
    for contract in sorted(contracts, key=lambda one: one.dataset):
        if not contract.row_filter:
            continue
        where = f"rowFilter of {contract.dataset}"
        expression = expression_of(contract.row_filter, where=where)
        made = {table for table in star.tables if contract.dataset in _sources(table, reads)}
        first = {table for table in made if contract.dataset in _sources(table, reads, stop=star.tables)}
        for table in sorted(first):
            missing = [name for name in names_in(expression) if name not in star.tables[table].columns]
            if missing:
                raise LakehouseError(
                    f"{where}: {table} is made from {contract.dataset} and has no column {missing[0]!r} that the role "
                    "of this report sees: add the column to the model, or build the report for the role steward"
                )
            of_table = partial(_column, table)
            found.setdefault(table, []).append(condition(expression, of_table, where=where))
        for table in sorted(made - first):
            if not any(one.table == table and one.to_table in first for one in star.relationships):
                raise LakehouseError(
                    f"{where}: {table} has rows that are made from {contract.dataset}, and is not related to "
                    f"{', '.join(sorted(first)) or 'a table of this report with its columns'}: add the test "
                    "`relationships` to the model, or build the report for the role steward"
                )
    return {table: " && ".join(several) for table, several in sorted(found.items())}


def _column(table: str, name: str) -> str:
    return table_name(table) + member_name(name)


def _reads(path: Path) -> set[str]:
    """Return the models and datasets that a model's SQL names."""
    return {model or dataset for model, dataset in _READS.findall(path.read_text())}


def _sources(table: str, reads: Mapping[str, set[str]], *, stop: Collection[str] = ()) -> set[str]:
    """Return the datasets that a table is made from, directly or by other models.

    Args:
        table: the table.
        reads: what each model reads.
        stop: models that are not followed.
    """
    waiting: list[str] = [table]
    found: set[str] = set()
    while waiting:
        new = reads.get(waiting.pop(), set()) - found
        found |= new
        waiting += new - set(stop)
    return found - reads.keys()
