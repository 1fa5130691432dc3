"""Queries: their rows, their results in the API and in S3, and Athena's messages for wrong queries."""

import csv
import io

import boto3
import pytest

from tests.support.emulator.athena_client import RESULTS, Athena, iceberg, location

ORDERS = """
    SELECT * FROM (VALUES
        (1, 'anna', DECIMAL '10.50', TIMESTAMP '2024-01-01 10:00:00.000000', DATE '2024-01-01'),
        (2, '', DECIMAL '0.05', TIMESTAMP '2024-01-31 23:59:59.999999', DATE '2024-01-31'),
        (3, NULL, NULL, NULL, NULL),
        (4, 'say "hi", ok', DECIMAL '-3.00', TIMESTAMP '1969-12-31 23:59:59.500000', DATE '0001-01-01')
    ) AS t (id, name, amount, at, day)
"""


@pytest.fixture(scope="module")
def orders(athena: Athena) -> str:
    athena(iceberg("select_orders", ORDERS))
    return "select_orders"


def test_null_and_the_empty_text_differ_in_results_and_in_the_file(athena: Athena, orders: str) -> None:
    answer = athena(f"SELECT id, name, amount, at, day FROM {orders} ORDER BY id")
    assert answer.rows == [
        ("1", "anna", "10.50", "2024-01-01 10:00:00.000000", "2024-01-01"),
        ("2", "", "0.05", "2024-01-31 23:59:59.999999", "2024-01-31"),
        ("3", None, None, None, None),
        ("4", 'say "hi", ok', "-3.00", "1969-12-31 23:59:59.500000", "0001-01-01"),
    ]
    uri = answer.execution["ResultConfiguration"]["OutputLocation"]
    assert uri == f"s3://{RESULTS}/{answer.execution['QueryExecutionId']}.csv"
    key = uri.removeprefix(f"s3://{RESULTS}/")
    body = boto3.client("s3").get_object(Bucket=RESULTS, Key=key)["Body"].read().decode()
    header, _, *lines = body.splitlines()
    assert header == '"id","name","amount","at","day"'
    assert lines[0] == '"2","","0.05","2024-01-31 23:59:59.999999","2024-01-31"'
    assert lines[1] == '"3",,,,'
    assert list(csv.reader(io.StringIO(body)))[4][1] == 'say "hi", ok'
    assert boto3.client("s3").head_object(Bucket=RESULTS, Key=f"{key}.metadata")["ContentLength"] > 0


def test_column_types_are_precise(athena: Athena, orders: str) -> None:
    answer = athena(f"SELECT id, name, amount, at, day, array[1.5] a, row(1) r, 1e0 d, cast(1 as real) f FROM {orders}")
    assert [(c["Type"], c["Precision"], c["Scale"]) for c in answer.columns] == [
        ("integer", 10, 0),
        ("varchar", 2147483647, 0),
        ("decimal", 4, 2),
        ("timestamp", 6, 0),
        ("date", 0, 0),
        ("array", 0, 0),
        ("row", 0, 0),
        ("double", 17, 0),
        ("float", 24, 0),
    ]


def test_clauses_of_select(athena: Athena, orders: str) -> None:
    def rows(sql: str) -> list[tuple[str | None, ...]]:
        return athena(sql).rows

    assert rows(f"WITH a AS (SELECT id FROM {orders} WHERE id < 3) SELECT count(*) FROM a x JOIN a y USING (id)") == [
        ("2",)
    ]
    assert rows(
        f"SELECT a.id FROM {orders} a LEFT JOIN {orders} b ON a.id = b.id + 2 WHERE b.id IS NULL ORDER BY 1"
    ) == [
        ("1",),
        ("2",),
    ]
    assert rows(f"SELECT id FROM {orders} o WHERE EXISTS (SELECT 1 FROM {orders} i WHERE i.id = o.id + 3)") == [("1",)]
    assert rows(f"SELECT id FROM {orders} WHERE id IN (SELECT id + 1 FROM {orders}) ORDER BY id DESC LIMIT 2") == [
        ("4",),
        ("3",),
    ]
    assert rows(f"SELECT id FROM {orders} ORDER BY id OFFSET 2 LIMIT 1") == [("3",)]
    assert rows(f"SELECT id FROM {orders} ORDER BY id OFFSET 1 ROW FETCH FIRST 1 ROW ONLY") == [("2",)]
    assert rows(f"SELECT id % 2, count(*) FROM {orders} GROUP BY 1 ORDER BY 1") == [("0", "2"), ("1", "2")]
    assert rows(f"SELECT id % 2 m, sum(id) FROM {orders} GROUP BY ROLLUP (id % 2) ORDER BY m NULLS FIRST") == [
        (None, "10"),
        ("0", "6"),
        ("1", "4"),
    ]
    assert rows("SELECT 1 UNION SELECT 1 UNION ALL SELECT 2 ORDER BY 1") == [("1",), ("2",)]
    assert rows("SELECT 1 INTERSECT SELECT 1") == [("1",)]
    assert rows("SELECT * FROM (VALUES 1, 2) AS t (n) EXCEPT SELECT 2") == [("1",)]
    assert rows(f"SELECT name FROM {orders} ORDER BY name LIMIT 3") == [("",), ("anna",), ('say "hi", ok',)]
    assert rows("SELECT n, o FROM unnest(array['a', 'b']) WITH ORDINALITY AS t (n, o)") == [("a", "1"), ("b", "2")]
    assert rows(f"SELECT id, x FROM {orders} CROSS JOIN UNNEST(sequence(1, id)) AS t (x) WHERE id = 2") == [
        ("2", "1"),
        ("2", "2"),
    ]
    assert rows(
        "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 4) SELECT sum(n) FROM t"
    ) == [("10",)]
    assert rows(f"SELECT (SELECT max(id) FROM {orders}) - id FROM {orders} WHERE id = 1") == [("3",)]
    assert rows(f"TABLE {orders}")[2][0] in ("1", "2", "3", "4")


