"""CSV: each kind of invalid input gives rejected records with reasons, and the rest is accepted."""

import csv
import gzip
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.model import Options
from lakehouse.contracts.types import DATE, INT, STRING, TIMESTAMP, decimal, list_of
from lakehouse.readers import records
from tests.support.contract_builders import URI, accepted, batches, column, contract, reasons, rows
from tests.support.examples import examples

ORDERS = contract(
    column("id", INT, required=True),
    column("ordered_at", TIMESTAMP, source_name="OrderedAt"),
    column("amount", decimal(8, 2), options=Options(minimum=Decimal(0))),
    column("note", STRING, options=Options(max_length=10)),
)
HEADER = b"id,OrderedAt,amount,note\n"


def test_records_are_typed_and_have_file_and_row() -> None:
    result = rows(ORDERS, HEADER + b'1,2026-01-02 03:04:05,1.5,"a ""b"",\nc"\n2,,,\n')
    assert result == [
        {
            "id": 1,
            "ordered_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "amount": Decimal("1.50"),
            "note": 'a "b",\nc',
            "_errors": None,
            "_record": None,
            "_source_file": URI,
            "_source_row": 2,
        },
        {
            "id": 2,
            "ordered_at": None,
            "amount": None,
            "note": None,
            "_errors": None,
            "_record": None,
            "_source_file": URI,
            "_source_row": 4,
        },
    ]


def test_every_reason_names_its_column_and_what_was_found() -> None:
    result = rows(ORDERS, HEADER + b"x,2026-02-30,-1.00,far too long a note\n,,,\n3,,1.005,ok\n")
    assert reasons(result) == [
        "id: expected integer, found 'x'",
        "ordered_at: expected timestamp, found '2026-02-30'",
        "amount: below minimum 0, found '-1.00'",
        "note: longer than 10, found 'far too long a note'",
        "id: required, but empty",
        "amount: more than 2 digits after the decimal point, found '1.005'",
    ]
    assert [row["_record"] for row in result] == ["x,2026-02-30,-1.00,far too long a note", ",,,", "3,,1.005,ok"]
    assert result[2]["id"] == 3, "what could be read of a rejected record stays in its columns"


def test_records_with_too_few_or_many_fields_are_rejected() -> None:
    result = rows(ORDERS, HEADER + b"1,,,ok\n2,,\n3,,,a,b\n4,,,ok\n")
    assert reasons(result) == ["expected 4 fields, found 3", "expected 4 fields, found 5"]
    assert [(row["_source_row"], row["_record"]) for row in result if row["_errors"]] == [(3, "2,,"), (4, "3,,,a,b")]
    assert [row["id"] for row in accepted(result)] == [1, 4]


def test_columns_come_in_any_order_and_optional_ones_may_be_missing() -> None:
    assert accepted(rows(ORDERS, b"note,id\nhi,1\n")) == [{"id": 1, "ordered_at": None, "amount": None, "note": "hi"}]


def test_a_missing_required_column_rejects_every_record() -> None:
    result = rows(ORDERS, b"note,amount\nhi,1\nho,2\n")
    assert reasons(result) == ["id: required, but the file has no such column"] * 2


def test_a_column_that_the_contract_lacks_is_kept_next_to_the_accepted_record() -> None:
    result = rows(ORDERS, b"id,colour,colour,\n1,red,green,x\n2,,,\n")
    assert [row["_errors"] for row in result] == [None, None]
    assert [row["_record"] for row in result] == ['{"colour#2": "red", "colour#3": "green", "#4": "x"}', None]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a;b;c\n1;2;3\n", "expected the header 'id,OrderedAt,amount,note', found 'a;b;c'"),
        (b"id,id\n1,2\n", "header: column 'id' occurs 2 times"),
        (b'id,"note\n1,2\n', "header: the quote at character 4 opens a field and is never closed"),
        (b"id,\xff\n1,2\n", "header: invalid UTF-8 at byte 4"),
        (b"PK\x03\x04\x14\x00rest of a zip", "expected text in utf-8, found a ZIP archive (or an Excel workbook)"),
        ("id,note\n".encode("utf-16"), "expected text in utf-8, found UTF-16 (by its byte order mark)"),
        (gzip.compress(HEADER + b"1,,,\n" * 999, mtime=0)[:-9], "damaged or incomplete compressed file: "),
        (b"id," + b"," * 10_000, "header: 10002 columns are more than 10000"),
    ],
)
def test_an_unreadable_file_is_one_rejected_row(content: bytes, reason: str) -> None:
    (row,) = rows(ORDERS, content)
    assert reasons([row])[0].startswith(f"unreadable: {reason}")
    assert row["_record"] is not None
    assert row["_source_row"] == 1


