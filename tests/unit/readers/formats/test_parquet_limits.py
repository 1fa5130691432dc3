"""Parquet that would take much memory, that is compressed as a whole, or whose schema Arrow does not read."""

import base64
import bz2
import gzip

import pyarrow as pa
import pytest

from lakehouse.contracts.types import LONG
from tests.support.contract_builders import accepted, column, contract, reasons, rows
from tests.support.sample_files import SHOP, avro_bytes, parquet_bytes, record

MIB = 2**20
TEXTS = contract(column("x"), format_="parquet")

PRESTO_MAP = base64.b64decode(
    "UEFSMRUAFT4VXBXw/vvhBRwVBBUAFQYVBgAAH4sIAAAAAAAAA2NiYGBgZmIGkfwMbECqILEoNa+EBcjKS8xNBQDff7ynHwAAABUA"
    "FUQVYhXvw7vlBhwVBBUAFQYVBgAAH4sIAAAAAAAAA2NiYGBgZmIGkfwM7EAqMS+/JCO1iA3ILEotyC8qAQDxqLX9IgAAABkRAhkY"
    "BG5hbWUZGAZwYXJlbnQVAhkWAAAZEQIZGAdhbm90aGVyGRgGcmVwb3J0FQIZFgAAGRwWCBWKARYAAAAZHBaSARWQARYAAAAVAhlc"
    "SAtoaXZlX3NjaGVtYRUCADUCGAZteV9tYXAVAhUCTCwAAAA1BBgJa2V5X3ZhbHVlFQQVBAAVDCUCGANrZXklAEwcAAAAFQwlAhgF"
    "dmFsdWUlAEwcAAAAFgIZHBksJggcFQwZJQAGGTgGbXlfbWFwCWtleV92YWx1ZQNrZXkVBBYEFmwWigEmCDw2ACgGcGFyZW50GARu"
    "YW1lABkcFQAVABUCAAAWjAMVFhaiAhUyACaSARwVDBklAAYZOAZteV9tYXAJa2V5X3ZhbHVlBXZhbHVlFQQWBBZyFpABJpIBPDYA"
    "KAZyZXBvcnQYB2Fub3RoZXIAGRwVABUAFQIAABaiAxUYFtQCFTgAFt4BFgImCBaaAhQAAChKcGFycXVldC1tciB2ZXJzaW9uIDEu"
    "MTIuMiAoYnVpbGQgNzdlMzBjODA5MzM4NmVjNTJjM2NmYTZjMzRiN2VmMzMyMTMyMmM5NCkZLBwAABwAAABuAQAAUEFSMQ=="
)
"""Source: apache/parquet-testing, data/incorrect_map_schema.parquet."""


def test_a_record_that_is_too_long_is_rejected_alone() -> None:
    content = parquet_bytes(pa.table({"x": ["x" * (20 * MIB), "y"]}), use_dictionary=False, write_statistics=False)
    result = rows(TEXTS, content)
    assert reasons(result) == ["longer than 16 MiB"]
    assert accepted(result) == [{"x": "y"}]
    assert [row["_source_row"] for row in result] == [1, 2]


def test_a_column_chunk_of_too_long_records_is_refused_before_it_is_decoded() -> None:
    content = parquet_bytes(pa.table({"x": ["x" * (40 * MIB)]}), use_dictionary=False, write_statistics=False)
    [reason] = reasons(rows(TEXTS, content))
    assert reason.startswith("unreadable: column 'x' has ")


def test_a_text_repeated_from_a_dictionary_is_read_in_parts() -> None:
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 100, pa.int32()), pa.array(["x" * MIB]))
    content = parquet_bytes(pa.table({"x": texts}), write_statistics=False)
    assert len(content) < MIB
    assert len(accepted(rows(TEXTS, content))) == 100


@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"])
def test_texts_of_every_encoding(encoding: str) -> None:
    texts = ["a", "ab", "abc", None, ""]
    content = parquet_bytes(pa.table({"x": texts}), use_dictionary=False, column_encoding={"x": encoding})
    assert [row["x"] for row in accepted(rows(TEXTS, content))] == texts


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress])
def test_files_that_are_compressed_as_a_whole_are_named(compress: object) -> None:
    name = "gzip" if compress is gzip.compress else "bzip2"
    content = parquet_bytes(pa.table({"x": ["1"]}))
    [reason] = reasons(rows(TEXTS, compress(content)))  # type: ignore[operator]
    assert reason.startswith(f"unreadable: expected Parquet, found {name}: ")
    [reason] = reasons(rows(SHOP, compress(avro_bytes([record()]))))  # type: ignore[operator]
    assert reason.startswith(f"unreadable: expected Avro, found {name}: ")


def test_a_map_with_optional_keys_is_not_called_damaged() -> None:
    [reason] = reasons(rows(contract(column("my_map", LONG), format_="parquet"), PRESTO_MAP))
    assert reason.startswith("unreadable: its schema cannot be read (Map keys must be annotated as required")
