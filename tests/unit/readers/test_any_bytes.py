"""Objects of any content can be read to their end, and each record is one row, accepted or rejected."""

import bz2
import gzip
import io
import random
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.model import Options
from lakehouse.contracts.types import DATE, INT, TIMESTAMP, decimal
from lakehouse.readers import records
from lakehouse.readers.content import decompressed
from tests.support.contract_builders import accepted, column, contract, reasons, rows
from tests.support.examples import examples
from tests.support.reliability import fuzz
from tests.support.sample_files import SHOP, avro_bytes, parquet_bytes, record

COLUMNS = (
    column("a", INT, required=True),
    column("b", decimal(5, 2)),
    column("c", TIMESTAMP),
    column("d", DATE, options=Options(time_format="yyyyMMdd")),
)
CSV = b'a,b,c,d\n1,2.50,2026-01-02 03:04:05,20260102\n2,"x\ny",,\n' * 3
JSONL = b'{"a": 1, "b": 2.50}\n{"a": "x", "c": [1]}\n' * 3
PARQUET = parquet_bytes(pa.table({"a": [1, None], "b": ["2.50", "x"]}))
AVRO = avro_bytes([record(), record(id=None)])


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Bytes of a whole file with a few of them changed, cut out or doubled."""
    content = bytearray(whole)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 8))
        content[at : at + length] = draw(
            st.one_of(st.binary(max_size=8), st.just(bytes(content[at : at + length]) * 2))
        )
    return bytes(content)


@pytest.mark.parametrize(("format_", "whole"), [("csv", CSV), ("jsonl", JSONL), ("json", JSONL), ("parquet", PARQUET)])
def test_no_damage_makes_a_reader_fail(format_: str, whole: bytes) -> None:
    shop = contract(*COLUMNS, format_=format_)

    @settings(max_examples=examples(250))
    @given(st.one_of(damaged(whole), st.binary(max_size=50)))
    def check(content: bytes) -> None:
        for row in rows(shop, content):
            assert (row["_errors"] is None) or (row["_errors"] and row["_record"] is not None)
            assert row["_source_row"] >= 1

    check()


@settings(max_examples=examples(150))
@given(st.integers(0, len(AVRO)), st.binary(min_size=1, max_size=4))
def test_no_damage_makes_the_avro_reader_fail(at: int, noise: bytes) -> None:
    for row in rows(SHOP, AVRO[:at] + noise + AVRO[at + len(noise) :]):
        assert (row["_errors"] is None) or (row["_errors"] and row["_record"] is not None)


@pytest.mark.parametrize("name", fuzz.WHOLE)
def test_no_numbered_damage_makes_a_reader_fail(name: str) -> None:
    """`make fuzz-readers` reads thousands of these files."""
    for seed in range(25):
        content = fuzz.damaged(fuzz.WHOLE[name](), random.Random(f"{name} {seed}"))  # noqa: S311 - not secret
        assert sum(map(len, fuzz.read(name, content))) >= (len(content) > 0 and name not in ("csv", "json", "jsonl"))


@settings(max_examples=examples(300))
@given(st.binary(max_size=200))
def test_every_line_of_any_text_is_a_row(noise: bytes) -> None:
    shop = contract(column("a"), column("b"), quote="", encoding="latin-1")
    content = b"a,b\n" + noise
    lines = [line for line in content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n") if line]
    if not content.startswith((b"PK", b"\xff\xfe", b"\xfe\xff")):
        assert len(rows(shop, content)) == len(lines) - 1


LINES = st.lists(st.text(alphabet='a1,"é ', max_size=8).filter(str.strip), max_size=10)


@settings(max_examples=examples(200))
@given(LINES, st.integers(0, 10))
def test_one_object_or_two_make_no_difference(lines: list[str], at: int) -> None:
    shop = contract(column("a", INT), column("b"), quote="")

    def without_place(*parts: list[str]) -> list[dict[str, object]]:
        result = [row for part in parts for row in rows(shop, "\n".join(["a,b", *part]).encode())]
        return [{name: value for name, value in row.items() if name != "_source_row"} for row in result]

    assert without_place(lines[:at], lines[at:]) == without_place(lines)


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


COMPRESSIONS: list[Callable[[bytes], bytes]] = [gzip.compress, bz2.compress, zstd]


@pytest.mark.parametrize("compress", COMPRESSIONS)
def test_compressed_files_are_recognized_by_their_content(compress: Callable[[bytes], bytes]) -> None:
    shop = contract(*COLUMNS)
    assert rows(shop, compress(CSV)) == rows(shop, CSV)
    two_members = compress(CSV[:20]) + compress(CSV[20:])
    assert rows(shop, two_members) == rows(shop, CSV)


@pytest.mark.parametrize("compress", COMPRESSIONS)
def test_of_a_damaged_compressed_file_nothing_is_accepted(
    compress: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "BLOCK", 100_000)  # many blocks are read before the damage
    shop = contract(column("a", INT), column("b"))
    whole = compress(b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(150_000)))
    assert len(accepted(rows(shop, whole))) == 150_000
    for cut in (len(whole) - 1, len(whole) // 2, 30):
        (row,) = rows(shop, whole[:cut])
        assert reasons([row])[0].startswith("unreadable: damaged or incomplete compressed file")


def test_a_text_that_begins_like_bzip2_is_text() -> None:
    with decompressed(io.BytesIO(b"BZh,b\n1,2\n")) as (content, was_compressed):
        assert not was_compressed
        assert content.read() == b"BZh,b\n1,2\n"
