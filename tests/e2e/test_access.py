"""What `lakehouse access` says of each role and column is what Athena answers that role, in the deployed lakehouse."""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any

import boto3
import pytest

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

pytestmark = pytest.mark.e2e
AT_ONCE = 4
REFUSALS = ("Insufficient Lake Formation permission(s): Required Describe on", "is not authorized to perform: glue:")
"""The texts for a table that is not a role's: Lake Formation's, or IAM's, which is asked first."""
STATES = ("athena", "glue", "iam", "kms", "lakeformation", "s3")
SAVED_SECONDS = 2
"""What was changed last is on disk within about half a second."""
HIDDEN = None if os.environ.get("ALL_COLUMNS") else 1
"""How many hidden columns of a table are asked for by name; None for all. A star tells about each in any case."""


@pytest.fixture(scope="module")
def denying(finished: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[server_lifecycle.Server]:
    """A second server that denies, with a copy of what the demo's server has in the catalog, in S3 and in IAM."""
    time.sleep(SAVED_SECONDS)
    source, root = finished.lake.server.root, tmp_path_factory.mktemp("denying")
    shutil.copytree(source / "s3", root / "s3")
    (root / "state").mkdir()
    for name in STATES:
        shutil.copy(source / "state" / f"{name}.json", root / "state")
    shutil.copy(source / "settings.json", root)
    yield server_lifecycle.up(root, python=sys.executable, variables={"LAKEHOUSE_LOCAL_AUTHORIZATION": "on"})
    server_lifecycle.down(root)


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


@pytest.mark.parametrize("role", ROLES)
def test_athena_answers_a_role_what_access_says_of_each_column(
    finished: Demo, denying: server_lifecycle.Server, role: str
) -> None:
    person, number = Person(denying, finished.lake.names, role), list(ROLES).index(role)
    hidden: list[tuple[str, str]] = []
    shown = 0
    for area, name, rows in said(finished):
        table = f'"{area.database(finished.lake.names)}"."{name}"'
        seen = [row.column for row in rows if row.seen[number] is not access.Sight.NOTHING]
        answer = person.ask(f"SELECT * FROM {table} LIMIT 1")
        if seen:
            assert isinstance(answer, list), (table, answer)
            assert sorted(answer) == sorted(seen), table
            hidden += [(table, row.column) for row in rows if row.column not in seen][:HIDDEN]
        elif area in person.role.describes and area not in person.role.reads:
            assert "Relation contains no accessible columns" in answer, (table, answer)
        else:
            assert any(refusal in answer for refusal in REFUSALS), (table, answer)
        shown += len(seen)
    assert shown
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = pool.map(lambda place: person.ask(f'SELECT count("{place[1]}") FROM {place[0]}'), hidden)
    for place, answer in zip(hidden, answers, strict=True):
        assert "COLUMN_NOT_FOUND" in answer, (place, answer)
