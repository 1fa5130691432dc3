"""Which columns of which tables the columns of a SELECT are made of.

Values alone: what a query filters, joins or sorts by is not in its columns' lineage, but its tables are in its inputs.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lakehouse.errors import LakehouseError
from lakehouse.lineage.events import Subtype

if TYPE_CHECKING:
    from sqlglot.lineage import Node

Table = tuple[str, str]
"""Database and name."""

STRONGEST = (Subtype.IDENTITY, Subtype.TRANSFORMATION, Subtype.AGGREGATION)
"""Of several steps, the last of these is what is told."""


class Source(NamedTuple):
    """A column that a value is made of, what is done on the way, and the expression that does it."""

    table: Table
    column: str
    subtype: Subtype
    how: str


def columns(sql: str, *, tables: Mapping[Table, Sequence[str]]) -> dict[str, list[Source]]:
    """Sources of each column of a query of Athena; a column of constants has none.

    Args:
        sql: the query.
        tables: columns of every table that it reads.

    Raises:
        LakehouseError: sqlglot cannot follow it; says why.
    """
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage

    schema: dict[str, object] = {}
    for (database, table), names in tables.items():
        schema.setdefault(database, {})[table] = dict.fromkeys(names, "varchar")  # type: ignore[index]
    try:
        found = lineage(None, sql, {"awsdatacatalog": schema} if schema else {}, dialect="athena")
    except SqlglotError as error:
        raise LakehouseError(f"no lineage by column: {error}") from error
    assert isinstance(found, dict)  # of all columns, as none was named
    return {name: _sources(node) for name, node in found.items()}


def _sources(column: "Node") -> list[Source]:
    """Follow a column down to the tables; the expression that is nearest to the result says how."""
    from sqlglot import exp

    found: dict[tuple[Table, str], Source] = {}
    pending = [(column, Subtype.IDENTITY, "")]
    while pending:
        node, subtype, how = pending.pop()
        value = node.expression.unalias()
        if isinstance(node.source, exp.Table) and not node.downstream:
            table, name = (node.source.db, node.source.name), node.name.rpartition(".")[2].strip('"')
            found.setdefault((table, name), Source(table, name, subtype, how))
        elif not isinstance(value, exp.Column | exp.SetOperation):
            aggregates = value.find(exp.AggFunc) and not value.find(exp.Window)
            did = Subtype.AGGREGATION if aggregates else Subtype.TRANSFORMATION
            subtype = max(subtype, did, key=STRONGEST.index)
            how = how or value.sql("athena")
        pending += [(child, subtype, how) for child in node.downstream]
    return [found[key] for key in sorted(found)]
