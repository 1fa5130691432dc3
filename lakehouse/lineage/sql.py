"""Find the source columns of the columns of a SELECT.

Only columns that contribute values count. Columns in filters, joins and orderings are not part of the column lineage,
but their tables are inputs of the query.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lakehouse.errors import LakehouseError
from lakehouse.lineage.events import Subtype

if TYPE_CHECKING:
    from sqlglot.lineage import Node

Table = tuple[str, str]
"""Database and name."""

STRENGTH = (Subtype.IDENTITY, Subtype.TRANSFORMATION, Subtype.AGGREGATION)
"""Subtypes from weak to strong; of several steps, the strongest is reported."""


class Source(NamedTuple):
    """A source column, the transformation of its values, and the expression."""

    table: Table
    column: str
    subtype: Subtype
    how: str


def columns(sql: str, *, tables: Mapping[Table, Sequence[str]]) -> dict[str, list[Source]]:
    """Return the source columns of each column of an Athena query; a column of constants has none.

    Args:
        sql: the query.
        tables: columns of every table that the query reads.

    Raises:
        LakehouseError: sqlglot cannot analyse the query.
    """
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage

    schema: dict[str, object] = {}
    for (database, table), names in tables.items():
        schema.setdefault(database, {})[table] = dict.fromkeys(names, "varchar")  # type: ignore[index]
    try:
        nodes = lineage(None, sql, {"awsdatacatalog": schema} if schema else {}, dialect="athena")
    except SqlglotError as error:
        raise LakehouseError(f"no lineage by column: {error}") from error
    assert isinstance(nodes, dict)  # because no column was named, it contains all columns
    return {name: _sources(node) for name, node in nodes.items()}


def _sources(column: "Node") -> list[Source]:
    """Follow a column down to the tables; the expression nearest to the result is reported."""
    from sqlglot import exp

    sources: dict[tuple[Table, str], Source] = {}
    pending = [(column, Subtype.IDENTITY, "")]
    while pending:
        node, subtype, how = pending.pop()
        value = node.expression.unalias()
        if isinstance(node.source, exp.Table) and not node.downstream:
            table, name = (node.source.db, node.source.name), node.name.rpartition(".")[2].strip('"')
            sources.setdefault((table, name), Source(table, name, subtype, how))
        elif not isinstance(value, exp.Column | exp.SetOperation):
            aggregates = value.find(exp.AggFunc) and not value.find(exp.Window)
            step = Subtype.AGGREGATION if aggregates else Subtype.TRANSFORMATION
            subtype = max(subtype, step, key=STRENGTH.index)
            how = how or value.sql("athena")
        pending += [(child, subtype, how) for child in node.downstream]
    return [sources[key] for key in sorted(sources)]