@pytest.mark.parametrize(
    "content", [b"", HEADER, HEADER.strip(), b"\n\n", b"\xef\xbb\xbf" + HEADER, gzip.compress(b"", mtime=0)]
)
def test_a_file_without_records_has_no_rows(content: bytes) -> None:
    assert rows(ORDERS, content) == []


def test_a_50_mb_line_is_rejected_and_the_rest_accepted() -> None:
    result = rows(ORDERS, HEADER + b"1,,,\n2,,," + b"x" * 50_000_000 + b"\n3,,,\n")
    assert reasons(result) == ["longer than 16 MiB; `_record` has its beginning"]
    assert [row["_source_row"] for row in result] == [2, 3, 4]
    assert len(result[1]["_record"]) == 64 * 2**10


def test_dialect_and_encoding_are_the_contracts() -> None:
    shop = contract(
        column("id", INT), column("name"), column("day", DATE, options=Options(time_format="dd.MM.yyyy")),
        delimiter=";", quote="'", encoding="cp1252",
    )  # fmt: skip
    result = rows(shop, "id;name;day\n1;'Zoë; \"&\" Søn';31.12.2026\n2;\x81;\n".encode("latin-1"))
    assert accepted(result) == [{"id": 1, "name": 'Zoë; "&" Søn', "day": datetime(2026, 12, 31, tzinfo=UTC).date()}]
    assert reasons(result) == ["invalid CP1252"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8", "utf-8-sig"])
def test_byte_order_marks_are_no_content(encoding: str) -> None:
    shop = contract(column("id", INT), column("name"), encoding=encoding)
    text = "id,name\n1,é\n"
    content = ("\ufeff" + text).encode(encoding) if encoding == "utf-16-le" else text.encode(encoding)
    assert accepted(rows(shop, content)) == [{"id": 1, "name": "é"}]


def test_a_byte_order_mark_that_is_not_the_first_is_text() -> None:
    shop = contract(column("a"), column("b"), header=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK", 5)
        result = rows(shop, "\ufeff\ufeff1,x\n\ufeff2,\ufeff\n\ufeff3,y".encode())
    assert [row["a"] for row in result] == ["\ufeff1", "\ufeff2", "\ufeff3"]


def test_without_quotes_a_quote_is_text() -> None:
    shop = contract(column("id", INT), column("name"), quote="", delimiter="\t")
    assert accepted(rows(shop, b'id\tname\n1\t"a\n2\tb"\n')) == [{"id": 1, "name": '"a'}, {"id": 2, "name": 'b"'}]


def test_without_a_header_columns_are_the_contracts_in_order() -> None:
    shop = contract(column("id", INT), column("name"), header=False)
    result = rows(shop, b"1,a\n2\n")
    assert accepted(result) == [{"id": 1, "name": "a"}]
    assert [row["_source_row"] for row in result] == [1, 2]
    assert reasons(result) == ["expected 2 fields, found 1"]


def test_nested_columns_are_json() -> None:
    shop = contract(column("id", INT), column("tags", list_of(INT)))
    result = rows(shop, b'id,tags\n1,"[1, 2]"\n2,"[""x""]"\n')
    assert accepted(result) == [{"id": 1, "tags": [1, 2]}]
    assert reasons(result) == ["tags: [0]: expected integer, found 'x'"]


FIELDS = st.text(alphabet='a1,"\n\r;é. ', max_size=6)


@settings(max_examples=examples(300))
@given(st.lists(st.lists(FIELDS, min_size=2, max_size=2), max_size=8), st.booleans())
def test_what_pythons_csv_writes_is_read_back(values: list[list[str]], minimal: bool) -> None:
    out = io.StringIO(newline="")
    dialect = {"lineterminator": "\r\n"} if minimal else {"lineterminator": "\n", "quoting": csv.QUOTE_ALL}
    csv.writer(out, **dialect).writerows([["a", "b"], *values])
    result = rows(contract(column("a"), column("b")), out.getvalue().encode())
    assert [[row["a"], row["b"]] for row in result] == [[field or None for field in record] for record in values]
    assert reasons(result) == []


@settings(max_examples=examples(100))
@given(st.text(alphabet='1x,"\n ', max_size=80), st.integers(1, 20), st.integers(1, 3))
def test_blocks_and_threads_change_nothing(text: str, block: int, threads: int) -> None:
    shop = contract(column("a", INT), column("b"))
    content = b"a,b\n" + text.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK", block)
        cut = rows(shop, content, threads=threads)
    assert cut == rows(shop, content)


def test_batches_are_bounded() -> None:
    shop = contract(column("a", INT), column("b"))
    content = b"a,b\n" + b"1,some text\n" * 1_000_000
    result = batches(shop, content)
    assert sum(map(len, result)) == 1_000_000
    assert max(batch.nbytes for batch in result) < 64 * 2**20
