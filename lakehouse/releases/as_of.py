"""Change a query so that each table is read in an earlier state; nothing else of its text changes."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from lakehouse.errors import LakehouseError
from lakehouse.names import Names
from lakehouse.releases.release import Release
from lakehouse.releases.state import ZONES

if TYPE_CHECKING:
    from sqlglot import exp

CATALOG = "awsdatacatalog"

Find = Callable[[str, str], int]
"""Returns the snapshot of a table, by database and name."""


def as_of(sql: str, find: Find, *, database: str) -> str:
    """Return a query that reads every table in an earlier state.

    Args:
        sql: one SELECT in Athena's SQL.
        find: returns the snapshot of a table, or raises LakehouseError if the table has none.
        database: database of tables that are named without one.

    Raises:
        LakehouseError: it is not one SELECT, or it reads something that has no earlier state.
    """
    versions = {_end(sql, table): find(*_place(table, database=database)) for table in _tables(sql)}
    for end, snapshot in sorted(versions.items(), reverse=True):
        sql = f"{sql[:end]} FOR VERSION AS OF {snapshot}{sql[end:]}"
    return sql


def in_release(release: Release, names: Names) -> Find:
    """Return a function that finds the snapshot of a table in a release."""
    databases = {str(zone): names.database(zone) for zone in ZONES}
    places = ((name.partition("."), snapshot) for name, snapshot in release.by_table.items())
    snapshots = {(databases[zone].lower(), table.lower()): snapshot for (zone, _, table), snapshot in places}

    def find(database: str, table: str) -> int:
        snapshot = snapshots.get((database.lower(), table.lower()))
        if snapshot is None:
            raise LakehouseError(
                f"release {release.release_id} has no table {database}.{table}: it is a view, is not in integration or "
                "curated, or had no rows then. Replace a view by its SELECT; read other tables without --as-of"
            )
        return snapshot

    return find


def _tables(sql: str) -> "list[exp.Table]":
    """Return the tables that a query reads; the names of its WITH clauses are none."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.scope import traverse_scope

    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of statements that are refused here
    try:
        statements = [statement for statement in sqlglot.parse(sql, dialect="athena") if statement is not None]
    except SqlglotError as error:
        raise LakehouseError(f"--as-of cannot find the tables of this statement: {error}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise LakehouseError("--as-of takes one SELECT; run other statements without it")
    (query,) = statements
    found = {
        id(source): source
        for scope in traverse_scope(query)
        for source in scope.sources.values()
        if isinstance(source, exp.Table)
    }
    common = {expression.alias.lower() for expression in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        if id(table) not in found and (table.db or table.name.lower() not in common):
            raise LakehouseError(f"--as-of cannot tell how {table.sql('athena')} is read; name it in FROM or JOIN")
    return list(found.values())


def _end(sql: str, table: "exp.Table") -> int:
    """Return the index after the name of a table in a query."""
    place = table.this.meta
    start, end = place.get("start", 0), place.get("end", -1) + 1
    if sql[start:end].strip('"').replace('""', '"') != table.name:
        raise LakehouseError(f"--as-of cannot pin {table.sql('athena')}: name a table")
    return int(end)


def _place(table: "exp.Table", *, database: str) -> tuple[str, str]:
    place = (table.db or database, table.name)
    text = ".".join(place)
    if table.catalog.lower() not in ("", CATALOG):
        raise LakehouseError(f"{table.catalog}.{text} is in another catalog, which has no releases: leave out --as-of")
    if table.args.get("version"):
        raise LakehouseError(f"{text} names a version itself: leave out its FOR ... AS OF, or --as-of")
    return place
