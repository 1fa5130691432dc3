"""Kinds of values that Trino's own tests found wrong; each value is that of Trino 476 (`make trino-expressions`)."""

import re

import pytest

from emulator.athena.runtime.errors import AthenaError
from tests.support.emulator.trino_values import Evaluate

VALUES = [
    # a literal of a char is as long as its text; trim and substr of a char give a varchar
    ("lpad(char 'abc ', 6, 'def')", "deabc "),
    ("regexp_like('ala', char 'ala ')", "false"),
    ("'[' || substr(cast('abc def' as char(9)), 1, 4) || ']'", "[abc ]"),
    ("'[' || rtrim(cast('abc def' as char(9)), 'def') || ']'", "[abc]"),
    ("'[' || ltrim(cast(' a' as char(5))) || ']'", "[a]"),
    # blanks of Unicode
    ("'[' || trim(chr(8232) || 'a' || chr(12288) || chr(28)) || ']'", "[a]"),
    # groups that a match does not have
    ("regexp_extract('rat', 'ra(.)|blah(.)', 2)", None),
    ("regexp_extract('x', 'x(a*)', 1)", ""),
    ("regexp_replace('abc  ', '\\s*$', '')", "abc"),
    # NULL and NaN
    ("concat_ws(cast(null as varchar), array['abc'])", None),
    ("array_join(array[null, null], '=')", ""),
    ("array_join(array[1], cast(null as varchar))", None),
    ("round(-3, cast(null as integer))", None),
    ("sign(nan())", "NaN"),
    ("substr(cast(null as varchar), 0)", None),
    ("substr('a', null, 0)", None),
    ("count_if(x) FROM (VALUES cast(null as boolean)) AS t (x)", "0"),
    # casts to varchar in arrays and of JSON; a real has seven digits
    ("array_join(array[1.5e0, 2e0], 'x')", "1.5E0x2.0E0"),
    ("array_join(array[json '\"a\"', json 'null'], ',', 'n')", "a,n"),
    ("cast(json '128.9' as varchar)", "1.289E2"),
    ("cast(json '-0.0' as varchar)", "-0E0"),
    ("cast(json '12345678901234567890' as varchar)", "12345678901234567890"),
    ('cast(json \'[true, 12.3, "a", "null", null]\' as array(varchar))', "[true, 1.23E1, a, null, null]"),
    ("cast(json '{\"1\": 12.3}' as map(bigint, varchar))", "{1=1.23E1}"),
    ("cast(json '[5, null]' as array(json))[2] is null", "false"),
    ("cast(row(json '2', json '\"abc\"') as row(a bigint, d varchar))", "{a=2, d=abc}"),
    ("cast(json '[1, \"x\"]' as row(a bigint, d varchar))", "{a=1, d=x}"),
    ('cast(json \'{"A": 1.50, "b": 2}\' as row(a decimal(38,8)))', "{a=1.50000000}"),
    (
        "cast(cast(array[123456789012345678901234567890.12345678] as json) as array(decimal(38,8)))",
        "[123456789012345678901234567890.12345678]",
    ),
    ("cast(real '12345678.9e0' as varchar)", "1.234568E7"),
    ("cast(real '16777217' as varchar)", "1.677722E7"),
    # years of other than four digits
    ("date '12001-01-01'", "+12001-01-01"),
    ("cast(date '12001-01-01' as varchar)", "12001-01-01"),
    ("date '0001-01-01' - interval '1000' year", "-0999-01-01"),
    ("cast(timestamp '12001-01-01 10:00:00' as varchar)", "+12001-01-01 10:00:00"),
    # types
    ("array[round(real '-0.5'), round(real '2.345', 2), ceil(real '1.2')] = array[real '-1', real '2.35', 2]", "true"),
    ("typeof(round(real '1')) || typeof(floor(real '1')) || typeof(truncate(real '1'))", "realrealreal"),
    ("json_parse('\"\U0001f600\\u001f\"')", '"\\uD83D\\uDE00\\u001F"'),
    ("json_parse('\"\\\\u001f\"')", '"\\\\u001f"'),
    ("cast(map(array['\U0001f600'], array[1]) as json)", '{"\\uD83D\\uDE00":1}'),
    ("to_base(-10, 16)", "-a"),
    ("map_concat(map(array[1.0], array[2.2]), map(array[55.1], array[33.22]))[55.1]", "33.22"),
    ("map()", "{}"),
    ("transform(array[1.5e0], k -> k - floor(k))", "[0.5]"),
    ("cast(row(json '{\"a\": 1}') as json)", '{"":{"a":1}}'),
]
REFUSED = [
    ("regexp_replace('abc', 'b*', 'x')", "NOT_SUPPORTED: regexp_replace of empty matches"),
    ("regexp_split('abc', '')", "NOT_SUPPORTED: regexp_split at empty matches"),
    ("current_time(0)", "NOT_SUPPORTED: .*time with time zone"),
    ("count(*) FILTER (WHERE true) OVER ()", "NOT_SUPPORTED: .*FILTER is not yet supported for window functions"),
    (
        "format_datetime(timestamp '2020-05-01 12:34:56', 'Z')",
        "INVALID_FUNCTION_ARGUMENT: format_datetime for TIMESTAMP",
    ),
    ("regexp_extract('a', 'a', -1)", "INVALID_FUNCTION_ARGUMENT: Group cannot be negative"),
    ("typeof('cat')", "NOT_SUPPORTED: .*typeof of a varchar"),
    ("decimal '99999999999999999999999999999999999997' % decimal '3.0000000000000000'", "NOT_SUPPORTED: .*38 digits"),
    ("cast(json '[\"abc\"]' as array(varchar(2)))", "NOT_SUPPORTED: a cast of JSON to"),
    ("1e-323", "NOT_SUPPORTED: the text of a number below"),
    ("row(1, 2).*", "NOT_SUPPORTED: the fields of a row as columns"),
    (
        "* FROM (VALUES 0) t(a), LATERAL (SELECT * FROM (VALUES 2), LATERAL (SELECT t.*))",
        "NOT_SUPPORTED: the columns of this query's subqueries",
    ),
]


@pytest.mark.parametrize(("expression", "expected"), VALUES)
def test_a_value_is_trinos(evaluate: Evaluate, expression: str, expected: str | None) -> None:
    rows, _ = evaluate(f"SELECT {expression}")
    assert rows == [(expected,)]


@pytest.mark.parametrize(("expression", "error"), REFUSED)
def test_what_is_not_there_is_refused_by_name(evaluate: Evaluate, expression: str, error: str) -> None:
    with pytest.raises(AthenaError) as raised:
        evaluate(f"SELECT {expression}")
    assert re.match(error, str(raised.value))
