"""Harmful objects that are cheap to read; tests/reliability has all of them, in processes with a memory limit."""

import io

import pytest

from tests.support.reliability.hostile_files import CORPUS, rows

CHEAP = [
    "csv: gzip in gzip",
    "csv: gzip that is cut",
    "parquet: a footer of four gigabytes",
    "avro: a list of a million million nulls",
    "avro: a million million records of no bytes",
    "avro: a million million records of nulls",
    "avro: a record within itself, to the end",
    "avro: a block of less than no bytes",
    "avro: a schema that nests to the end",
    "avro: text in the place of a schema",
]


@pytest.mark.parametrize("name", CHEAP)
def test_it_is_one_rejected_row(name: str) -> None:
    result = [
        row for batch in rows(CORPUS[name].format, io.BytesIO(CORPUS[name].content())) for row in batch.to_pylist()
    ]
    assert len(result) == 1
    assert result[0]["_errors"]
