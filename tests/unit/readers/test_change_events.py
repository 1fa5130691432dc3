"""Change events of files and streams become rows with operation, order and commit time, or are rejected by name."""

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from lakehouse.contracts import types
from lakehouse.contracts.changes import Changes, Order, OrderType, TimeUnit
from lakehouse.contracts.model import Contract, Ingest
from lakehouse.contracts.odcs.changes import PRESETS
from tests.support.contract_builders import column, contract, reasons, rows
from tests.support.examples import examples
from tests.support.readers.change_streams import changes_contract, debezium, dms, history

SEQUENCE = (Order(path=("n",)),)


def dataset(changes: Changes, *, format_: str = "jsonl", ordering: tuple[str, ...] = ("_change_seq",)) -> Contract:
    made = contract(
        column("id", types.INT, required=True),
        column("v", required=True),
        key=("id",),
        format_=format_,
        changes=changes,
    )
    return replace(made, ingest=Ingest.CDC, ordering=ordering)


def lines(*events: Any) -> bytes:
    return "\n".join(map(json.dumps, events)).encode()


def changes_of(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["_op"], row["id"], row["v"]) for row in found]


@settings(max_examples=examples(100), deadline=None)
@given(st.integers(0, 2**32))
def test_events_of_debezium_are_rows_like_those_of_dms(seed: int) -> None:
    """Rows are the same ones, and the latest of each key are those that a replay into a dict leaves."""
    random = Random(seed)  # noqa: S311 - a history, no secret
    changes, state = history(random)
    random.shuffle(changes)
    by_event, by_file = (
        [{name: row[name] for name in row if name not in ("_source_file", "_source_row")} for row in found]
        for found in (
            rows(changes_contract("t", events=True), debezium(changes, random)),
            rows(changes_contract("t", events=False), dms(changes)),
        )
    )
    # Of a deleted row integration takes the key alone.
    assert [_of_delete(row) for row in by_event] == [_of_delete(row) for row in by_file]
    latest = {row["id"]: row for row in sorted(by_event, key=lambda row: row["_change_seq"])}
    alive = {key: row for key, row in latest.items() if row["_op"] != "D"}
    assert {key: {name: row[name] for name in state[key]} for key, row in alive.items()} == state


def _of_delete(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"name": None, "amount": None, "day": None} if row["_op"] == "D" else row


OTHER_FORMS = {
    "maxwell": (
        replace(
            PRESETS["maxwell"], order=(Order(path=("position",), type=OrderType.LOG_POSITION), Order(path=("xoffset",)))
        ),
        [
            {"type": "bootstrap-start", "data": {}},
            {"type": "bootstrap-insert", "ts": 1, "data": {"id": 1, "v": "a"}},
            {
                "type": "update",
                "ts": 2,
                "position": "b.1:9",
                "xoffset": 0,
                "data": {"id": 1, "v": "b"},
                "old": {"v": "a"},
            },
            {"type": "delete", "ts": 2, "position": "b.1:9", "commit": True, "data": {"id": 1, "v": "b"}},
        ],
        ["", f"{1:035d} {9:035d} {0:035d}", f"{1:035d} {9:035d} {'9' * 35}"],
    ),
    "dms": (
        replace(PRESETS["dms"], order=(Order(path=("metadata", "at"), type=OrderType.TEXT),)),
        [
            {"metadata": {"operation": "create-table", "record-type": "control"}},
            {"metadata": {"operation": "load", "timestamp": "2026-01-01T00:00:00Z"}, "data": {"id": 1, "v": "a"}},
            {
                "metadata": {"operation": "update", "timestamp": "2026-01-01T00:00:00Z", "at": "0/1"},
                "data": {"id": 1, "v": "b"},
                "before-image": {"id": 1},
            },
            {"metadata": {"operation": "delete", "timestamp": "2026-01-01T00:00:00Z", "at": "0/2"}, "data": {"id": 1}},
        ],
        ["", "0/1", "0/2"],
    ),
    "own": (
        replace(
            PRESETS["column"],
            operation=("m", "do"),
            operations=(("+", "I"), ("~", "U"), ("-", "D")),
            loads=("+",),
            after=("new",),
            deleted=("old",),
            before=("old",),
            time=("m", "t"),
            time_unit=TimeUnit.MICROSECONDS,
            order=(
                Order(path=("m", "file"), type=OrderType.LOG_FILE),
                Order(path=("m", "at"), type=OrderType.TIMESTAMP),
            ),
        ),
        [
            {"m": {"do": "+", "t": 1}, "new": {"id": 1, "v": "a"}},
            {"m": {"do": "~", "t": 1, "file": "b.9", "at": "2026-01-01T00:00Z"}, "new": {"id": 1, "v": "b"}},
            {"m": {"do": "-", "t": 1, "file": "b.10", "at": "2026-01-01"}, "old": {"id": 1}},
        ],
        ["", f"{9:035d} 2026-01-01T00:00:00.000000Z", f"{10:035d} 2026-01-01T00:00:00.000000Z"],
    ),
}


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_other_forms_say_the_same(form: str) -> None:
    changes, events, sequences = OTHER_FORMS[form]
    found = rows(dataset(changes), lines(*events))
    assert reasons(found) == []
    assert changes_of(found) == [("I", 1, "a"), ("U", 1, "b"), ("D", 1, None)]
    assert [row["_change_seq"] for row in found] == sequences == sorted(sequences)
    assert all(row["_commit_ts"] is not None for row in found)


