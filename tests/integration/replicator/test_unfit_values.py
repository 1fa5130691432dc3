"""A value that its Parquet type cannot represent costs its record, which the readers reject with its text."""

import json
from dataclasses import replace
from io import BytesIO
from typing import Any

import boto3
import psycopg
import pytest

from lakehouse.contracts import columns, types
from lakehouse.contracts.model import Column, Contract, Format, Ingest, Options, Source
from lakehouse.contracts.types import Type
from lakehouse.readers.reader import read_file
from tests.support.moves.lake import column
from tests.support.replication.replicator import Replicator

Connection = psycopg.Connection[Any]

CONTRACT = Contract(
    path="contracts/test/odd.odcs.yaml",
    domain="test",
    dataset="odd",
    version="1.0.0",
    columns=(column("id", types.INT, required=True),),
    key=("id",),
    ingest=Ingest.CDC,
    source=Source(name="shop", type="postgresql", format="parquet", database="shop", schema="public", table="odd"),
    ordering=("_change_seq",),
)
TIME = Column(name="v", type=types.STRING, source_name="v", options=Options(format=Format.TIME))


def rows(replicator: Replicator, *more: Column, table: str = "odd") -> list[dict[str, Any]]:
    """The rows of raw, in the order of their keys."""
    contract = replace(CONTRACT, columns=(*CONTRACT.columns, *more))
    found = []
    for key in replicator.keys(table):
        content = boto3.client("s3").get_object(Bucket=replicator.bucket, Key=key)["Body"].read()
        for batch in read_file(contract, BytesIO(content), source_file=key):
            found += batch.to_pylist()
    return sorted(found, key=lambda row: row["id"])


@pytest.mark.parametrize(
    ("kind", "good", "bad", "type_"),
    [
        ("date", "2026-01-31", "0044-03-15 BC", types.DATE),
        ("date", "2026-01-31", "infinity", types.DATE),
        ("date", "9999-12-31", "10000-01-01", types.DATE),
        ("timestamp", "2026-01-31 10:00:00", "-infinity", types.TIMESTAMP),
        ("timestamptz", "2026-01-31 10:00:00+00", "0044-03-15 00:00:00+00 BC", types.TIMESTAMP),
        ("timestamptz", "2026-01-31 10:00:00+00", "12026-01-31 00:00:00+00", types.TIMESTAMP),
        ("numeric(4,2)", "1.50", "NaN", types.decimal(4, 2)),
        ("numeric", "1.5", "Infinity", types.decimal(28, 6)),
        ("numeric", "1.5", "0.0000001", types.decimal(28, 6)),
        ("numeric", "1.5", "12345678901234567890123", types.decimal(28, 6)),
        ("double precision", "1.5", "NaN", types.DOUBLE),
        ("real", "1.5", "Infinity", types.FLOAT),
        ("time", "10:00:00", "24:00:00", TIME),
    ],
)
def test_a_bad_value_costs_its_record(
    replicator: Replicator, connection: Connection, kind: str, good: str, bad: str, type_: Type | Column
) -> None:
    connection.execute(f"CREATE TABLE odd (id int PRIMARY KEY, yes boolean, b bytea, v {kind})")
    connection.execute("INSERT INTO odd SELECT n, true, 'ab', %s FROM generate_series(1, 3) n", [good])
    connection.execute("UPDATE odd SET v = %s WHERE id = 2", [bad])
    replicator.start()
    replicator.catch_up()
    connection.execute("INSERT INTO odd VALUES (4, false, 'ab', %s)", [good])
    with connection.transaction():
        connection.execute("INSERT INTO odd VALUES (5, true, 'ab', %s), (6, false, '\\x00ff', %s)", [good, bad])
        connection.execute("INSERT INTO odd VALUES (7, NULL, NULL, %s)", [good])
    connection.execute("INSERT INTO odd VALUES (8, NULL, NULL, %s), (9, NULL, NULL, NULL)", [bad])
    replicator.catch_up()
    v = type_ if isinstance(type_, Column) else column("v", type_)
    found = rows(replicator, column("yes", types.BOOLEAN), column("b", types.BINARY), v)
    assert [row["id"] for row in found] == list(range(1, 10))
    assert [row["id"] for row in found if row[columns.ERRORS]] == [2, 6, 8]
    for row in (found[1], found[5], found[7]):
        assert [error["column"] for error in row[columns.ERRORS]] == ["v"]
        text = str(json.loads(row[columns.RECORD])["v"])
        assert text in (bad, {"NaN": "nan", "Infinity": "inf"}.get(bad))
    assert (found[5]["yes"], found[5]["b"]) == (False, b"\x00\xff")
    progress = replicator.state["tables"]["public.odd"]
    assert (progress["state"], progress["inserts"]) == ("Table completed", 6)


def test_a_contract_with_more_digits_accepts_what_the_parquet_type_cannot_hold(
    replicator: Replicator, connection: Connection
) -> None:
    connection.execute("CREATE TABLE odd (id int PRIMARY KEY, v numeric)")
    connection.execute("INSERT INTO odd VALUES (1, 0.0000001), (2, 1.5)")
    replicator.start()
    replicator.catch_up()
    found = rows(replicator, column("v", types.decimal(20, 10)))
    assert [(row[columns.ERRORS], str(row["v"])) for row in found] == [(None, "1.000E-7"), (None, "1.5000000000")]


@pytest.mark.parametrize("name", ["Op", "_commit_ts", "_change_seq"])
def test_a_column_named_as_one_that_dms_adds_costs_the_records_of_its_table(
    replicator: Replicator, connection: Connection, name: str
) -> None:
    connection.execute(f'CREATE TABLE odd (id int PRIMARY KEY, "{name}" text, v int)')
    connection.execute("INSERT INTO odd VALUES (1, 'I', 5)")
    replicator.start()
    replicator.catch_up()
    connection.execute("INSERT INTO odd VALUES (2, 'U', 6), (3, NULL, 7)")
    replicator.catch_up()
    found = rows(replicator, column("v", types.INT))
    assert [(row["id"], row["v"]) for row in found] == [(1, 5), (2, 6), (3, 7)]
    for row, own in zip(found, ("'I'", "'U'", "None"), strict=True):
        [error] = row[columns.ERRORS]
        assert f"the table's own column {name} is {own}" in json.loads(row[columns.RECORD])[name]
        assert error["column"] == {"Op": columns.OPERATION}.get(name, name)


def test_arrays_of_the_source_are_lists(replicator: Replicator, connection: Connection) -> None:
    texts = [["x", "y,z", None], ["NULL", "", "null"], [], ['a"b\\c', "{}", " d ", "\n", "ü✓"], ["[0:1]={1}", "\\"]]
    numbers = [[1, None, 3], [], [-5], [2**31 - 1], None]
    connection.execute("CREATE TABLE odd (id int PRIMARY KEY, t text[], n int[], nested int[][])")
    for number, (text, values) in enumerate(zip(texts, numbers, strict=True)):
        connection.execute("INSERT INTO odd VALUES (%s, %s, %s, '{{1,2},{3,4}}')", [number, text, values])
    replicator.start()
    replicator.catch_up()
    nested = types.list_of(types.list_of(types.INT))
    found = rows(
        replicator,
        column("t", types.list_of(types.STRING)),
        column("n", types.list_of(types.INT)),
        column("nested", nested),
    )
    assert [(row[columns.ERRORS], row["t"], row["n"]) for row in found] == [
        (None, text, values) for text, values in zip(texts, numbers, strict=True)
    ]
    assert found[0]["nested"] == [[1, 2], [3, 4]]
