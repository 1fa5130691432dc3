"""An error that nobody expected in a reader rejects the record or object that causes it, with its file and place."""

import io
import logging
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.contracts.types import INT
from lakehouse.errors import LakehouseError
from lakehouse.readers import reader, unexpected
from lakehouse.readers.formats import avro, csv, jsonl, parquet
from tests.support.contract_builders import URI, accepted, column, contract, fail_on_harmful, reasons
from tests.support.contract_builders import rows as read
from tests.support.sample_files import avro_bytes, parquet_bytes

SCHEMA = {"type": "record", "name": "r", "fields": [{"name": "id", "type": "int"}, {"name": "x", "type": "string"}]}
RECORDS: list[dict[str, Any]] = [{"id": i, "x": "harmful" if i in (3, 7) else "fine"} for i in range(1, 9)]
FILES = {
    "csv": b"id,x\n" + b"".join(b"%d,%s\n" % (record["id"], record["x"].encode()) for record in RECORDS),
    "jsonl": b"".join(b'{"id": %d, "x": "%s", "y": 1}\n' % (r["id"], r["x"].encode()) for r in RECORDS),
    "parquet": parquet_bytes(pa.Table.from_pylist(RECORDS)),
    "avro": avro_bytes(RECORDS, schema=SCHEMA),
}


def shop(format_: str) -> Any:
    return contract(column("id", INT), column("x"), format_=format_)


@pytest.mark.parametrize("format_", FILES)
def test_a_record_is_rejected_by_itself(
    format_: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail_on_harmful(monkeypatch)
    result = read(shop(format_), FILES[format_], threads=2, unexpected=True)
    assert [row["id"] for row in accepted(result)] == [1, 2, 4, 5, 6, 8]
    assert reasons(result) == ["unexpected error: KeyError: 'a defect'"] * 2
    rejected = [row for row in result if row["_errors"]]
    header = format_ == "csv"
    assert [(row["_source_row"], row["_source_file"]) for row in rejected] == [(3 + header, URI), (7 + header, URI)]
    assert all("harmful" in row["_record"] for row in rejected)
    assert URI in caplog.text
    if format_ == "jsonl":
        assert [row["_record"] for row in result if not row["_errors"]] == ['{"y": 1}'] * 6


def test_the_records_next_to_it_keep_their_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_on_harmful(monkeypatch)
    union = ["string", {"type": "array", "items": "int"}, {"type": "long", "logicalType": "timestamp-millis"}]
    schema = {"type": "record", "name": "r", "fields": [{"name": "x", "type": union}]}
    values = ["fine", "harmful", [1], 2**62, "fine"]
    result = read(
        contract(column("x"), format_="avro"), avro_bytes([{"x": x} for x in values], schema=schema), unexpected=True
    )
    assert [row["_errors"] is None for row in result] == [True, False, False, False, True]


@pytest.mark.parametrize(("format_", "module"), [("csv", csv), ("jsonl", jsonl), ("parquet", parquet), ("avro", avro)])
def test_an_object_is_rejected_where_reading_stopped(
    format_: str, module: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(module, "_parse" if hasattr(module, "_parse") else "_chunk", fail)
    (row,) = read(shop(format_), FILES[format_], unexpected=True)
    assert reasons([row]) == ["unexpected error after row 0: ZeroDivisionError: a defect"]
    assert (row["_source_row"], row["_source_file"]) == (1, URI)
    assert URI in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@pytest.mark.parametrize(
    "error", [MemoryError, pa.ArrowMemoryError, KeyboardInterrupt, LakehouseError, OSError(28, "")]
)
def test_errors_of_the_machine_are_raised(error: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(unexpected, "rows_of", fail)
    with pytest.raises(error if isinstance(error, type) else type(error)):
        list(reader.read_file(shop("csv"), io.BytesIO(FILES["csv"]), source_file=URI))
