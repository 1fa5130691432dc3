"""Files of every format and history that engines must turn into the same rows, good and hostile alike."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.contracts import types
from lakehouse.contracts.model import Column, Contract, Deduplicate, Ingest, Options, Partition, QualityRule, Source
from tests.support.moves.lake import column

EVERYTHING = (
    column("id", types.LONG, required=True),
    column("name", types.STRING),
    column("flag", types.BOOLEAN),
    column("visits", types.INT),
    column("ratio", types.DOUBLE),
    column("small", types.FLOAT),
    column("price", types.decimal(8, 2)),
    column("exact", types.decimal(38, 10)),
    column("day", types.DATE),
    column("at", types.TIMESTAMP),
    column("tags", types.list_of(types.INT)),
    column("place", types.struct_of({"city": types.STRING, "zips": types.list_of(types.decimal(5, 1))})),
)
WIDER = (
    *(replace(item, type=types.LONG) if item.name == "visits" else item for item in EVERYTHING),
    Column(name="colour", type=types.STRING, source_name="colour", options=Options(max_length=5)),
)
BROKEN = QualityRule(
    name="broken",
    column=None,
    metric=None,
    query="SELECT max(CAST(name AS int)) FROM {table}",
    operator="mustBe",
    thresholds=(Decimal(0),),
)
RULES = (
    BROKEN,
    QualityRule(
        name="names",
        column="name",
        metric="nullValues",
        query=None,
        operator="mustBeLessThan",
        thresholds=(Decimal(9),),
    ),
    QualityRule(
        name="flags",
        column="flag",
        metric="invalidValues",
        query=None,
        operator="mustBe",
        thresholds=(Decimal(0),),
        values=("true", "no boolean"),
    ),
    QualityRule(
        name="twice",
        column=None,
        metric="duplicateValues",
        query=None,
        operator="mustBe",
        thresholds=(Decimal(0),),
        properties=("name", "day"),
    ),
)
HOSTILE = [
    "",
    " padded\t",
    "NULL",
    'O\'Brien\\n "quoted"',
    "line\nbreak\r\nand;,|",
    "=cmd|' /C calc'!A0",
    "'; DROP TABLE orders; --",
    "<script>alert(1)</script>",
    "ä ß 😀 \u200b\u202e e\u0301",
    "\ufeffbom",
    "x" * 5000,
    "../../etc/passwd",
]
MOMENTS = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1582, 10, 10, 12, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]
DOUBLES = [0.0, -0.0, 1e-300, 1.7976931348623157e308, 0.1]
DECIMALS = [Decimal("999999.99"), Decimal("-999999.99"), Decimal("0.00"), Decimal("1.50")]

Record = dict[str, Any]
Files = dict[str, bytes]


@dataclass(frozen=True, kw_only=True)
class Play:
    """A dataset, and what arrives of it: one batch a step, under the contract that is in force by then."""

    steps: list[tuple[Contract, Files]]


def plays() -> Iterator[Play]:
    for format_, write in {"csv": _csv, "json": _json, "jsonl": _jsonl, "parquet": _parquet, "avro": _avro}.items():
        yield _files(format_, write)
    for number, partitions in enumerate([(), (Partition(column="id", transform="truncate[3]"),)]):
        yield _changes(f"changes_{number}", partitions)
    yield _snapshots()


def _files(format_: str, write: Any) -> Play:
    """Facts in files of a format: values at their limits, records that are rejected, files that are damaged, and a
    contract that grows."""
    facts = Contract(
        path=f"contracts/test/{format_}.odcs.yaml",
        domain="test",
        dataset=f"facts_{format_}",
        version="1.0.0",
        columns=EVERYTHING,
        key=(),
        ingest=Ingest.APPEND,
        deduplicate=Deduplicate.RECORD if format_ in ("csv", "avro") else Deduplicate.NONE,
        partitions=(Partition(column="day", transform="month"), Partition(column="flag", transform="identity")),
        source=Source(name="shop", type="s3", format=format_),
        quality=RULES,
    )
    wider = replace(facts, columns=WIDER)
    first, second = _good(0), _good(20)
    bad = [first[0] | {"id": None}, first[1] | {"price": Decimal("1.005")}, first[2] | {"visits": 2**31}]
    later = [row | {"visits": 2**40, "colour": "red"} for row in second] + [second[0] | {"colour": "too long"}]
    damaged = {"empty": b"", "damaged": write(first, EVERYTHING)[:-40] + b"\x00\xff"}
    return Play(
        steps=[
            (facts, {"one": write(first + first[:3], EVERYTHING), "two": write(bad, EVERYTHING)} | damaged),
            (facts, {"one": write(first[::-1], EVERYTHING)}),
            (wider, {"three": write(later, WIDER)}),
        ]
    )


def _good(start: int) -> list[Record]:
    """Each column's values in turn, and a record of nulls."""
    count = max(len(HOSTILE), len(MOMENTS))
    rows = [
        {
            "id": start + n,
            "name": HOSTILE[n % len(HOSTILE)],
            "flag": [True, False, None][n % 3],
            "visits": [0, 2**31 - 1, -(2**31), None][n % 4],
            "ratio": DOUBLES[n % len(DOUBLES)],
            "small": [0.5, -0.25, None][n % 3],
            "price": DECIMALS[n % len(DECIMALS)],
            "exact": Decimal("1234567890123456789012345678.0123456789") * (-1) ** n,
            "day": MOMENTS[n % len(MOMENTS)].date() if n % 7 else None,
            "at": MOMENTS[n % len(MOMENTS)],
            "tags": [[], None, [1, None], [2**31 - 1]][n % 4],
            "place": [None, {"city": None, "zips": None}, {"city": "ä", "zips": [Decimal("1.5"), None]}][n % 3],
        }
        for n in range(count)
    ]
    return [*rows, dict.fromkeys(rows[0]) | {"id": start + count}]


