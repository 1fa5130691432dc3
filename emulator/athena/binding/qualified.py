"""Columns with the schema of their table before it: `SELECT shop.orders.id FROM shop.orders`.

A table with an alias is known only by its alias.
Source: https://trino.io/docs/current/sql/select.html
"""

import itertools
from collections import Counter, defaultdict

from sqlglot import exp

_ORIGIN = "origin"
_UNALIASED = "unaliased"
_SCOPES = (exp.Select, exp.Update, exp.Delete, exp.Merge)


def mark_unaliased(table: exp.Table) -> None:
    """Record that a statement gave a table no alias, before it gets one."""
    table.meta[_UNALIASED] = True


def set_origin(table: exp.Table, *, catalog: str, schema: str) -> None:
    """Record catalog, schema and name of a table that has no alias."""
    if not table.alias or table.meta.get(_UNALIASED):
        table.meta[_ORIGIN] = (catalog, schema, table.name.lower())


def move_origin(table: exp.Table, subquery: exp.Subquery) -> None:
    """Record the name of a view in the subquery that replaces it."""
    if _ORIGIN in table.meta:
        subquery.meta[_ORIGIN] = table.meta[_ORIGIN]


def shorten(tree: exp.Expr) -> None:
    """Refer to tables by their aliases in the columns of a query whose tables are resolved.

    Tables of two schemas with one name get different aliases.
    """
    sources: dict[int, list[exp.Expr]] = defaultdict(list)
    for source in tree.find_all(exp.Table, exp.Subquery):
        if _ORIGIN in source.meta:
            sources[id(source.find_ancestor(*_SCOPES))].append(source)
    shared = Counter(name for _, _, name in {source.meta[_ORIGIN] for group in sources.values() for source in group})
    for table in itertools.chain.from_iterable(sources.values()):
        _, schema, name = table.meta[_ORIGIN]
        if shared[name] > 1:
            table.args["alias"].set("this", exp.to_identifier(f"{schema}.{name}", quoted=True))
    for column in list(tree.find_all(exp.Column)) if sources else ():
        scope: exp.Expr | None = column.find_ancestor(*_SCOPES)
        while scope is not None and not _shorten(column, sources[id(scope)]):
            scope = scope.find_ancestor(*_SCOPES)


def _shorten(column: exp.Column, sources: list[exp.Expr]) -> bool:
    """Write a column of one of the tables with the table's alias, and return whether it is such a column."""
    parts = column.parts
    written = tuple(part.name.lower() for part in parts[:-1])
    for size in (3, 2, 1):
        named = [source for source in sources if source.meta[_ORIGIN][-size:] == written[:size]]
        if len(named) == 1:
            first, *fields = parts[size:]
            short: exp.Expr = exp.Column(this=first, table=named[0].args["alias"].this.copy())
            for field in fields:
                short = exp.Dot(this=short, expression=field)
            column.replace(short)
            return True
    return False
