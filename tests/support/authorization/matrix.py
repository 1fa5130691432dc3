"""The matrix of roles and columns: what `lakehouse access` says of each, and what Athena answers the role."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import boto3

from emulator.runtime import server_lifecycle
from lakehouse.engine import athena
from lakehouse.errors import LakehouseError
from lakehouse.governance import access
from lakehouse.governance.roles import ROLES
from lakehouse.governance.tags import Area
from lakehouse.names import Names
from lakehouse.operations import dbt
from local.profiles import KEYS, role_environment
from tests.support.demo.finished_demo import Demo

AT_ONCE = 4
REFUSALS = ("Insufficient Lake Formation permission(s): Required Describe on", "is not authorized to perform: glue:")
"""The texts for a table that is not a role's: Lake Formation's, or IAM's, which is asked first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sights:
    """What Athena answered a role, which equals what `lakehouse access` says.

    Attributes:
        shown: number of columns that it sees, in all rows or some.
        hidden: number of columns that it does not see.
        tables: number of tables of which it sees a column.
    """

    shown: int
    hidden: int
    tables: int


class Person:
    """Somebody with a role, who queries in the role's workgroup."""

    def __init__(self, server: server_lifecycle.Server, names: Names, role: str) -> None:
        self.names = names
        self.role = ROLES[role]
        keys = role_environment(server, role)
        session = boto3.Session(*(keys[name] for name in KEYS), server.region)
        self.client: Any = session.client("athena", endpoint_url=server.endpoint)

    def ask(self, sql: str) -> list[str] | str:
        """Return the names of the columns of an answer, or the reason of the failure."""
        where = {
            "workgroup": self.names.workgroup_of(self.role.name),
            "database": self.role.reads[0].database(self.names),
        }
        try:
            result = athena.query(self.client, sql, names=self.names, **where)
            return [name for name, _ in result.columns]
        except LakehouseError as error:
            return str(error)


def said(demo: Demo) -> Iterator[tuple[Area, str, list[access.Row]]]:
    """Area and name of each table, with what `lakehouse access` says of its columns."""
    tables = access.tables(demo.contracts, models=dbt.PROJECT, names=demo.lake.names)
    rows = access.matrix(tables, list(ROLES.values()))
    for (area, name), of_table in groupby(rows, key=lambda row: (row.area, row.table)):
        yield area, name, list(of_table)


def check(demo: Demo, role: str, *, hidden_columns: int | None) -> Sights:
    """Compare both for each table and column.

    Args:
        demo: the deployed lakehouse.
        role: the role.
        hidden_columns: how many hidden columns of a table are asked for by name; None for all. A star tells about each
            in any case.
    """
    names = demo.lake.names
    person, number = Person(demo.lake.server, names, role), list(ROLES).index(role)
    asked: list[tuple[str, str]] = []
    shown = hidden = tables = 0
    for area, name, rows in said(demo):
        table = f'"{area.database(names)}"."{name}"'
        seen = [row.column for row in rows if row.seen[number] is not access.Sight.NOTHING]
        answer = person.ask(f"SELECT * FROM {table} LIMIT 1")
        if seen:
            assert isinstance(answer, list), (table, answer)
            assert sorted(answer) == sorted(seen), table
            asked += [(table, row.column) for row in rows if row.column not in seen][:hidden_columns]
        elif area in person.role.describes and area not in person.role.reads:
            assert "Relation contains no accessible columns" in answer, (table, answer)
        else:
            assert any(refusal in answer for refusal in REFUSALS), (table, answer)
        shown, hidden, tables = shown + len(seen), hidden + len(rows) - len(seen), tables + bool(seen)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = pool.map(lambda place: person.ask(f'SELECT count("{place[1]}") FROM {place[0]}'), asked)
    for place, answer in zip(asked, answers, strict=True):
        assert "COLUMN_NOT_FOUND" in answer, (place, answer)
    return Sights(shown=shown, hidden=hidden, tables=tables)