def _text(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, dict):
        return {name: _text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_text(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _jsonl(rows: list[Record], _: tuple[Column, ...]) -> bytes:
    return "".join(json.dumps(_text(row)) + "\n" for row in rows).encode()


def _json(rows: list[Record], _: tuple[Column, ...]) -> bytes:
    return json.dumps([_text(row) for row in rows], ensure_ascii=False).encode()


def _csv(rows: list[Record], columns: tuple[Column, ...]) -> bytes:
    def cell(value: Any) -> str:
        if value is None:
            return ""
        text = json.dumps(_text(value)) if isinstance(value, bool | list | dict) else str(_text(value))
        return '"' + text.replace('"', '""') + '"'

    lines = [",".join(item.name for item in columns)]
    lines += [",".join(cell(row.get(item.name)) for item in columns) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def _parquet(rows: list[Record], columns: tuple[Column, ...]) -> bytes:
    # Wider than the contract where a value is meant to be rejected.
    kinds = {"visits": pa.int64(), "price": pa.decimal128(12, 3)}
    schema = pa.schema([(item.name, kinds.get(item.name, item.type.arrow)) for item in columns])
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), out)
    return out.getvalue()


def _avro(rows: list[Record], columns: tuple[Column, ...]) -> bytes:
    kinds: dict[types.Kind, Any] = {
        types.Kind.LONG: "long",
        types.Kind.INT: "long",
        types.Kind.BOOLEAN: "boolean",
        types.Kind.DOUBLE: "double",
        types.Kind.FLOAT: "float",
        types.Kind.DATE: {"type": "int", "logicalType": "date"},
        types.Kind.TIMESTAMP: {"type": "long", "logicalType": "timestamp-micros"},
    }
    fields = [{"name": item.name, "type": ["null", kinds.get(item.type.kind, "string")]} for item in columns]

    def value(kind: types.Kind, given: Any) -> Any:
        if kind in kinds or given is None or kind is types.Kind.STRING:
            return given
        return str(given) if kind is types.Kind.DECIMAL else json.dumps(_text(given))

    records = [{item.name: value(item.type.kind, row.get(item.name)) for item in columns} for row in rows]
    out = io.BytesIO()
    fastavro.writer(out, {"type": "record", "name": "row", "fields": fields}, records, codec="deflate")
    return out.getvalue()


def _changes(dataset: str, partitions: tuple[Partition, ...]) -> Play:
    """What DMS writes of a table: a full load, then changes with ties, deletions, repetitions and late arrivals."""
    random = Random(dataset)  # noqa: S311
    contract = Contract(
        path=f"contracts/test/{dataset}.odcs.yaml",
        domain="test",
        dataset=dataset,
        version="1.0.0",
        columns=EVERYTHING,
        key=("id",),
        ingest=Ingest.CDC,
        source=Source(name="shop", type="postgresql", format="parquet", schema="public", table=dataset),
        ordering=("_change_seq",),
        partitions=partitions,
        quality=RULES,
    )
    values = [row for row in _good(0) if row["name"] is not None]

    def change(id_: int, sequence: int | None, operation: str) -> Record:
        return {
            "Op": operation,
            **(random.choice(values) if operation != "D" else dict.fromkeys(values[0])),
            "id": id_,
            "_change_seq": None if sequence is None else f"{sequence:035d}",
            "_commit_ts": (datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=sequence or 0)).isoformat(sep=" ")[:19],
        }

    loaded = [change(id_, None, "I") for id_ in range(-5, 15)]
    changed = [change(random.randrange(-5, 20), random.randrange(1, 30), random.choice("IUUD")) for _ in range(120)]
    rejected = [change(1, 99, "U") | {"id": None}]
    return Play(
        steps=[
            (contract, {"LOAD1.parquet": _dms(loaded, EVERYTHING)}),
            (contract, {"b.parquet": _dms(changed[60:], EVERYTHING), "c.parquet": _dms(rejected, EVERYTHING)}),
            (contract, {"a.parquet": _dms(changed[:70], EVERYTHING)}),
            (replace(contract, columns=WIDER), {"d.parquet": _dms([_wide(row) for row in changed[::7]], WIDER)}),
        ]
    )


def _wide(record: Record) -> Record:
    return record | {"visits": 2**40, "colour": "red", "_change_seq": "9" * 35}


def _dms(rows: list[Record], columns: tuple[Column, ...]) -> bytes:
    schema = pa.schema(
        [
            ("Op", pa.string()),
            *((item.name, item.type.arrow) for item in columns),
            ("_commit_ts", pa.string()),
            ("_change_seq", pa.string()),
        ]
    )
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), out)
    return out.getvalue()


def _snapshots() -> Play:
    """Whole states, of which one leaves rows out and one brings them back."""
    contract = Contract(
        path="contracts/test/prices.odcs.yaml",
        domain="test",
        dataset="prices",
        version="1.0.0",
        columns=EVERYTHING,
        key=("id",),
        ingest=Ingest.SNAPSHOT,
        partitions=(Partition(column="id", transform="bucket[2]"),),
        source=Source(name="erp", type="s3", format="jsonl"),
        quality=RULES,
    )
    rows = _good(0)
    states = [rows, rows[3:], [row | {"name": "new"} for row in rows[::2]]]
    return Play(steps=[(contract, {"all": _jsonl(state, EVERYTHING)}) for state in states])
