"""A person's records taken out of files of every format: the others stay, byte for byte where that can be."""

import gzip
import io
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.contracts.model import Contract
from lakehouse.contracts.types import LONG, STRING, decimal
from lakehouse.erasure.records import remove_records
from lakehouse.erasure.subject import Subject
from lakehouse.errors import LakehouseError
from lakehouse.readers.numbers import original_rows
from tests.support.contract_builders import URI, column, contract

COLUMNS = (column("id", LONG, required=True, source_name="ID"), column("name"), column("spent", decimal(8, 2)))
SEVEN = {"id": (7,)}


def of(format_: str, **source: Any) -> Subject:
    return Subject(contract=contract(*COLUMNS, format_=format_, key=("id",), **source), values=SEVEN)


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        (b"ID,name,spent\n6,ann,1\n7,bob,2\n70,eve,3\n", b"ID,name,spent\n6,ann,1\n\n70,eve,3\n", 1),
        (b'ID,name,spent\r\n7,"b\r\no,b",2\r\n8,x,1\r\n7,y,1', b"ID,name,spent\r\n\r\n\r\n8,x,1\r\n", 2),
        (b"ID,name,spent\r6,a,1\r7,b,1\r8,c,1\r", b"ID,name,spent\r6,a,1\r\r8,c,1\r", 1),
        (b"ID,name,spent\n6,\xff,1\n7,b,1\n8,\xe9,1", b"ID,name,spent\n6,\xff,1\n\n8,\xe9,1", 1),
        # A rejected record still has its key; if the key cannot be read, the text decides.
        (b"ID,name,spent\n7,bob,much\n8,x,much\n", b"ID,name,spent\n\n8,x,much\n", 1),
        (b"ID,name,spent\n7,bob\n8,cy\n77,7up\n", b"ID,name,spent\n\n8,cy\n77,7up\n", 1),
        (b"ID,name,spent\n6,ann,7\n", b"ID,name,spent\n6,ann,7\n", 0),
        (b"ID,name,spent\n7,bob,2\n", b"ID,name,spent\n\n", 1),
        (b"", b"", 0),
    ],
)
def test_lines_of_a_csv(before: bytes, after: bytes, count: int) -> None:
    left = remove_records(before, of("csv"), uri=URI)
    assert (left.content, left.count, left.removed) == (after, count, ())


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_lines_in_another_encoding(encoding: str) -> None:
    left = remove_records("ID,name,spent\n7,bö,1\n8,cé,2\n".encode(encoding), of("csv", encoding=encoding), uri=URI)
    assert left.content == "ID,name,spent\n\n8,cé,2\n".encode(encoding)
    assert remove_records(b"ID\n7\n8\n", of("csv", encoding="utf-8-sig"), uri=URI).content == b"ID\n\n8\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        # Without the record one line end is left of two.
        (b"ID,name,spent\n6,a,1\r7,b,1\n8,c,1\n", "utf-8"),
        ("\ufeffID,name,spent\n7,b,1\n8,c,1\n".encode("utf-16-be"), "utf-16"),
    ],
)
def test_lines_that_would_not_stay_are_left_and_named(content: bytes, encoding: str) -> None:
    with pytest.raises(LakehouseError, match="the object was not changed"):
        remove_records(content, of("csv", encoding=encoding), uri=URI)


def test_what_was_compressed_is_compressed_again() -> None:
    left = remove_records(gzip.compress(b"ID,name,spent\n7,bob,2\n8,x,1\n"), of("csv"), uri=URI)
    assert left.count == 1
    assert gzip.decompress(left.content) == b"ID,name,spent\n\n8,x,1\n"


