"""Values and refusals that Trino's own expression tests found (`make trino-expressions`), written by hand."""

import pytest

from emulator.athena.runtime.errors import AthenaError
from tests.support.emulator.trino_values import Evaluate

VALUES = [
    # A cast of a double to varchar has always an exponent.
    ("cast(37.7e0 as varchar)", "3.77E1", "varchar"),
    ("cast(real '1.5' as varchar)", "1.5E0", "varchar"),
    ("cast(0e0 as varchar)", "0E0", "varchar"),
    ("cast(-0e0 as varchar)", "-0E0", "varchar"),
    ("cast(1.234e-5 as varchar)", "1.234E-5", "varchar"),
    ("cast(nan() as varchar)", "NaN", "varchar"),
    ("cast(12e2 as varchar(5))", "1.2E3", "varchar(5)"),
    ("cast(array[1e0] as array(varchar))", "[1.0E0]", "array(varchar)"),
    ("cast(map(array[1], array[2e0]) as map(integer, varchar))", "{1=2.0E0}", "map(integer, varchar)"),
    ("try_cast(123 as varchar(2))", None, "varchar(2)"),
    ("try_cast(12 as varchar(2))", "12", "varchar(2)"),
    # Decimals stay exact.
    ("truncate(decimal '123456789123456.999', 2)", "123456789123456.990", "decimal(18,3)"),
    ("truncate(decimal '-128.99', -1)", "-120.00", "decimal(5,2)"),
    ("truncate(decimal '99.9', -5)", "0.0", "decimal(3,1)"),
    (
        "decimal '-12345678901234567' * decimal '123456789012345670'",
        "-1524157875323883455265967556774890",
        "decimal(35,0)",
    ),
    ("decimal '999999999999999999' + decimal '999999999999999999'", "1999999999999999998", "decimal(19,0)"),
    ("decimal '-999999999999999999' - decimal '999999999999999999'", "-1999999999999999998", "decimal(19,0)"),
    # Moments.
    ("date_add('millisecond', 1, timestamp '1500-05-10 12:34:56.1')", "1500-05-10 12:34:56.100", "timestamp(1)"),
    (
        "date_add('millisecond', 60, timestamp '2020-05-10 12:34:56.1 Asia/Kathmandu')",
        "2020-05-10 12:34:56.200 Asia/Kathmandu",
        "timestamp(1) with time zone",
    ),
    (
        "timestamp '2020-10-01 01:02:03.1234 Asia/Kathmandu' - interval '1' month",
        "2020-09-01 01:02:03.1234 Asia/Kathmandu",
        "timestamp(4) with time zone",
    ),
    (
        "interval '1' month + timestamp '2020-10-01 01:02:03.1234 Asia/Kathmandu'",
        "2020-11-01 01:02:03.1234 Asia/Kathmandu",
        "timestamp(4) with time zone",
    ),
    (
        "format_datetime(timestamp '2020-05-10 12:34:56.5555 Asia/Kathmandu', 'HH:mm:ss.SSS Z')",
        "12:34:56.556 +0545",
        "varchar",
    ),
    ("extract(hour from time '12:34:56.5')", "12", "bigint"),
    ("millisecond(time '12:34:56.5')", "500", "bigint"),
    ("extract(month from interval '15' month)", "3", "bigint"),
    ("year(interval '15' month)", "1", "bigint"),
    ("time '10:00:00'", "10:00:00.000", "time(0)"),
    ("zip(array[1], null)", None, "array(row(integer, unknown))"),
    ("current_catalog", "awsdatacatalog", "varchar"),
    ("current_schema", "default", "varchar"),
]

QUERIES = [
    ("SELECT corr(DISTINCT x, y) FROM (VALUES (1e0, 2e0), (1e0, 2e0), (3e0, 5e0)) t(x, y)", [("1.0",)]),
    ("SELECT DISTINCT (a) FROM (VALUES 2, 1) t(a) ORDER BY a", [("1",), ("2",)]),
    ("SELECT DISTINCT a FROM (VALUES 2, 1) t(a) ORDER BY (a)", [("1",), ("2",)]),
    (
        "SELECT * FROM (VALUES 1, 2) t(a) RIGHT JOIN LATERAL (VALUES 3) u(b) ON TRUE ORDER BY 1",
        [("1", "3"), ("2", "3")],
    ),
    (
        "SELECT * FROM (VALUES 1, 2) t(x) JOIN (VALUES 1, 3) u(x) ON t.x IN (SELECT 1 WHERE u.x = 1)",
        [("1", "1")],
    ),
    ("SELECT (SELECT t.a FROM (VALUES 1, 2) t(a) WHERE t.a = t2.b LIMIT 2) FROM (VALUES 1) t2(b)", [("1",)]),
]

