"""Any grants and any queries: a role gets what DuckDB answers on a copy that has only its columns and rows.

The copy is the independent judge: nothing of the hidden data is in it, so no statement can find it there.
"""

import os
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.runtime import server_lifecycle
from tests.support.emulator.athena_client import BUCKET, Athena, make_buckets
from tests.support.emulator.callers import Caller, as_root, close_lake, denying_server, open_lake

DATABASE = "any_shop"
EXAMPLES = int(os.environ.get("EXAMPLES", "12"))
COLUMNS = ("id", "email", "country", "amount", "boss")
ROWS = [
    *((1, "ann@x.fr", "France", 10, 2), (2, "bob@x.es", "Spain", 0, 3), (3, "eva@x.fr", "France", 30, 1)),
    *((4, "ida@x.it", "Italy", None, 3), (5, None, "Spain", 50, None), (6, "leo@x.fr", None, 0, 5)),
]
VALUES = (
    f"SELECT * FROM (VALUES {', '.join(str(row).replace('None', 'NULL') for row in ROWS)}) AS t ({', '.join(COLUMNS)})"
)
FILTERS = (
    *("country = 'France'", "country <> 'Spain'", "country IS NOT NULL", "amount > 5", "amount BETWEEN 0 AND 30"),
    *("id IN (2, 4, 6)", "NOT (id = 1)", "email LIKE '%.fr'", "country = 'Spain' OR amount = 0", "id > 100"),
)
COLUMN = st.sampled_from(COLUMNS)
NUMBER = st.sampled_from([column for column in COLUMNS if column not in ("email", "country")])
NAMES = st.sampled_from(["people", "files"])


def shapes(t: str, a: str, b: str, n: str, limit: int) -> list[str]:
    """Queries of every shape on a table, two of its columns and one that is a number."""
    return [
        f"SELECT * FROM {t}",
        f"SELECT {a}, {b} FROM {t} WHERE {n} > {limit}",
        f"SELECT count(*), count({a}), min({b}), max({n}) FROM {t}",
        f"SELECT {a}, count(*) FROM {t} GROUP BY {a} HAVING count(*) > 1",
        f"SELECT x.{a}, y.{b} FROM {t} x JOIN {t} y ON x.boss = y.id",
        f"SELECT x.{a}, y.{b} FROM {t} x LEFT JOIN {t} y ON x.{n} = y.id AND y.{n} > {limit}",
        f"WITH c AS (SELECT * FROM {t} WHERE {a} > '') SELECT {b} FROM c UNION ALL SELECT {b} FROM {t}"
        if a in ("email", "country")
        else f"WITH c AS (SELECT * FROM {t} WHERE {a} > 1) SELECT {b} FROM c UNION ALL SELECT {b} FROM {t}",
        f"SELECT {a} FROM {t} WHERE {n} IN (SELECT {n} FROM {t} WHERE {n} > {limit})",
        f"SELECT {a} FROM {t} x WHERE NOT EXISTS (SELECT 1 FROM {t} y WHERE y.boss = x.id)",
        f"SELECT {a}, (SELECT max({n}) FROM {t}) FROM {t}",
        f"SELECT {a}, row_number() OVER (ORDER BY id) FROM {t}",
        f"SELECT v FROM {t} CROSS JOIN UNNEST(ARRAY[{n}, {limit}]) AS u (v)",
        f"SELECT {a} FROM {t} EXCEPT SELECT {a} FROM {t} WHERE {n} = {limit}",
        f"SELECT DISTINCT {a} FROM (SELECT {a}, {b} FROM {t} WHERE {b} IS NULL OR {n} <> {limit}) s",
    ]


