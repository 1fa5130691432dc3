"""Arrays of a PostgreSQL source, in PostgreSQL's text form, become lists; JSON lists stay as they are."""

from contextlib import suppress
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.contracts.model import Format, Options
from lakehouse.contracts.types import BOOLEAN, INT, STRING, Type, list_of
from lakehouse.readers.postgres_arrays import parse
from tests.support.contract_builders import column, contract, reasons, rows
from tests.support.sample_files import parquet_bytes


def read(type_: Type, *values: str | None, source: str = "postgresql", **settings: Any) -> list[dict[str, Any]]:
    shop = contract(
        column("id", INT, required=True), column("v", type_, **settings), format_="parquet", key=("id",),
        type=source, schema="public", table="orders",
    )  # fmt: skip
    count = len(values)
    table = {
        "Op": ["I"] * count,
        "id": list(range(count)),
        "v": pa.array(values, pa.string()),
        "_commit_ts": ["2026-01-02 03:04:05"] * count,
        "_change_seq": ["7" * 35] * count,
    }
    return rows(shop, parquet_bytes(pa.table(table)))


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        (list_of(INT), "{1,NULL,3}", [1, None, 3]),
        (list_of(INT), "{}", []),
        (list_of(STRING), r'{x,"y,z","NULL","",NULL,"a\"b\\c"," d "}', ["x", "y,z", "NULL", "", None, 'a"b\\c', " d "]),
        (list_of(BOOLEAN), "{t,f}", [True, False]),
        (list_of(list_of(INT)), "{{1,2},{3,4}}", [[1, 2], [3, 4]]),
        (list_of(INT), "[1, 2]", [1, 2]),
        (list_of(INT), None, None),
    ],
)
def test_an_array_is_a_list(type_: Type, text: str | None, expected: Any) -> None:
    [row] = read(type_, text)
    assert (row["_errors"], row["v"]) == (None, expected)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (list_of(INT), "{1,x}"),
        (list_of(INT), "{1"),
        (list_of(INT), "{1}}"),
        (list_of(INT), "{1,}"),
        (list_of(INT), "{,1}"),
        (list_of(INT), "{1 }2"),
        (list_of(INT), '{"a": 1}'),
        (list_of(INT), "[0:1]={1,2}"),
        (list_of(INT), "{{1,2},{3,4}}"),
        (list_of(INT), "{" * 200 + "}" * 200),
    ],
)
def test_what_is_no_array_of_the_type_is_rejected_alone(type_: Type, text: str) -> None:
    found = read(type_, "{1}", text, "{2}")
    assert [row["v"] for row in found if row["_errors"] is None] == [[1], [2]]
    assert len(reasons(found)) == 1


def test_a_file_of_mysql_has_no_such_arrays() -> None:
    assert len(reasons(read(list_of(INT), "{1}", source="mysql"))) == 1


def _written(value: Any) -> str:
    if isinstance(value, list):
        return "{" + ",".join(map(_written, value)) + "}"
    return "NULL" if value is None else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


elements = st.none() | st.text()


@given(st.lists(elements) | st.lists(st.lists(elements, min_size=2, max_size=2), min_size=1))
def test_every_array_is_read_back(value: list[Any]) -> None:
    assert parse(_written(value)) == value


@given(st.text('{},"\\ aN1'))
def test_any_text_is_an_array_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        parse(text)


def test_a_repeated_key_of_json_is_named() -> None:
    json = Options(format=Format.JSON)
    long = "k" * 5_000
    texts = (
        '{"a": 1, "b": {"c": 2, "c": 3}}',
        "{1}",
        '{"a": 1}',
        f'{{"{long}": 1, "{long}": 1}}',
    )
    found = reasons(read(STRING, *texts, options=json))
    assert found[0] == f"v: not a valid json, found '{texts[0]}': field 'c' occurs more than once"
    assert found[1] == "v: not a valid json, found '{1}'"
    assert len(found) == 3
    assert len(found[2]) < 400
