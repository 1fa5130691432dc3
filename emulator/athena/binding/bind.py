"""Binding: tables and views of a parsed query are resolved, its columns qualified, its types inferred."""

from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.expressions import DataType

from emulator.athena.binding import qualified
from emulator.athena.binding.names import Resolver
from emulator.athena.binding.relations import Relation
from emulator.athena.binding.restricted import RestrictedRelation
from emulator.athena.binding.typed import typed
from emulator.athena.parsing.dialect import AthenaSql
from emulator.athena.runtime.errors import AthenaError, not_supported, position
from emulator.athena.runtime.run import Run
from emulator.athena.tables.catalog import CATALOG
from emulator.athena.tables.iceberg_scan import FILE_ROW, PATH
from emulator.athena.typing.checks import column_not_found
from emulator.athena.typing.operators import common_type
from emulator.athena.typing.signature import type_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A query that is ready for DuckDB.

    Attributes:
        tree: the qualified and typed query.
        relations: the relations that the query reads, by their names in the tree.
        columns: name and type of each column of the result.
    """

    tree: exp.Expr
    relations: dict[str, Relation]
    columns: list[tuple[str, DataType]]


def bind(run: Run, tree: exp.Expr, *, internal: bool = False, within: tuple[str, str] | None = None) -> Bound:
    """Resolve and type a query.

    Args:
        run: the statement's run.
        tree: the parsed query.
        internal: whether the query may read `$file_row`, which Athena does not have.
        within: database and name of the view that the query defines.

    Raises:
        AthenaError: TABLE_NOT_FOUND, COLUMN_NOT_FOUND, TYPE_MISMATCH ... with the message of Trino's analyzer.
    """
    tree = tree.copy()
    _replace_parameters(tree, run.context.parameters)
    _replace_context(tree, database=run.context.database)
    resolver = Resolver(run, within=within)
    resolver.resolve(tree, database=run.context.database)
    qualified.shorten(tree)
    _refuse_fields_as_columns(tree)
    _check_pseudocolumns(tree, resolver.relations, internal=internal)
    names = _output_names(tree)
    schema = {name: relation.columns for name, relation in resolver.relations.items()}
    tree = typed(tree, schema=schema)
    selects = tree.selects if isinstance(tree, exp.Query) else []
    types = _output_types(tree)
    return Bound(
        tree=tree,
        relations=resolver.relations,
        columns=list(zip(_all_names(names, [s.alias_or_name for s in selects]), types, strict=True)),
    )


def _check_pseudocolumns(tree: exp.Expr, relations: dict[str, Relation], *, internal: bool) -> None:
    """Refuse `$file_row`, unless a query is internal, and `$path` of a table that is not shown as a whole.

    Raises:
        AthenaError: COLUMN_NOT_FOUND.
    """
    restricted = {
        table.alias for table in tree.find_all(exp.Table) if isinstance(relations.get(table.name), RestrictedRelation)
    }
    for column in tree.find_all(exp.Column):
        hidden = column.name == PATH and restricted and (not column.table or column.table in restricted)
        if hidden or (column.name == FILE_ROW and not internal):
            raise column_not_found(column)


def _replace_parameters(tree: exp.Expr, values: tuple[str, ...]) -> None:
    """Replace question marks by values.

    Raises:
        AthenaError: INVALID_PARAMETER_USAGE: the numbers of question marks and values differ.
    """
    marks = list(tree.find_all(exp.Placeholder, bfs=False))
    if len(marks) != len(values):
        raise AthenaError(
            "INVALID_PARAMETER_USAGE",
            f"line 1:1: Incorrect number of parameters: expected {len(marks)} but found {len(values)}",
        )
    for mark, value in zip(marks, values, strict=True):
        mark.replace(sqlglot.parse_one(value, read=AthenaSql))


def _replace_context(tree: exp.Expr, *, database: str) -> None:
    """Replace `current_catalog` and `current_schema`, which are written without parentheses."""
    values = {"current_catalog": CATALOG, "current_schema": database}
    for column in list(tree.find_all(exp.Column)):
        value = values.get(column.name.lower())
        if value is not None and not column.table and not column.this.quoted:
            column.replace(exp.Literal.string(value))


def _refuse_fields_as_columns(tree: exp.Expr) -> None:
    """Refuse `r.*` of a row, and `t.* AS (a, b)`."""
    for star in tree.find_all(exp.Star):
        owner = star.parent
        of_row = isinstance(owner, exp.Dot) or (isinstance(owner, exp.Column) and owner.args.get("db"))
        if of_row or (owner is not None and isinstance(owner.parent, exp.Aliases)):
            raise not_supported("the fields of a row as columns (.*) are not in the emulator's engine")


def _output_names(tree: exp.Expr) -> list[str | None]:
    """Return the names of the result's columns as they are written; None for a star."""
    while isinstance(tree, exp.SetOperation | exp.Subquery):
        tree = tree.this
    if not isinstance(tree, exp.Select):
        return []
    return [
        None
        if projection.is_star
        else projection.alias_or_name
        if isinstance(projection, exp.Alias | exp.Column)
        else projection.name
        if isinstance(projection, exp.Dot)
        else f"_col{index}"
        for index, projection in enumerate(tree.expressions)
    ]


def _all_names(written: list[str | None], expanded: list[str]) -> list[str]:
    """Return the written names, with a star replaced by its columns."""
    stars = written.count(None)
    if stars > 1 or (stars == 0 and len(written) != len(expanded)):
        return expanded
    names: list[str] = []
    for name in written:
        count = len(expanded) - len(written) + 1 if name is None else 1
        start = len(names)
        names += expanded[start : start + count] if name is None else [name]
    return names


def _output_types(tree: exp.Expr) -> list[DataType]:
    if isinstance(tree, exp.Subquery):
        return _output_types(tree.this)
    if isinstance(tree, exp.SetOperation):
        left, right = _output_types(tree.left), _output_types(tree.right)
        return [
            common_type(a, b, place=position(tree), what="Columns of a set operation")
            for a, b in zip(left, right, strict=True)
        ]
    return [type_of(select) for select in tree.selects] if isinstance(tree, exp.Query) else []