def _parquet(records: list[dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(records), file)
    return file.getvalue()


@pytest.mark.parametrize("format_", ["csv", "jsonl", "json", "parquet"])
def test_a_column_has_the_operation_in_every_format(format_: str) -> None:
    changes = replace(PRESETS["column"], order=SEQUENCE, operations=(("c", "I"), ("D", "D")))
    records = [
        {"Op": op, "id": id_, "v": v, "n": n}
        for n, (op, id_, v) in enumerate([("c", 1, "a"), ("c", 2, "b"), ("d", 1, "a"), ("D", 2, ""), (None, 3, "c")])
    ]
    content = {
        "csv": "\n".join(
            ["Op,id,v,n", *(",".join(str(v or "") if k != "n" else str(v) for k, v in r.items()) for r in records)]
        ).encode(),
        "jsonl": lines(*records),
        "json": json.dumps(records).encode(),
        "parquet": _parquet(records),
    }[format_]
    found = rows(dataset(changes, format_=format_), content)
    assert [(row["_op"], row["id"]) for row in found] == [("I", 1), ("I", 2), (None, 1), ("D", 2), (None, 3)]
    assert reasons(found) == [
        "_op: expected an operation, one of c, D, found 'd'",
        "_op: expected an operation, one of c, D, found none",
    ]
    assert [row["_change_seq"] for row in found] == [f"{n:035d}" for n in range(5)]
    assert [row["_record"] is None for row in found] == [True, True, False, True, False]


ROW = {"id": 1, "v": "a"}
AT = {"ts_ms": 5, "lsn": 1}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"op": "x", "after": ROW, "source": AT}, "_op: expected an operation, one of c, r, u, d, found 'x'"),
        ({"op": "D", "before": ROW, "source": AT}, "_op: expected an operation, one of c, r, u, d, found 'D'"),
        ({"op": "t", "source": AT}, "the source truncated the table, and no event names the rows"),
        ({"op": "d", "before": None, "source": AT}, "expected a row in before, found none; a delete names at least"),
        ({"op": "c", "after": [1], "source": AT}, "expected a row in after, found '[1]'"),
        (
            {"op": "c", "after": ROW, "source": {"ts_ms": 5}},
            "_change_seq: expected the order of the change in source.lsn",
        ),
        ({"op": "c", "after": ROW, "source": AT | {"lsn": -1}}, "_change_seq: expected a whole number from 0"),
        ({"op": "c", "after": ROW, "source": {"lsn": 1}}, "_commit_ts: expected the commit time in source.ts_ms"),
        ({"op": "c", "after": ROW, "source": AT | {"ts_ms": "x"}}, "_commit_ts: expected ms since 1970, found 'x'"),
        ({"op": "u", "after": {"id": 1}, "source": AT}, "v: column v is missing from the event: renamed"),
        (
            {"op": "u", "after": ROW | {"v": "__debezium_unavailable_value"}, "source": AT},
            "v: an unchanged value that the source did not send: set REPLICA IDENTITY FULL",
        ),
        (
            {"op": "u", "before": {"id": 7}, "after": ROW, "source": AT},
            "id: the change gave the key another value, '7' before and '1' after",
        ),
        ({"op": "d", "before": {"v": "a"}, "source": AT}, "id: required, but empty"),
        ([1], "expected a JSON object, found '[1]'"),
    ],
)
def test_an_event_that_says_too_little_is_rejected(event: Any, expected: str) -> None:
    changes = replace(PRESETS["debezium"], order=(Order(path=("source", "lsn")),))
    [row] = rows(dataset(changes), lines(event, None))
    [reason] = reasons([row])
    assert reason.startswith(expected)
    assert json.loads(row["_record"]) == event


def test_a_delete_needs_the_columns_that_order_it() -> None:
    changes = replace(PRESETS["column"], order=())
    found = rows(dataset(changes, ordering=("v",)), lines({"Op": "D", "id": 1}, {"Op": "D", "id": 1, "v": "2"}))
    assert reasons(found) == ["v: required, but empty"]
    assert changes_of(found) == [("D", 1, None), ("D", 1, "2")]


VARIABLE = "io.debezium.data.VariableScaleDecimal"


def test_the_schema_of_an_event_says_what_its_numbers_mean() -> None:
    typed = {
        "at": (types.TIMESTAMP, "io.debezium.time.MicroTimestamp", 1_000_001, datetime(1970, 1, 1, 0, 0, 1, 1, UTC)),
        "ms": (types.TIMESTAMP, "io.debezium.time.Timestamp", 1, datetime(1970, 1, 1, 0, 0, 0, 1000, UTC)),
        "time": (types.STRING, "io.debezium.time.MicroTime", 3_600_000_000, "01:00:00"),
        "n": (types.decimal(9, 1), VARIABLE, {"scale": 1, "value": "Ag=="}, Decimal("0.2")),
        "day": (types.DATE, "org.apache.kafka.connect.data.Date", -1, date(1969, 12, 31)),
        "wrong": (types.DATE, "io.debezium.time.Date", "x", None),
    }  # fmt: skip
    made = contract(*(column(name, type_) for name, (type_, *_) in typed.items()), format_="jsonl")
    changes = replace(PRESETS["debezium"], time=None)
    fields = [{"field": name, "name": schema} for name, (_, schema, *_) in typed.items()]
    event = {"op": "c", "after": {name: value for name, (_, _, value, _) in typed.items()}}
    wrapped = {"schema": {"fields": [{"field": "after", "fields": fields}]}, "payload": event}
    [row] = rows(replace(made, ingest=Ingest.CDC, source=replace(made.source, changes=changes)), lines(wrapped))
    assert {name: row[name] for name in typed} == {name: expected for name, (*_, expected) in typed.items()}
    assert reasons([row]) == ["wrong: expected io.debezium.time.Date, as the schema of the event says, found 'x'"]
