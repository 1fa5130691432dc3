"""Records with too many values, and objects that become far more than their size, are rejected in every format."""

import bz2
import gzip
import json
from collections.abc import Callable

import pyarrow as pa
import pytest

from lakehouse.contracts.model import Format, Options
from lakehouse.readers import expansion, json_text
from lakehouse.readers.chunk import MAX_VALUES
from lakehouse.readers.formats import avro, avro_count, parquet
from lakehouse.readers.formats import json as json_documents
from tests.support.contract_builders import column, contract, reasons, rows
from tests.support.sample_files import avro_bytes, parquet_bytes

MOST = 1000
"""In place of `MAX_VALUES`, which takes seconds to reach."""


def _json(values: list[list[int]]) -> bytes:
    return b"\n".join(json.dumps({"b": each}).encode() for each in values)


def _avro(values: list[list[int]], codec: str = "null") -> bytes:
    items = {"type": "array", "items": "int"}
    schema = {"type": "record", "name": "r", "fields": [{"name": "b", "type": items}]}
    return avro_bytes([{"b": each} for each in values], codec=codec, schema=schema)


def _parquet(values: list[list[int]]) -> bytes:
    return parquet_bytes(pa.table({"b": pa.array(values, pa.list_(pa.int8()))}))


WRITERS: dict[str, Callable[[list[list[int]]], bytes]] = {
    "jsonl": _json,
    "json": lambda values: b"[" + _json(values).replace(b"\n", b",\n") + b"]",
    "avro": _avro,
    "parquet": _parquet,
}


@pytest.mark.parametrize("format_", WRITERS)
def test_a_record_has_at_most_so_many_values(format_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (json_text, avro, avro_count, parquet, json_documents):
        monkeypatch.setattr(module, "MAX_VALUES", MOST)
    shop = contract(column("b", options=Options(format=Format.JSON)), format_=format_)
    most = [1] * (MOST - 1)  # the record itself has one
    assert reasons(rows(shop, WRITERS[format_]([most]))) == []
    result = rows(shop, WRITERS[format_]([[1], [*most, 1], [2]]))
    assert "more than 1,048,576 values" in reasons(result)[0]
    # Of a JSON document, nothing is accepted.
    assert [row["_errors"] is None for row in result] == ([False] if format_ == "json" else [True, False, True])


def test_separators_in_strings_are_no_values() -> None:
    shop = contract(column("b"), format_="jsonl")
    for text in ("," * (2 * MAX_VALUES), '[{\\"' * MAX_VALUES):
        assert reasons(rows(shop, json.dumps({"b": text}).encode())) == []


BOMBS: dict[str, Callable[[int], bytes]] = {
    "jsonl": lambda count: gzip.compress(b'{"b":1}\n' * count),
    "csv": lambda count: bz2.compress(b"b\n" + b"1\n" * count),
    "json": lambda count: bytes(pa.compress(b'{"b":1}\n' * count, codec="zstd", asbytes=True)),
    "avro": lambda count: _avro([[1] * 1000] * (count // 500), codec="bzip2"),
    "parquet": lambda count: parquet_bytes(pa.table({"b": pa.repeat("x" * 1000, count // 100)})),
}


@pytest.mark.parametrize("format_", BOMBS)
def test_an_object_becomes_only_so_much(format_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = contract(
        column("b", options=Options(format=Format.JSON) if format_ == "avro" else Options()), format_=format_
    )
    monkeypatch.setattr(expansion, "TIMES", 5)
    content = BOMBS[format_](10_000)
    assert reasons(rows(shop, content)) == []
    monkeypatch.setattr(expansion, "ALWAYS_ALLOWED", 10_000)
    [reason] = reasons(rows(shop, content))
    assert reason.startswith(f"unreadable: its {len(content):,} bytes expand to more than ")


def test_what_is_not_compressed_does_not_expand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "ALWAYS_ALLOWED", 1)
    monkeypatch.setattr(expansion, "TIMES", 1)
    assert reasons(rows(contract(column("b")), b"b\n" + b"1\n" * 1000)) == []
