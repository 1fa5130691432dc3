"""A table of which the caller may see some columns or rows: nothing else of it reaches the statement.

Rows are filtered before the statement's own conditions are evaluated, and into a table of their own: DuckDB would
otherwise evaluate the conditions in any order, and an error or the number of bytes read could tell about hidden rows.

Source: Lake Formation developer guide, "Data filters in Lake Formation" and "PartiQL support in row filter
expressions".
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.expressions import DataType

from emulator.athena.binding.relations import IcebergRelation, Relation
from emulator.athena.binding.typed import typed
from emulator.athena.duckdb.generate import duckdb_sql
from emulator.athena.parsing.dialect import AthenaSql
from emulator.athena.runtime import sql_text
from emulator.athena.runtime.errors import AthenaError, not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.tables.access import Access

_SOURCE = "filtered"
# Comparisons of columns with constants, joined by AND and OR.
_OF_FILTERS: tuple[type[exp.Expr], ...] = (
    *(exp.And, exp.Or, exp.Not, exp.Paren, exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Neg),
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Like, exp.Is, exp.Dot),
    *(exp.Cast, exp.DataType, exp.DataTypeParam),
)


@dataclass(frozen=True, slots=True)
class RestrictedRelation:
    """Some columns of a relation, in the rows that meet a condition.

    Attributes:
        inner: the relation with everything.
        visible: names of the columns that the caller may select.
        condition: typed condition on `filtered`, the relation's name in it; None for all rows.
    """

    inner: Relation
    visible: tuple[str, ...]
    condition: exp.Expr | None

    @property
    def columns(self) -> dict[str, DataType]:
        columns = self.inner.columns
        return {name: columns[name] for name in self.visible}

    def sql(self, run: Run, conditions: list[exp.Expr]) -> str:
        names = ", ".join(map(sql_text.identifier, self.visible))
        if self.condition is None:
            return f"SELECT {names} FROM ({self.inner.sql(run, conditions)})"
        source = self.inner.sql(run, [self.condition])
        rows = run.new_name()
        where = duckdb_sql(self.condition.copy())
        run.execute(f"CREATE TEMP TABLE {rows} AS SELECT {names} FROM ({source}) AS {_SOURCE} WHERE {where}")
        return f"SELECT * FROM {rows}"


def restrict(relation: Relation, access: Access, *, place: str) -> Relation:
    """Return what the caller may see of a table's relation.

    Args:
        relation: the table, or an earlier snapshot of it, with all columns.
        access: the caller's access to the table.
        place: position of the table in the statement.

    Raises:
        AthenaError: COLUMN_NOT_FOUND: the caller may select no column; NOT_SUPPORTED: its filters have different
            columns, or one is no row filter expression of Lake Formation.
    """
    if access.is_whole:
        return relation
    now = _names_now(relation)
    visible = tuple(name for name in relation.columns if name in now and access.shows(now[name]))
    if not visible:
        raise AthenaError("COLUMN_NOT_FOUND", f"{place}: Relation contains no accessible columns")
    filters = {access.cells.get(now[name]) for name in visible}
    if len(filters) > 1:
        table = access.table
        raise not_supported(
            f"{place}: data cells filters of {table['DatabaseName']}.{table['Name']} with different columns; the "
            "emulator supports one set of rows for all columns of a caller"
        )
    [texts] = filters
    then = {current: name for name, current in now.items()}
    condition = _condition(texts, relation.columns, then, place=place) if texts else None
    return RestrictedRelation(relation, visible, condition)


def _names_now(relation: Relation) -> dict[str, str]:
    """Return the present names of a relation's columns by the names that they have in it.

    A column of an earlier snapshot is the one that has its field id now, whatever name either has; a column that was
    dropped since has no name, and nobody whom Lake Formation restricts sees it.
    """
    if not isinstance(relation, IcebergRelation):
        return {name: name for name in relation.columns}
    names = {part.field_id: part.name.lower() for part in relation.table.schema().fields}
    return {part.name.lower(): names[part.field_id] for part in relation.schema.fields if part.field_id in names}


def _condition(texts: Iterable[str], columns: dict[str, DataType], then: dict[str, str], *, place: str) -> exp.Expr:
    """Return row filters, of which a row has to meet one, as a typed condition on the columns of a relation.

    Args:
        texts: the filters.
        columns: types of the relation's columns.
        then: the names that columns have in the relation, by their present names.
        place: position of the table in the statement.

    Raises:
        AthenaError: NOT_SUPPORTED: one is no row filter expression, or the relation lacks one of its columns.
    """
    anyone = exp.or_(*(exp.paren(_parsed(text, then, place=place)) for text in sorted(texts)))
    query = exp.select("1").from_(exp.to_table(_SOURCE)).where(anyone)
    condition: exp.Expr = typed(query, schema={_SOURCE: columns}).args["where"].this
    return condition


def _parsed(text: str, then: dict[str, str], *, place: str) -> exp.Expr:
    """Return a row filter expression on the names that columns have in a relation."""
    try:
        parsed = sqlglot.parse_one(text, read=AthenaSql)
    except SqlglotError:
        raise _no_filter(text, place) from None
    casts = [cast for cast in parsed.find_all(exp.Cast) if cast.find(exp.Column)]  # these could fail for hidden rows
    if casts or not all(isinstance(node, _OF_FILTERS) for node in parsed.walk()):
        raise _no_filter(text, place)
    for column in list(parsed.find_all(exp.Column)):
        name = then.get(column.name.lower())
        if name is None or column.table:
            raise _no_filter(text, place)
        column.set("this", exp.to_identifier(name, quoted=True))
    return parsed


def _no_filter(text: str, place: str) -> AthenaError:
    return not_supported(
        f"{place}: row filter {text}: expected comparisons of the table's columns with constants, joined by AND and OR"
    )
