"""Files that are not what the contract says are one rejected row that names what they are."""

import bz2
import gzip
from collections.abc import Callable

import pyarrow as pa
import pytest

from lakehouse.contracts.types import INT
from tests.support.contract_builders import column, contract, reasons, rows
from tests.support.sample_files import avro_bytes, parquet_bytes

SCHEMA = {"type": "record", "name": "r", "fields": [{"name": "A", "type": "int"}, {"name": "B", "type": "string"}]}
PARQUET = parquet_bytes(pa.table({"A": [1, 2], "B": ["x", "y"]}))
AVRO = avro_bytes([{"A": 1, "B": "x"}, {"A": 2, "B": "y"}], schema=SCHEMA)


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstd, "bzip2": bz2.compress}


@pytest.mark.parametrize("name", COMPRESSIONS)
@pytest.mark.parametrize(("format_", "content"), [("parquet", PARQUET), ("avro", AVRO)])
def test_compressed_parquet_and_avro(name: str, format_: str, content: bytes) -> None:
    shop = contract(column("A", INT), format_=format_)
    assert len(rows(shop, content)) == 2
    (row,) = rows(shop, COMPRESSIONS[name](content))
    (reason,) = reasons([row])
    remedy = "send it without; the format compresses its own blocks"
    assert reason == f"unreadable: expected {format_.capitalize()}, found {name}: {remedy}"


@pytest.mark.parametrize("inner", COMPRESSIONS)
@pytest.mark.parametrize("outer", COMPRESSIONS)
@pytest.mark.parametrize("format_", ["csv", "json", "jsonl"])
def test_text_that_is_compressed_twice(inner: str, outer: str, format_: str) -> None:
    content = COMPRESSIONS[outer](COMPRESSIONS[inner](b"A\n1\n"))
    (row,) = rows(contract(column("A", INT), format_=format_), content)
    assert reasons([row]) == [f"unreadable: expected text in utf-8, found {inner} within a compressed file"]


@pytest.mark.parametrize(
    ("format_", "content", "found"),
    [
        ("avro", PARQUET, "expected Avro, found Parquet"),
        ("parquet", AVRO, "expected Parquet, found Avro"),
        ("parquet", b"PK\x03\x04" + b"x" * 20, "expected Parquet, found a ZIP archive (or an Excel workbook)"),
        ("csv", gzip.compress(PARQUET), "expected text in utf-8, found Parquet"),
    ],
)
def test_another_format(format_: str, content: bytes, found: str) -> None:
    (row,) = rows(contract(column("A", INT), format_=format_), content)
    assert reasons([row]) == [f"unreadable: {found}"]


@pytest.mark.parametrize(("format_", "content"), [("parquet", PARQUET), ("avro", AVRO)])
def test_a_file_without_any_column_of_the_contract(format_: str, content: bytes) -> None:
    (row,) = rows(contract(column("a", INT), column("b"), format_=format_), content)
    assert reasons([row]) == [
        "unreadable: expected columns 'a, b', found 'A, B'; correct the file or `physicalName` in the contract"
    ]
