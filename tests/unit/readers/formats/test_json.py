"""JSON lines and documents: numbers as they are written, and each invalid record rejected by itself where possible."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.api_source import Api
from lakehouse.contracts.model import Format, Options
from lakehouse.contracts.types import BOOLEAN, DOUBLE, INT, decimal, list_of, struct_of
from lakehouse.readers.formats import json as documents
from tests.support.contract_builders import accepted, column, contract, reasons, rows
from tests.support.examples import examples

COLUMNS = (
    column("id", INT, required=True),
    column("price", decimal(38, 18)),
    column("name"),
    column("paid", BOOLEAN),
    column("tags", list_of(INT)),
    column("address", struct_of({"city": INT})),
)
LINES = contract(*COLUMNS, format_="jsonl")
DOCUMENT = contract(*COLUMNS, format_="json")
EMPTY: dict[str, Any] = dict.fromkeys(["id", "price", "name", "paid", "tags", "address"])


def test_values_of_every_kind() -> None:
    line = b'{"id": 1, "price": 12345678901234567890.123456789012345678, "name": "", "paid": true, "tags": [1, null]}\n'
    assert accepted(rows(LINES, line + b'\n{"id": "2", "price": "1e1", "name": 7.10, "paid": "no"}')) == [
        EMPTY | {"id": 1, "price": Decimal("12345678901234567890.123456789012345678"), "name": "", "paid": True}
        | {"tags": [1, None]},
        EMPTY | {"id": 2, "price": Decimal(10), "name": "7.10", "paid": False},
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_byte_order_marks_are_no_content(encoding: str) -> None:
    shop = contract(column("id", INT), format_="jsonl", encoding=encoding)
    assert accepted(rows(shop, '\ufeff{"id": 1}\n'.encode(encoding))) == [{"id": 1}]


def test_each_invalid_line_is_rejected_by_itself() -> None:
    result = rows(
        LINES,
        b'{"id": 1}\n{"id": 2\n[3]\n{"id": 4, "id": 5}\n{"id": 6, "name": {"a": 1}}\n{"id": 7.5}\n{"price": 1}\n'
        b'{"id": 8, "name": "\\ud800"}\n{"id": 9, "name": "\xff"}\n{"id": 10, "tags": ["x"]}\n{"id": NaN}\n',
    )
    assert reasons(result) == [
        "expected JSON: Expecting ',' delimiter at character 9",
        "expected a JSON object, found '[3]'",
        "expected JSON: field 'id' occurs more than once",
        "name: expected string, found '{\"a\": 1}'",
        "id: expected integer, found '7.5'",
        "id: required, but empty",
        "expected JSON: \\ud800 is half of a surrogate pair, not a character",
        "invalid UTF-8 at byte 20",
        "tags: [0]: expected integer, found 'x'",
        "expected JSON: NaN",
    ]
    assert [row["_source_row"] for row in result] == list(range(1, 12))
    assert result[1]["_record"] == '{"id": 2'


def test_fields_that_the_contract_lacks_are_kept_at_any_depth() -> None:
    result = rows(LINES, b'{"id": 1, "colour": {"r": 1.50}}\n{"id": 2, "address": {"city": 3, "zip": "x"}}\n')
    assert [row["_errors"] for row in result] == [None, None]
    assert result[1]["address"] == {"city": 3}
    assert [json.loads(row["_record"]) for row in result] == [
        {"colour": '{"r": 1.50}'},
        {"address": '{"city": 3, "zip": "x"}'},
    ]


def test_a_json_column_keeps_objects_as_their_text() -> None:
    shop = contract(column("data", options=Options(format=Format.JSON)), format_="jsonl")
    assert accepted(rows(shop, b'{"data": {"a": [1.0, "x"]}}\n')) == [{"data": '{"a": [1.0, "x"]}'}]


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize(
    "place", ['{"id": %s}', '{"id": 1, "name": %s}', '{"id": 1, "data": {"a": [%s]}}', '{"z": %s}']
)
def test_literals_that_json_does_not_have(literal: str, place: str) -> None:
    columns = (*COLUMNS, column("data", options=Options(format=Format.JSON)))
    record = place % literal
    lines = rows(contract(*columns, format_="jsonl"), f'{{"id": 1}}\n{record}\n{{"id": 3}}\n'.encode())
    document = rows(contract(*columns, format_="json"), f'[{{"id": 1}},\n{record},\n{{"id": 3}}]'.encode())
    for result in (lines, document):
        assert [row["id"] for row in accepted(result)] == [1, 3]
        assert reasons(result) == [f"expected JSON: {literal}"]
    text = '"' + record.replace('"', '""') + '"'
    csv = rows(contract(columns[0], columns[-1]), f"id,data\n1,{text}\n2,NaN\n".encode())
    assert reasons(csv)[0] == f"data: not a valid json, found '{record}': {literal}"
    assert reasons(csv)[1] == "data: not a valid json, found 'NaN': NaN"


def test_strings_of_a_json_column_are_not_read_once_more() -> None:
    data = column("data", options=Options(format=Format.JSON))
    values = ["asd", "", " ", "123", "null", '{"a": 1}', 123, True, [1], {"a": "b"}, None]
    for format_ in ("jsonl", "json"):
        content = "\n".join(json.dumps({"data": value}) for value in values).encode()
        result = accepted(rows(contract(data, format_=format_), content))
        assert [row["data"] and json.loads(row["data"]) for row in result] == values


def test_a_record_without_any_field_of_the_contract_is_rejected() -> None:
    optional = (column("id", INT), column("name"))
    for format_ in ("jsonl", "json"):
        content = b'{"ID": 3, "Name": "x"}\n{"data": [{"id": 1}]}\n{}\n{"id": null, "x": 1}\n'
        result = rows(contract(*optional, format_=format_), content)
        assert reasons(result) == [
            "expected fields 'id, name', found 'ID, Name'",
            "expected fields 'id, name', found 'data'",
        ]
        assert [row["_source_row"] for row in result if row["_errors"]] == [1, 2]
        assert result[0]["_record"] == '{"ID": 3, "Name": "x"}'


@pytest.mark.parametrize("format_", ["jsonl", "json"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "gb18030"])
def test_each_event_may_have_a_byte_order_mark(format_: str, encoding: str) -> None:
    shop = contract(column("id", INT), format_=format_, encoding=encoding)
    events = '\ufeff{"id": 1}\n{"id": 2}\n\ufeff{"id": 3}\n\ufeff\ufeff{"id": 4}\n\ufeff\n'
    result = rows(shop, events.encode(encoding))
    assert [(row["id"], row["_source_row"]) for row in result] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert reasons(result) == []


@pytest.mark.parametrize("size", [1, 7, 4 * 2**20])
@pytest.mark.parametrize(
    ("record", "line", "found"),
    [
        ('{"id" 4}', 1, "'4}]'"),
        ('{"id": 4,\n"name" x}', 2, "'x}]'"),
        ('{"id": 4,\n"name": [\n1 2]}', 3, "'2]}]'"),
        ('{"id": 4', 1, "']'"),
        ('{"id": 4, "name": "x', 1, "'\"x]'"),
    ],
)
def test_the_place_of_what_is_not_json(
    record: str, line: int, found: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "BYTES", size)
    (row,) = rows(DOCUMENT, ("[" + '{"id": 1},\n' * 3 + record + "]").encode())
    assert reasons([row])[0].startswith("unreadable: expected JSON: ")
    assert reasons([row])[0].endswith(f" on line {3 + line}, found {found}")
    assert row["_source_row"] == 4
    assert row["_record"] == (record + "]").split("\n")[line - 1]


@pytest.mark.parametrize(
    "document",
    [
        b'[{"id": 1},\n {"id": 2}]',
        b'{"id": 1}\n{"id": 2}',
        b' [ {"id":1} ] [{"id":2}]\n',
        b'\xef\xbb\xbf[{"id": 1}, {"id": 2}]',
    ],
)
def test_documents_are_arrays_or_records(document: bytes) -> None:
    assert [row["id"] for row in accepted(rows(DOCUMENT, document))] == [1, 2]


def test_records_of_a_document_have_lines_and_their_own_text() -> None:
    result = rows(DOCUMENT, b'[\n{"id": 1},\n\n{"id":\n"x"},\n5,\n{"id": 3, "id": 4},\n{"id": 6}]')
    assert [(row["_source_row"], row["_record"]) for row in result] == [
        (2, None),
        (4, '{"id":\n"x"}'),
        (6, "5"),
        (7, '{"id": 3, "id": 4}'),
        (8, None),
    ]


@pytest.mark.parametrize(
    ("document", "line"),
    [(b'[{"id": 1},\n{"id": 2}', 2), (b'[{"id": 1}\n{"id": 2}]', 2), (b"[1,]", 1), (b"x", 1), (b'[{"a": "\xff"}]', 1)],
)
def test_a_damaged_document_is_one_rejected_row(document: bytes, line: int) -> None:
    (row,) = rows(DOCUMENT, document)
    assert reasons([row])[0].startswith("unreadable: expected JSON: ")
    assert row["_source_row"] == line


def test_a_value_that_is_too_long_is_distinguished_from_a_damaged_one() -> None:
    (row,) = rows(DOCUMENT, b'[{"id": 1},\n{"x": "' + b"x" * (21 * 2**20) + b'"}]')
    assert reasons([row])[0].endswith("; if the JSON is correct there, a value is longer than 16 MiB")
    assert row["_source_row"] == 2


@pytest.mark.parametrize("content", [b"", b"[]", b" \n", b"[] []"])
def test_no_records(content: bytes) -> None:
    assert rows(DOCUMENT, content) == []


def test_depth_is_limited() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    assert reasons(rows(LINES, b'{"id": 1, "x": ' + deep + b"}\n")) == ["expected JSON: it nests deeper than 100"]
    assert reasons(rows(LINES, b'{"id": 1, "x": ' + deep[:200] + deep[-200:] + b"}\n")) == [
        "expected JSON: it nests deeper than 100"
    ]
    assert reasons(rows(DOCUMENT, deep)) == ["unreadable: expected JSON: it nests too deep"]


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=8,
)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"id": st.one_of(st.integers(-5, 5), st.text(max_size=2))}, optional={"name": st.text(max_size=5), "x": VALUES}
    ),
    max_size=6,
)


@settings(max_examples=examples(150))
@given(RECORDS, st.integers(1, 30))
def test_lines_and_documents_give_the_same_rows_however_they_are_read(records: list[Any], size: int) -> None:
    lines = rows(LINES, "".join(json.dumps(record) + "\n" for record in records).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "BYTES", size)
        document = rows(DOCUMENT, ("[" + ",\n".join(map(json.dumps, records)) + "]").encode())
    assert len(lines) == len(records)
    assert lines == document


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_numbers_are_not_cut_where_reading_is(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "BYTES", size)
    assert [row["_record"] for row in rows(DOCUMENT, b"[12345, 67890]1e5")] == ["12345", "67890", "1e5"]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=5))
def test_floats_are_read_back(values: list[float]) -> None:
    shop = contract(column("x", DOUBLE), format_="jsonl")
    content = "".join(json.dumps({"x": value}) + "\n" for value in values).encode()
    assert [row["x"] for row in accepted(rows(shop, content))] == values


WRAPPED = contract(
    *COLUMNS,
    format_="json",
    type="api",
    api=Api(location="https://api.example.com/v1", paginator="single_page", records=("data", "items")),
)


def test_records_within_an_envelope() -> None:
    page = b'{"a": [{"id": 8}], "data": {"n": {"items": 1}, "items": [{"id": 1}, {"id": "x"}], "z": 1}, "next": null}'
    result = rows(WRAPPED, page + b'\n{"data": {"items": []}}')
    assert [row["id"] for row in accepted(result)] == [1]
    assert reasons(result) == ["id: expected integer, found 'x'"]
    assert len(accepted(rows(WRAPPED, b'{"data": {"items": [%s]}}' % b",".join([b'{"id": 1}'] * 50_000)))) == 50_000


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b"[]", "expected an object, '[' is none of"),
        (b'{"data": {"items": {}}}', "expected an array of records, found '{'"),
        (b'{"data": {}}', "no field 'items'"),
        (b'{"data": {"items": []}, "data": {"items": []}}', "'data' occurs more than once"),
        (b'{"data": {"items": [{"id": 1}]}', "ends within an object"),
        (b'{"data": {"items": [{"id": 1}] "x": 1}}', "after a field"),
        (b"{1: 2}", "the name of a field"),
        (b'{"data" 1}', "after the name of a field"),
    ],
)
def test_an_invalid_envelope_is_one_rejected_row(page: bytes, reason: str) -> None:
    (row,) = rows(WRAPPED, page)
    assert row["_errors"] is not None
    assert reason in reasons([row])[0]
