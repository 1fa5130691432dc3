"""The request of each Athena statement: its catalog and its database."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakehouse.engine import athena
from lakehouse.governance.roles import ROLES
from lakehouse.names import Names, Zone

ROOT = Path(__file__).parents[3]
NAMES = Names(environment="dev", account="123456789012", region="eu-central-1")


class Athena:
    """Athena with one finished statement without columns; keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def start_query_execution(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        return {"QueryExecutionId": "1"}

    def get_query_execution(self, **_: Any) -> dict[str, Any]:
        return {"QueryExecution": {"Status": {"State": "SUCCEEDED"}}}

    def get_paginator(self, _: str) -> "Athena":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"ResultSet": {"Rows": [], "ResultSetMetadata": {"ColumnInfo": []}}}]


@pytest.mark.parametrize(
    ("named", "expected"),
    [(None, NAMES.database(Zone.CURATED)), *((role.database(NAMES), role.database(NAMES)) for role in ROLES.values())],
)
def test_a_statement_names_its_catalog_and_its_database(named: str | None, expected: str) -> None:
    client: Any = Athena()
    athena.query(client, "select 1", names=NAMES, database=named)
    [request] = client.requests
    assert request["QueryExecutionContext"] == {"Catalog": "AwsDataCatalog", "Database": expected}


@pytest.mark.parametrize("role", ROLES.values(), ids=str)
def test_a_roles_database_is_one_that_it_may_describe(role: Any) -> None:
    assert role.database(NAMES) in {area.database(NAMES) for area in role.describes}


def calls() -> Iterator[tuple[str, dict[str, str]]]:
    """Every call of `query` with dbt's workgroup in the code, with its arguments as text."""
    for folder in ("lakehouse", "dags", "local"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "query":
                    arguments = {item.arg: ast.unparse(item.value) for item in node.keywords if item.arg}
                    if arguments.get("workgroup") == "names.dbt_workgroup":
                        yield str(path.relative_to(ROOT)), arguments


def test_the_roles_of_dbts_workgroup_name_a_database_that_all_of_them_see() -> None:
    """The planner and Airflow see ops alone, so they cannot open the default, curated."""
    found = list(calls())
    assert len(found) >= 3
    for path, arguments in found:
        assert arguments.get("database") == "names.ops_database", path
