"""JSON as Trino reads, compares and writes it."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.athena.runtime.errors import AthenaError
from tests.support.emulator.trino_values import Evaluate
from tests.support.examples import examples

VALUES = [
    ("cast(real '3.14' as json)", "3.14", "json"),
    ("cast(infinity() as json)", '"Infinity"', "json"),
    ("cast(nan() as json)", '"NaN"', "json"),
    ("cast(map(array['b', 'a'], array[1e20, 1e10]) as json)", '{"a":1.0E10,"b":1.0E20}', "json"),
    ("cast(array[1.50, null] as json)", "[1.50,null]", "json"),
    ("cast(cast(row(1, 'x\"') as row(a integer, b varchar)) as json)", '{"a":1,"b":"x\\""}', "json"),
    ("cast(row(1, true) as json)", '{"":1,"":true}', "json"),
    ("cast(timestamp '2020-01-01 10:00:00.000' as json)", '"2020-01-01 10:00:00.000"', "json"),
    ("cast(cast(null as integer) as json)", None, "json"),
    ('json \'{"a":1,"b":2}\' = json \'{"b":2,"a":1}\'', "true", "boolean"),
    (
        "json_parse('[1.10, 1E2, 1e20, -0, 12345678901234567890123]')",
        "[1.1,100.0,1.0E20,0,12345678901234567890123]",
        "json",
    ),
    ("try(json_parse('{\"a\": NaN}'))", None, "json"),
    ("try(json_parse('[1,]'))", None, "json"),
    ("json_extract_scalar('{\"price\": 1.10}', '$.price')", "1.10", "varchar"),
    ("json_extract_scalar('{\"n\": 1E2}', '$.n')", "1E2", "varchar"),
    ("json_extract_scalar('{\"n\": NaN}', '$.n')", None, "varchar"),
    ('json_extract_scalar(\'{"a b": [{"c": false}]}\', \'$["a b"][0].c\')', "false", "varchar"),
    ("json_extract('{\"z\":1,\"b\":2}', '$')", '{"z":1,"b":2}', "json"),
    ("json_array_get('[\"a\"]', 0)", "a", "json"),
    ('json_array_get(\'["a", "b"]\', -1)', "b", "json"),
    ("json_array_get('[null]', 0)", None, "json"),
    ("json_array_get('[[1, 2]]', 0)", "[1,2]", "json"),
    ("json_size('no json', '$')", None, "bigint"),
    ("json_size('{}', '$.x')", None, "bigint"),
    ("json_size('1', '$')", "0", "bigint"),
    ("cast(json '1e10' as varchar)", "1.0E10", "varchar"),
    ("cast(json 'null' as varchar)", None, "varchar"),
    ("try_cast(json '[1]' as varchar)", None, "varchar"),
]


@pytest.mark.parametrize(("expression", "value", "kind"), VALUES, ids=lambda part: str(part))
def test_json_has_trinos_value_and_type(evaluate: Evaluate, expression: str, value: str, kind: str) -> None:
    assert evaluate(f"SELECT {expression}") == ([(value,)], [kind])


REFUSED = [
    ("json '{\"a\": NaN}'", "INVALID_LITERAL: line 1:.*not a valid JSON literal"),
    ("cast(json '[1]' as varchar)", "INVALID_CAST_ARGUMENT: Cannot cast '.1.' to varchar"),
    ("cast(x'00' as json)", "TYPE_MISMATCH: .*Cannot cast varbinary to json"),
    ("json_extract('{}', '$.*')", "NOT_SUPPORTED: the JSON path '...' is not in the emulator's engine"),
    ("json_extract('{}', 'a')", "INVALID_FUNCTION_ARGUMENT: Invalid JSON path: 'a'"),
]


@pytest.mark.parametrize(("expression", "message"), REFUSED, ids=lambda part: str(part))
def test_json_that_cannot_be_right_is_refused(evaluate: Evaluate, expression: str, message: str) -> None:
    with pytest.raises(AthenaError, match=message):
        evaluate(f"SELECT {expression}")


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8", exclude_characters="'\0")),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.text("abcxyz", max_size=3), parts, max_size=4),
    max_leaves=10,
)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=DOCUMENTS)
def test_json_parse_keeps_the_value_and_sorts_the_keys(evaluate: Evaluate, document: object) -> None:
    values, _ = evaluate(f"SELECT json_parse('{json.dumps(document)}')")
    text = values[0][0]
    assert text is not None
    assert json.loads(text, object_pairs_hook=_is_sorted) == document


def _is_sorted(pairs: list[tuple[str, object]]) -> dict[str, object]:
    assert [key for key, _ in pairs] == sorted(key for key, _ in pairs)
    return dict(pairs)
