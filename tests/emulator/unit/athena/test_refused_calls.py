"""Calls that Trino refuses, with its error and message."""

import re

import pytest

from emulator.athena.runtime.errors import AthenaError, MalformedQueryError
from tests.support.emulator.trino_values import Evaluate

INVALID = "INVALID_FUNCTION_ARGUMENT"
ONCE = "Key-value delimiter must appear exactly once in each entry. Bad input: "
REFUSED = [
    ("split_to_map('key', ',', '=')", f"{INVALID}: {ONCE}'key'"),
    ("split_to_map('a=1,b=2=3', ',', '=')", f"{INVALID}: {ONCE}'b=2=3'"),
    ("split_to_map('a=1,,b=2', ',', '=')", f"{INVALID}: {ONCE}''"),
    ("split_to_map('a=1,a=2', ',', '=')", f"{INVALID}: Duplicate map keys"),
    ("split_to_map('a=1', '', '=')", f"{INVALID}: entryDelimiter is empty"),
    ("split_to_map('a=1', ',', '')", f"{INVALID}: keyValueDelimiter is empty"),
    ("split_to_map('a=1', '=', '=')", f"{INVALID}: entryDelimiter and keyValueDelimiter must not be the same"),
    ("map(array[1, 1], array[2, 3])", f"{INVALID}: Duplicate map keys"),
    ("map(array[null], array[2])", f"{INVALID}: map key cannot be null"),
    ("codepoint('ab')", "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar(2)) for function codepoint"),
    ("codepoint('')", f"{INVALID}: Input string must be a single character string"),
    ("codepoint(cast('ab' as varchar(5)))", "Unexpected parameters (varchar(5)) for function codepoint"),
    ("chr(-1)", f"{INVALID}: Not a valid Unicode code point: -1"),
    ("chr(55296)", f"{INVALID}: Not a valid Unicode code point: 55296"),
    ("bit_count(0, 1)", f"{INVALID}: Bits specified in bit_count must be between 2 and 64, got 1"),
    ("bit_count(0, 65)", f"{INVALID}: Bits specified in bit_count must be between 2 and 64, got 65"),
    ("bit_count(8, 4)", f"{INVALID}: Number must be representable with the bits specified. 8 cannot be"),
    ("bit_count(-9, 4)", f"{INVALID}: Number must be representable with the bits specified. -9 cannot be"),
    ("random(5, 1)", f"{INVALID}: upper bound must be greater than lower bound"),
    ("random(0)", f"{INVALID}: bound must be positive"),
    ("regexp_replace('a', 'a', '\\')", f"{INVALID}: line 1:8: Illegal replacement sequence: \\"),
    ("regexp_replace('a', 'a', 'x$')", f"{INVALID}: line 1:8: Illegal replacement sequence: x$"),
    ("regexp_replace('a', 'a', '$x')", f"{INVALID}: line 1:8: Illegal replacement sequence: $x"),
    ("regexp_replace('a', 'a', '$1')", f"{INVALID}: line 1:8: Illegal replacement sequence: unknown group 1"),
    ("regexp_replace('a', 'a', '${x}')", f"{INVALID}: line 1:8: Illegal replacement sequence: unknown group {{ x }}"),
    ("regexp_replace('a', 'a', r) FROM (VALUES 'x$') t(r)", f"{INVALID}: Illegal replacement sequence: x$"),
    ("lag(v, null) OVER (ORDER BY v) FROM (VALUES 1) t(v)", f"{INVALID}: Offset must not be null"),
    ("lead(v, -1) OVER (ORDER BY v) FROM (VALUES 1) t(v)", f"{INVALID}: Offset must be at least 0"),
    ("lag(v, o) OVER (ORDER BY v) FROM (VALUES (1, -1)) t(v, o)", f"{INVALID}: Offset must be at least 0"),
    ("concat('a')", f"{INVALID}: line 1:8: There must be two or more concatenation arguments"),
    ("concat(array[1])", f"{INVALID}: line 1:8: There must be two or more concatenation arguments"),
    ("round(5, -100)", "NUMERIC_VALUE_OUT_OF_RANGE: numerical overflow: 5"),
    ("round(9223372036854775807, -1)", "NUMERIC_VALUE_OUT_OF_RANGE: numerical overflow: 9223372036854775807"),
    ("round(2147483647, -1)", "NUMERIC_VALUE_OUT_OF_RANGE"),
    ("json_size('{\"a\": 1}', 'a')", f"{INVALID}: Invalid JSON path: 'a'"),
    ("json_size('{\"a\": 1}', '$.')", f"{INVALID}: Invalid JSON path: '$.'"),
    ("json_extract('{\"a\": 1}', '$a')", f"{INVALID}: Invalid JSON path: '$a'"),
    ("json_extract_scalar('{\"a\": 1}', '$[')", f"{INVALID}: Invalid JSON path: '$['"),
    ("extract(hour from date '2024-01-01')", "Cannot extract hour from date"),
    ("extract(minute from date '2024-01-01')", "Cannot extract minute from date"),
    ("hour(date '2024-01-01')", "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (date) for function hour"),
    ("reduce(array[1], 0, (s, x) -> 'a', s -> s)", "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters"),
    ("split('a', '')", f"{INVALID}: The delimiter may not be the empty string"),
    ("split('a', ',', 0)", f"{INVALID}: Limit must be positive"),
    ("hamming_distance('a', 'ab')", f"{INVALID}: The input strings to hamming_distance function must"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "message"), REFUSED, ids=str)
def test_a_call_that_trino_refuses_is_refused(evaluate: Evaluate, expression: str, message: str) -> None:
    with pytest.raises(AthenaError, match=re.escape(message)):
        evaluate(f"SELECT {expression}")


@pytest.mark.parametrize("call", ["listagg(v)", "listagg(v, ',')", "LISTAGG(DISTINCT v, ',')"])
def test_listagg_needs_within_group(evaluate: Evaluate, call: str) -> None:
    with pytest.raises(MalformedQueryError, match="Expecting: 'WITHIN'"):
        evaluate(f"SELECT {call} FROM (VALUES 'a') AS t (v)")


ALLOWED = [
    ("bit_count(-8, 4)", "1"),
    ("bit_count(7, 4)", "3"),
    ("bit_count(-1, 64)", "64"),
    ("bit_count(-1, 63)", "63"),
    ("random(1)", "0"),
    ("random(3, 4)", "3"),
    ("round(15, -1)", "20"),
    ("round(-15, -1)", "-20"),
    ("round(14, -1)", "10"),
    ("round(5, -18)", "0"),
    ("round(7, 2)", "7"),
    ("codepoint(cast('a' as varchar(1)))", "97"),
    ("lag(v, 0) OVER (ORDER BY v) FROM (VALUES 1) t(v)", "1"),
    ('json_size(\'{"a": {"b": 1}}\', \'$["a"]\')', "1"),
    ("json_size('{\"a\": [1, 2]}', '$.a')", "2"),
    ("json_extract_scalar('{\"a\": [1, {\"é_1\": 7}]}', '$.a[1].é_1')", "7"),
    ("extract(day from date '2024-01-09')", "9"),
    ("hour(timestamp '2024-01-01 05:00:00')", "5"),
    ("reduce(array[1], 0, (s, x) -> s + x, s -> cast(s as varchar))", "1"),
]


@pytest.mark.parametrize(("expression", "value"), ALLOWED, ids=str)
def test_a_call_at_the_border_has_its_value(evaluate: Evaluate, expression: str, value: str) -> None:
    assert evaluate(f"SELECT {expression}")[0] == [(value,)]
