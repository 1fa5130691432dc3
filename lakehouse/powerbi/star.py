"""Read the star schema that Power BI shows: tables, columns and relationships that a role may see."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.contracts.classification import Classification
from lakehouse.errors import LakehouseError
from lakehouse.governance.models import nodes, of_models
from lakehouse.governance.roles import Role, visible
from lakehouse.governance.tags import Area
from lakehouse.metrics.model import Metrics

_TYPES = {
    "varchar": "string",
    "integer": "int64",
    "bigint": "int64",
    "smallint": "int64",
    "tinyint": "int64",
    "double": "double",
    "real": "double",
    "boolean": "boolean",
    "date": "dateTime",
    "timestamp": "dateTime",
}
_FIXED_SCALE = 4
"""Digits after the point of Power BI's fixed decimal number; a decimal with more becomes a double."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column.

    Attributes:
        name: name in Athena and in Power BI.
        type: data type of TMDL: string, int64, decimal, double, boolean or dateTime.
        is_date: whether it is a day without a time.
        description: what it is.
        classification: how confidential it is.
    """

    name: str
    type: str
    is_date: bool
    description: str
    classification: Classification


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """Many rows of one table belong to one row of another."""

    table: str
    column: str
    to_table: str
    to_column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table.

    Attributes:
        name: name in Athena and in Power BI.
        description: what it is.
        columns: its columns by name, in order.
        day: column with the days if it is the date table.
    """

    name: str
    description: str
    columns: Mapping[str, Column]
    day: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Star:
    """The tables that a role may see, in the order of their names, and what relates them."""

    tables: Mapping[str, Table]
    relationships: tuple[Relationship, ...]

    def keys(self, table: str) -> set[str]:
        """Return the columns of a table that relate it to others; reports do not show them."""
        return {
            column
            for one in self.relationships
            for name, column in ((one.table, one.column), (one.to_table, one.to_column))
            if name == table
        }


def read(project: Path, *, metrics: Metrics, role: Role) -> Star:
    """Return the tables of the semantic models and the date table, with the columns that a role sees.

    Raises:
        LakehouseError: a column has no data type, or one that Power BI does not have; names file, model and column.
    """
    curated = {table.name: table for table in of_models(project) if table.area is Area.CURATED}
    seen = {name: visible(role, table) for name, table in curated.items()}
    wanted = {model.table for model in metrics.models.values()}
    tables: dict[str, Table] = {}
    related: list[Relationship] = []
    for path, area, node in nodes(project):
        name, spine = node["name"], node.get("time_spine")
        if area is not Area.CURATED or (name not in wanted and not spine) or not seen[name]:
            continue
        described = [column for column in node["columns"] if column["name"] in seen[name]]
        tables[name] = Table(
            name=name,
            description=_text(node),
            columns={
                column["name"]: _column(column, curated[name].columns[column["name"]], where=f"{path}: {name}")
                for column in described
            },
            day=spine and spine["standard_granularity_column"],
        )
        related += _relationships(name, described)
    return Star(
        tables=dict(sorted(tables.items())),
        relationships=tuple(
            sorted(
                (one for one in related if one.to_table in tables and one.to_column in tables[one.to_table].columns),
                key=lambda one: (one.table, one.column),
            )
        ),
    )


def _column(node: Mapping[str, Any], classification: Classification, *, where: str) -> Column:
    declared = str(node.get("data_type", ""))
    base, _, rest = declared.partition("(")
    if base == "decimal":
        scale = int(rest.rstrip(")").split(",")[1])
        power_bi = "decimal" if scale <= _FIXED_SCALE else "double"
    elif base in _TYPES:
        power_bi = _TYPES[base]
    else:
        raise LakehouseError(
            f"{where}: column {node['name']} has the data_type {declared!r}: write decimal(p,s) or one of "
            f"{', '.join(_TYPES)}"
        )
    return Column(
        name=node["name"],
        type=power_bi,
        is_date=base == "date",
        description=_text(node),
        classification=classification,
    )


def _relationships(table: str, columns: Iterable[Mapping[str, Any]]) -> list[Relationship]:
    """Return the relationships that dbt tests: each value of the column exists in the other table."""
    return [
        Relationship(
            table=table,
            column=column["name"],
            to_table=test["relationships"]["arguments"]["to"].split("'")[1],
            to_column=test["relationships"]["arguments"]["field"],
        )
        for column in columns
        for test in column.get("data_tests", [])
        if "relationships" in test
    ]


def _text(node: Mapping[str, Any]) -> str:
    """Return a description on one line; a block of dbt's documentation is left to dbt."""
    text = " ".join(str(node.get("description", "")).split())
    return "" if "{{" in text else text