class Asker:
    """A role that sees a database, and clients that act as it and as root."""

    def __init__(self) -> None:
        self.role = Caller("asks-anything")
        self.athena = Athena(self.role.client("athena"))
        self.lake: Any = as_root("lakeformation")

    def show(self, table: str, columns: list[str], expression: str | None) -> None:
        """Let the role see columns of a table, in the rows of a filter, and nothing else of it."""
        principal = {"DataLakePrincipalIdentifier": self.role.arn}
        for entry in self.lake.list_permissions(Principal=principal)["PrincipalResourcePermissions"]:
            if "Database" not in entry["Resource"]:
                granted = {"Resource": entry["Resource"], "Permissions": entry["Permissions"]}
                self.lake.revoke_permissions(Principal=principal, **granted)
        if expression is None:
            named = {"DatabaseName": DATABASE, "Name": table, "ColumnNames": columns}
            self.role.grant({"TableWithColumns": named}, "SELECT")
        else:
            filtered = cells(table)
            data = {**filtered, "ColumnNames": columns, "RowFilter": {"FilterExpression": expression}}
            self.lake.update_data_cells_filter(TableData=data)
            self.role.grant({"DataCellsFilter": filtered}, "SELECT")

    def ask(self, sql: str) -> list[Any] | str:
        """Return the rows that a query has for the role, or the reason of its failure."""
        execution = self.athena.wait(self.athena.start(sql, database=DATABASE))
        if execution["Status"]["State"] != "SUCCEEDED":
            return str(execution["Status"]["StateChangeReason"])
        answer = self.athena.client.get_query_results(QueryExecutionId=execution["QueryExecutionId"])
        rows = answer["ResultSet"]["Rows"][1:]
        return comparable([tuple(value.get("VarCharValue") for value in row["Data"]) for row in rows])


def cells(table: str) -> dict[str, Any]:
    return {"TableCatalogId": "000000000000", "DatabaseName": DATABASE, "TableName": table, "Name": "rows"}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server_lifecycle.Server]:
    """A server of this module that denies what Lake Formation does not allow."""
    with denying_server(tmp_path_factory.mktemp("denying")) as server:
        yield server


@pytest.fixture(scope="module")
def asker(aws: server_lifecycle.Server) -> Iterator[Asker]:
    """Who asks about the Iceberg table `people` and the Hive table `files`, which have one content."""
    make_buckets(as_root("s3"), region=aws.region)
    close_lake()
    as_root("glue").create_database(DatabaseInput={"Name": DATABASE})
    place = f"s3://{BUCKET}/{DATABASE}"
    iceberg = f"table_type = 'ICEBERG', is_external = false, location = '{place}/people/'"
    root = Athena(as_root("athena"))
    root(f"CREATE TABLE people WITH ({iceberg}) AS {VALUES}", database=DATABASE)
    root(f"CREATE TABLE files WITH (external_location = '{place}/files/') AS {VALUES}", database=DATABASE)
    asker = Asker()
    asker.role.grant({"Database": {"Name": DATABASE}}, "DESCRIBE")
    for table in ("people", "files"):
        everything: Any = {"ColumnNames": ["id"], "RowFilter": {"AllRowsWildcard": {}}}
        asker.lake.create_data_cells_filter(TableData=cells(table) | everything)
    yield asker
    root(f"DROP DATABASE {DATABASE} CASCADE")
    open_lake()


def judged(sql: str, table: str, columns: list[str], expression: str | None) -> list[Any] | None:
    """What DuckDB answers on a copy of the role's columns and rows; None if a column is not there."""
    with duckdb.connect() as judge:
        judge.execute(f"CREATE TABLE everything AS {VALUES}")
        names = [name for name in COLUMNS if name in columns]
        where = f"WHERE {expression}" if expression else ""
        judge.execute(f"CREATE TABLE {table} AS SELECT {', '.join(names)} FROM everything {where}")
        judge.execute("DROP TABLE everything")
        try:
            return comparable(judge.execute(sql).fetchall())
        except duckdb.BinderException:
            return None


def comparable(rows: list[Any]) -> list[Any]:
    return sorted([tuple(None if value is None else str(value) for value in row) for row in rows], key=repr)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    data=st.data(),
    table=NAMES,
    columns=st.lists(COLUMN, min_size=1, unique=True),
    expression=st.none() | st.sampled_from(FILTERS),
)
def test_a_role_gets_the_answer_of_a_copy_without_the_rest(
    asker: Asker, data: st.DataObject, table: str, columns: list[str], expression: str | None
) -> None:
    asker.show(table, columns, expression)
    every = shapes(table, data.draw(COLUMN), data.draw(COLUMN), data.draw(NUMBER), data.draw(st.integers(0, 40)))
    for sql in data.draw(st.lists(st.sampled_from(every), min_size=1, max_size=4, unique=True)):
        expected, answer = judged(sql, table, columns, expression), asker.ask(sql)
        if expected is None:
            assert str(answer).startswith("COLUMN_NOT_FOUND"), (sql, columns, answer)
        else:
            assert answer == expected, (sql, columns, expression)