def test_names_of_columns(athena: Athena) -> None:
    answer = athena('SELECT 1, 2 AS Two, "lower"(\'A\') AS "Quoted Name", 1 + 1')
    assert answer.names == ["_col0", "Two", "Quoted Name", "_col3"]
    assert athena("SELECT 1 AS a, 2 AS a").rows == [("1", "2")]


def test_the_path_of_a_row(athena: Athena, orders: str) -> None:
    path = athena(f'SELECT DISTINCT "$path" FROM {orders}').value
    assert path is not None
    assert path.startswith(location(orders))


def test_parameters_and_prepared_statements(athena: Athena, orders: str) -> None:
    assert athena("SELECT ? + ?, ?", ExecutionParameters=["1", "2", "'x'"]).rows == [("3", "x")]
    sql = f"SELECT name FROM {orders} WHERE day = ? AND id < ?"
    assert athena(sql, ExecutionParameters=["DATE '2024-01-01'", "9"]).rows == [("anna",)]
    athena(f"PREPARE one FROM SELECT name FROM {orders} WHERE id = ?")
    assert athena("EXECUTE one USING 1").rows == [("anna",)]
    assert athena("EXECUTE one", ExecutionParameters=["1"]).rows == [("anna",)]
    athena("DEALLOCATE PREPARE one")
    assert "one" in athena.fails("EXECUTE one USING 1")
    assert "INVALID_PARAMETER_USAGE" in athena.fails("SELECT ?")


def test_explain(athena: Athena, orders: str) -> None:
    plan = athena(f"EXPLAIN SELECT count(*) FROM {orders} WHERE id = 1").rows
    assert plan[0] == ("Query Plan",)
    assert any("Filters: id = 1" in str(line) for (line,) in plan)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "SELECT * FROM nope",
            "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.shop.nope' does not exist",
        ),
        ("SELECT * FROM nodb.nope", "SCHEMA_NOT_FOUND: line 1:15: Schema 'nodb' does not exist"),
        ("SELECT nope FROM {t}", "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved"),
        ("SELECT t.nope FROM {t} t", "COLUMN_NOT_FOUND: line 1:8: Column 't.nope' cannot be resolved"),
        ("SELECT id FROM {t} WHERE nope = 1", "COLUMN_NOT_FOUND"),
        ("SELECT a.id FROM {t} a, {t} b WHERE id = 1", "AMBIGUOUS_NAME"),
        ("SELECT id FROM {t} WHERE id = 'x'", "TYPE_MISMATCH: line 1:"),
        ("SELECT nope(id) FROM {t}", "FUNCTION_NOT_FOUND: line 1:8: Function 'nope' not registered"),
        (
            "SELECT lower(id) FROM {t}",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer) for function lower",
        ),
        ("SELECT id, count(*) FROM {t}", "EXPRESSION_NOT_AGGREGATE"),
        ("SELECT id FROM {t} WHERE count(*) > 1", "EXPRESSION_NOT_SCALAR"),
        ("SELECT id / 0 FROM {t}", "DIVISION_BY_ZERO"),
        ("SELECT cast('x' AS integer)", "INVALID_CAST_ARGUMENT: Cannot cast 'x' to "),
        (
            "SELECT array[1][2]",
            "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 2 > 1",
        ),
        ("SELECT (SELECT id FROM {t})", "SUBQUERY_MULTIPLE_ROWS"),
        ("SELECT 2147483647 + 1", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("SELECT 1 UNION SELECT 'a'", "TYPE_MISMATCH"),
        (
            "USING EXTERNAL FUNCTION f(x INT) RETURNS INT LAMBDA 'f' SELECT f(id) FROM {t}",
            "NOT_SUPPORTED: USING EXTERNAL",
        ),
        ("SELECT id FROM {t} FETCH FIRST ROW WITH TIES", "NOT_SUPPORTED: FETCH FIRST ... WITH TIES"),
        ("SELECT DISTINCT id FROM {t} ORDER BY name", "EXPRESSION_NOT_IN_DISTINCT: line 1:"),
    ],
)
def test_a_query_fails_with_athenas_message(athena: Athena, orders: str, sql: str, reason: str) -> None:
    assert athena.fails(sql.replace("{t}", orders)).startswith(reason)


def test_the_error_is_described(athena: Athena) -> None:
    execution = athena.wait(athena.start("SELECT * FROM nope"))
    error = execution["Status"]["AthenaError"]
    assert (error["ErrorCategory"], error["Retryable"]) == (2, False)
    assert error["ErrorMessage"] == execution["Status"]["StateChangeReason"]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELEC 1", "line 1:1: mismatched input 'SELEC'. Expecting: "),
        ("SELECT 1 FROM WHERE", "line 1:15: mismatched input 'WHERE'"),
        (
            "SELECT `a` FROM t",
            "line 1:8: backquoted identifiers are not supported; use double quotes to quote identifiers",
        ),
        ("SELECT 'a", "line 1:8: mismatched input '''"),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed"),
        ("SELECT a::int FROM t", "line 1:9: mismatched input ':'"),
        ("SELECT 1 LIMIT 1 OFFSET 1", "line 1:18: mismatched input 'OFFSET'"),
    ],
)
def test_a_text_that_is_not_a_statement_is_refused_at_once(athena: Athena, sql: str, reason: str) -> None:
    with pytest.raises(athena.client.exceptions.InvalidRequestException) as refused:
        athena.start(sql)
    assert refused.value.response["Error"]["Message"].startswith(reason)