def test_lines_of_json() -> None:
    lines = b'{"ID": 6, "spent": 1.10}\n\n{"ID": 7, "name": "b"}\n{"ID": 8}'
    left = remove_records(lines, of("jsonl"), uri=URI)
    assert (left.content, left.count) == (b'{"ID": 6, "spent": 1.10}\n\n\n{"ID": 8}', 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[{"ID": 6, "spent": 1.10}, {"ID": 7}, {"ID": 8}]', '[{"ID": 6, "spent": 1.10},  {"ID": 8}]'),
        ('[{"ID": 6,\n "name": "[7]"},\n {"ID": 7,\n "spent": 1}]', '[{"ID": 6,\n "name": "[7]"}\n \n]'),
        ('{"ID": 6} {"ID": 7, "name": "b"}\n{"ID": 8}', '{"ID": 6} \n{"ID": 8}'),
        ('[{"ID": 7}, {"ID": 6},\n{"ID": 7}, {"ID": 7}]', '[ {"ID": 6}\n ]'),
        ('[{"ID": 7}]', "[]"),
    ],
)  # fmt: skip
def test_elements_of_a_json_document(before: str, after: str) -> None:
    left = remove_records(before.encode(), of("json"), uri=URI)
    assert left.content.decode() == after
    assert left.count == before.count('"ID": 7')


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-8", ""), ("utf-8", "\ufeff"), ("cp1252", ""), ("utf-16", ""), ("utf-16-le", "\ufeff")]
)
def test_a_json_document_keeps_its_encoding(encoding: str, mark: str) -> None:
    before = f'{mark}[{{"ID": 7, "name": "Bö"}}, {{"ID": 6, "name": "Zoë"}}]'.encode(encoding)
    left = remove_records(before, of("json", encoding=encoding), uri=URI)
    assert left.content.decode(encoding) == '[ {"ID": 6, "name": "Zoë"}]'


def test_documents_in_sequence_may_each_have_a_byte_order_mark() -> None:
    before = '\ufeff{"ID": 7}\n\ufeff{"ID": 6}\n'.encode()
    assert remove_records(before, of("json"), uri=URI).content == '\n\ufeff{"ID": 6}\n'.encode()


def test_spaces_within_a_text_are_no_ends_of_lines() -> None:
    shop = contract(column("name", STRING), format_="json", key=("name",))
    content = '[{"name": "a b"}, {"name": "a\u2028b"}]'.encode()
    left = remove_records(content, Subject(contract=shop, values={"name": ("a\u2028b",)}), uri=URI)
    assert left.content == b'[{"name": "a b"} ]'


def test_rows_of_parquet() -> None:
    table = pa.table({"ID": pa.array([6, 7, 8, 7], pa.int32()), "name": ["a", "b", "c", "d"], "more": [1, 2, 3, 4]})
    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd")
    left = remove_records(file.getvalue(), of("parquet"), uri=URI)
    kept = pq.ParquetFile(io.BytesIO(left.content))
    assert (left.count, left.removed) == (2, (2, 4))
    assert kept.read().to_pylist() == [{"ID": 6, "name": "a", "more": 1}, {"ID": 8, "name": "c", "more": 3}]
    assert kept.schema_arrow == table.schema
    assert kept.metadata.row_group(0).column(0).compression == "ZSTD"


def test_records_of_avro() -> None:
    fields = [{"name": "ID", "type": "long"}, {"name": "name", "type": ["null", "string"]}]
    schema = fastavro.parse_schema({"type": "record", "name": "r", "fields": fields})
    file = io.BytesIO()
    fastavro.writer(file, schema, [{"ID": 6, "name": "a"}, {"ID": 7, "name": "b"}, {"ID": 8, "name": None}], "deflate")
    left = remove_records(file.getvalue(), of("avro"), uri=URI)
    reader = fastavro.reader(io.BytesIO(left.content))
    assert (left.count, left.removed) == (1, (2,))
    assert list(reader) == [{"ID": 6, "name": "a"}, {"ID": 8, "name": None}]
    assert reader.codec == "deflate"


def test_an_object_that_cannot_be_read_has_nobody() -> None:
    broken = gzip.compress(b"ID,name,spent\n7,bob,2\n8,x,1\n" * 400)[:60]
    assert remove_records(broken, of("csv"), uri=URI).count == 0


def test_what_cannot_be_told_apart_is_left_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(remove_records.__globals__, "_lines", lambda content, *_, **__: content)
    with pytest.raises(LakehouseError, match=r"1 of its 2 records cannot be separated from the others"):
        remove_records(b"ID,name,spent\n7,bob,2\n8,x,1\n", of("csv"), uri=URI)


def test_a_text_key() -> None:
    shop: Contract = contract(column("email", STRING, required=True), column("id", LONG), key=("email",))
    subject = Subject(contract=shop, values={"email": ("a.b@example.com",)})
    content = b"email,id\na.b@example.com,1\naxb@example.com,2\n"
    assert remove_records(content, subject, uri=URI).content == b"email,id\n\naxb@example.com,2\n"


@given(st.sets(st.integers(1, 30)))
def test_records_keep_the_numbers_that_they_arrived_with(removed: set[int]) -> None:
    left = [number for number in range(1, 40) if number not in removed]
    assert original_rows(range(1, len(left) + 1), tuple(removed)) == left
