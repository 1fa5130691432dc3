"""The matrix of visible columns: for each role and each column, whether the role sees it in all or some rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lakehouse.contracts.classification import Classification
from lakehouse.contracts.model import Contract
from lakehouse.governance.models import of_models
from lakehouse.governance.roles import Role, is_filtered, visible
from lakehouse.governance.tag_keys import CLASSIFICATION
from lakehouse.governance.tags import Area, TaggedTable, of_contracts, of_database
from lakehouse.names import Names
from lakehouse.tables import ops


class Sight(StrEnum):
    """The rows of a column that a role sees."""

    ALL = "yes"
    SOME_ROWS = "some rows"
    NOTHING = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One column of one table.

    Attributes:
        area, table, column: the column.
        classification: how confidential it is.
        seen: the rows that each role sees, in the order of the roles.
    """

    area: Area
    table: str
    column: str
    classification: Classification
    seen: tuple[Sight, ...]


def tables(contracts: Iterable[Contract], *, models: Path, names: Names) -> list[TaggedTable]:
    """Return all tables of raw, integration, curated and ops.

    Args:
        contracts: the datasets.
        models: folder of the dbt project.
        names: names of the deployment.
    """
    tagged = [*of_contracts(contracts, names=names), *of_models(models), *_of_ops(names)]
    return sorted(tagged, key=lambda table: list(Area).index(table.area))


def matrix(tables: Iterable[TaggedTable], roles: Sequence[Role]) -> Iterator[Row]:
    """Yield for each column what each role sees, in the order of the tables."""
    for table in tables:
        seen = {role.name: set(visible(role, table)) for role in roles}
        for column, classification in table.columns.items():
            yield Row(
                area=table.area,
                table=table.name,
                column=column,
                classification=classification,
                seen=tuple(
                    Sight.NOTHING
                    if column not in seen[role.name]
                    else Sight.SOME_ROWS
                    if is_filtered(role, table)
                    else Sight.ALL
                    for role in roles
                ),
            )


def _of_ops(names: Names) -> list[TaggedTable]:
    """Return the ops tables, which only have the tags of their database."""
    classification = Classification(of_database(Area.OPS)[CLASSIFICATION])
    return [
        TaggedTable(
            area=Area.OPS,
            name=definition.table,
            columns={column.name: classification for column in definition.fields},
        )
        for definition in ops.definitions(names=names)
    ]
