"""Values of char: padded with blanks to their length, and compared as if they had one length."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.athena.runtime.errors import AthenaError
from tests.support.emulator.trino_values import Evaluate
from tests.support.examples import examples

BAR = "cast('bar' as char(5))"
VALUES = [
    (BAR, "bar  ", "char(5)"),
    ("typeof(cast('a' as char))", "char(1)", "varchar"),
    (f"{BAR} = 'bar   '", "true", "boolean"),
    (f"'bar' = {BAR}", "true", "boolean"),
    (f"{BAR} = cast('bar' as char(7))", "true", "boolean"),
    (f"{BAR} = cast('bar      ' as varchar(25))", "true", "boolean"),
    (f"{BAR} <> 'bar'", "false", "boolean"),
    (f"{BAR} > 'bar\t'", "true", "boolean"),
    (f"{BAR} in ('x', 'bar')", "true", "boolean"),
    (f"{BAR} between 'bar' and 'bar '", "true", "boolean"),
    (f"{BAR} is distinct from 'bar'", "false", "boolean"),
    (f"{BAR} = null", None, "boolean"),
    ("cast('foo' as char(6)) like 'foo'", "false", "boolean"),
    ("cast('foo' as char(6)) like 'foo%'", "true", "boolean"),
    ("length(cast('x' as char(20)))", "20", "bigint"),
    ("'[' || cast(cast('ab' as char(5)) as varchar(10)) || ']'", "[ab   ]", "varchar"),
    ("cast('ab' as char(3)) || cast('c' as char(2))", "ab c ", "char(5)"),
    ("upper(cast('ab' as char(3)))", "AB ", "char(3)"),
    ("trim(cast(' ab' as char(4)))", "ab", "varchar"),
    ("cast(array['abc', null] as array(char(5)))", "[abc  , null]", "array(char(5))"),
    ("cast(row('abc', 1) as row(a char(5), b bigint))", "{a=abc  , b=1}", "row(a char(5), b bigint)"),
    ("cast(row('abc', 1) as row(a varchar(2), b bigint))", "{a=ab, b=1}", "row(a varchar(2), b bigint)"),
    ("cast(map(array['abc'], array['x']) as map(varchar(2), char(2)))", "{ab=x }", "map(varchar(2), char(2))"),
    (
        "cast(array[timestamp '1960-01-01 10:00:00.111'] as array(timestamp(0)))",
        "[1960-01-01 10:00:00]",
        "array(timestamp(0))",
    ),
    ("coalesce(cast(null as char(3)), cast('b' as char(3)))", "b  ", "char(3)"),
]


@pytest.mark.parametrize(("expression", "value", "kind"), VALUES, ids=lambda part: str(part))
def test_a_char_has_trinos_value_and_type(evaluate: Evaluate, expression: str, value: str, kind: str) -> None:
    assert evaluate(f"SELECT {expression}") == ([(value,)], [kind])


REFUSED = [
    (f"{BAR} || 'x'", "NOT_SUPPORTED: .*char || varchar is not in the emulator's engine"),
    (f"concat({BAR}, 'x')", "NOT_SUPPORTED: .*concat of a char is not in the emulator's engine"),
    (f"nullif({BAR}, 'x')", "NOT_SUPPORTED: .*nullif of a char is not in the emulator's engine"),
    (f"coalesce({BAR}, 'x')", "NOT_SUPPORTED: .*char.5. and varchar is not in the emulator's engine"),
    (f"array[{BAR}, 'x']", "NOT_SUPPORTED: .*char.5. together with varchar is not in the emulator's engine"),
    (f"case when true then {BAR} else 'x' end", "NOT_SUPPORTED: .*char.5. together with varchar"),
    (f"{BAR} in (select 'bar')", "NOT_SUPPORTED: .*char.5. together with varchar"),
    (f"{BAR} = any (select 'bar')", "NOT_SUPPORTED: .*with char are not in the emulator's engine"),
    ("cast(row(1, 2) as row(a integer))", "TYPE_MISMATCH: .*Cannot cast row"),
    ("json_object('k': 1)", "NOT_SUPPORTED: line 1:8: json_object is not in the emulator's engine"),
    ("json_value(x, 'lax $.a' returning bigint) FROM t", "NOT_SUPPORTED: line 1:8: json_value"),
    ("json_query(x, 'lax $.a' with wrapper) FROM t", "NOT_SUPPORTED: line 1:8: json_query"),
    ("1 FROM t WHERE json_exists(x, 'lax $.a')", "NOT_SUPPORTED: line 1:23: json_exists"),
    ("a FROM json_table('[]', 'lax $' COLUMNS (a integer PATH 'lax $'))", "NOT_SUPPORTED: line 1:15: json_table"),
    ("normalize('x', NFKD)", "NOT_SUPPORTED: .*normalize with the form NFKD"),
    ("transform(array[1], () -> 42)", "NOT_SUPPORTED: .*a lambda without parameters"),
    ("1 UNION ALL CORRESPONDING SELECT 1", "NOT_SUPPORTED: .*CORRESPONDING is not in the emulator's engine"),
]


@pytest.mark.parametrize(("expression", "message"), REFUSED, ids=lambda part: str(part))
def test_what_the_engine_lacks_is_refused_by_name(evaluate: Evaluate, expression: str, message: str) -> None:
    with pytest.raises(AthenaError, match=message.replace("||", r"\|\|")):
        evaluate(f"SELECT {expression}")


TEXTS = st.text("ab \t", max_size=4)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(a=TEXTS, b=TEXTS, length=st.integers(min_value=4, max_value=6))
def test_a_char_is_compared_as_texts_of_one_length(evaluate: Evaluate, a: str, b: str, length: int) -> None:
    first = f"cast('{a}' as char({length}))"
    expected = (a.ljust(9) == b.ljust(9), a.ljust(9) < b.ljust(9), a.ljust(9) >= b.ljust(9))
    for second in (f"'{b}'", f"cast('{b}' as char(9))", f"cast('{b}' as char({length}))"):
        values, _ = evaluate(f"SELECT {first} = {second}, {first} < {second}, {first} >= {second}")
        assert values == [tuple(str(value).lower() for value in expected)]