UNCORRELATED = "NOT_SUPPORTED: line 1:\\d+: Given correlated subquery is not supported"
REFUSED = [
    ("SELECT cast(12e2 as varchar(4))", "INVALID_CAST_ARGUMENT: Value 1.2E3 cannot be represented as varchar.4."),
    ("SELECT cast(123 as varchar(2))", "INVALID_CAST_ARGUMENT: Value 123 cannot be represented as varchar.2."),
    ("SELECT cast(true as varchar(3))", "INVALID_CAST_ARGUMENT: Value true cannot be represented"),
    ("SELECT format('%s', timestamp '2020-05-10 12:34:56')", "NOT_SUPPORTED: .*format of a timestamp.0."),
    ("SELECT round(a, b) FROM (VALUES (decimal '9.99', 1)) t(a, b)", "NOT_SUPPORTED: .*no literal"),
    ("SELECT time '10:00:00' + interval '1' second", "NOT_SUPPORTED: .*time.0. . interval day to second"),
    ("SELECT time '10:00:00' - time '09:00:00'", "NOT_SUPPORTED: .*time.0. - time.0."),
    ("SELECT extract(hour from time '12:34:56+08:35')", "NOT_SUPPORTED: .*time.0. with time zone"),
    ("SELECT time '10:00:00' + 1", "TYPE_MISMATCH: .*Cannot apply operator"),
    ("SELECT from_utf8(from_hex('58BF'))", "NOT_SUPPORTED: from_utf8"),
    ("SELECT regexp_replace('x', '(?<n>x)', 'y')", "NOT_SUPPORTED: a regular expression"),
    ("SELECT regexp_like('x', '(')", "INVALID_FUNCTION_ARGUMENT: Invalid regular expression"),
    ("SELECT 'a' LIKE 'b' ESCAPE 'foo'", "INVALID_FUNCTION_ARGUMENT: Escape string must be a single character"),
    ("SELECT from_hex('f@')", "INVALID_FUNCTION_ARGUMENT: Invalid hex character: @"),
    ("SELECT max_by(DISTINCT x, y) FROM (VALUES (1, 2)) t(x, y)", "NOT_SUPPORTED: .*max_by of DISTINCT values"),
    (
        "SELECT * FROM (VALUES 1) t(a) RIGHT JOIN LATERAL (VALUES 2) u(b) ON a < b",
        "NOT_SUPPORTED: .*RIGHT JOIN LATERAL",
    ),
    (
        "SELECT * FROM (VALUES 1) t(a) FULL JOIN LATERAL (VALUES 2) u(b) ON a < b",
        "NOT_SUPPORTED: .*only supported with",
    ),
    (
        "SELECT * FROM (VALUES 1) t(x) LEFT JOIN (VALUES 1) u(x) ON u.x IN (VALUES t.x)",
        "NOT_SUPPORTED: .*Reference to column 't.x' from outer scope not allowed",
    ),
    ("SELECT * FROM (VALUES 1) t(x) JOIN (VALUES 1) u(x) ON t.x IN (SELECT u.x)", UNCORRELATED),
    (
        "SELECT (SELECT t.b FROM (VALUES (1, 2)) t(a, b) WHERE t.b > t2.b LIMIT 1) FROM (VALUES (1, 2)) t2(a, b)",
        UNCORRELATED,
    ),
    (
        "SELECT * FROM (VALUES 1) t(b), LATERAL (SELECT c FROM (VALUES 1) u(c) WHERE c = b GROUP BY ROLLUP (c))",
        UNCORRELATED,
    ),
    ("SELECT (SELECT rank() OVER (PARTITION BY b) FROM (VALUES 1) i(a)) FROM (VALUES 2) o(b)", UNCORRELATED),
]


@pytest.mark.parametrize(("expression", "value", "dt"), VALUES, ids=[case[0] for case in VALUES])
def test_value(evaluate: Evaluate, expression: str, value: str | None, dt: str) -> None:
    assert evaluate(f"SELECT {expression}") == ([(value,)], [dt])


@pytest.mark.parametrize(("query", "rows"), QUERIES, ids=[case[0] for case in QUERIES])
def test_query(evaluate: Evaluate, query: str, rows: list[tuple[str, ...]]) -> None:
    assert evaluate(query)[0] == rows


@pytest.mark.parametrize(("query", "message"), REFUSED, ids=[case[0] for case in REFUSED])
def test_refused(evaluate: Evaluate, query: str, message: str) -> None:
    with pytest.raises(AthenaError, match=f"^{message}"):
        evaluate(query)
