"""Change events of files and streams become rows with operation, order and commit time, or are rejected by name."""

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import fastavro
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

DAY = "2026-01-01T00:00:00Z"
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


def _order(**types_: OrderType) -> tuple[Order, ...]:
    """Return an order by fields, with `__` for a dot."""
    return tuple(Order(path=tuple(name.split("__")), type=type_) for name, type_ in types_.items())


# fmt: off
OTHER_FORMS = {
    "maxwell": (
        replace(PRESETS["maxwell"], order=_order(position=OrderType.LOG_POSITION, xoffset=OrderType.INTEGER)),
        [
            {"type": "bootstrap-start", "data": {}},
            {"type": "bootstrap-insert", "ts": 1, "data": {"id": 1, "v": "a"}},
            {"type": "update", "ts": 2, "position": "b.1:9", "xoffset": 0, "data": {"id": 1, "v": "b"},
             "old": {"v": "a"}},
            {"type": "delete", "ts": 2, "position": "b.1:9", "commit": True, "data": {"id": 1, "v": "b"}},
        ],
        ["", f"{1:035d} {9:035d} {0:035d}", f"{1:035d} {9:035d} {'9' * 35}"],
    ),
    "dms": (
        replace(PRESETS["dms"], order=_order(metadata__at=OrderType.TEXT)),
        [
            {"metadata": {"operation": "create-table", "record-type": "control"}},
            {"metadata": {"operation": "load", "timestamp": DAY}, "data": {"id": 1, "v": "a"}},
            {"metadata": {"operation": "update", "timestamp": DAY, "at": "0/1"}, "data": {"id": 1, "v": "b"},
             "before-image": {"id": 1}},
            {"metadata": {"operation": "delete", "timestamp": DAY, "at": "0/2"}, "data": {"id": 1}},
        ],
        ["", "0/1", "0/2"],
    ),
    "own": (
        replace(
            PRESETS["column"], operation=("m", "do"), operations=(("+", "I"), ("~", "U"), ("-", "D")), loads=("+",),
            after=("new",), deleted=("old",), before=("old",), time=("m", "t"), time_unit=TimeUnit.MICROSECONDS,
            order=_order(m__file=OrderType.LOG_FILE, m__at=OrderType.TIMESTAMP),
        ),
        [
            {"m": {"do": "+", "t": 1}, "new": {"id": 1, "v": "a"}},
            {"m": {"do": "~", "t": 1, "file": "b.9", "at": "2026-01-01T00:00Z"}, "new": {"id": 1, "v": "b"}},
            {"m": {"do": "-", "t": 1, "file": "b.10", "at": "2026-01-01"}, "old": {"id": 1}},
        ],
        ["", f"{9:035d} 2026-01-01T00:00:00.000000Z", f"{10:035d} 2026-01-01T00:00:00.000000Z"],
    ),
}
# fmt: on


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_other_forms_say_the_same(form: str) -> None:
    changes, events, sequences = OTHER_FORMS[form]
    found = rows(dataset(changes), lines(*events))
    assert reasons(found) == []
    assert [(row["_op"], row["id"], row["v"]) for row in found] == [("I", 1, "a"), ("U", 1, "b"), ("D", 1, None)]
    assert [row["_change_seq"] for row in found] == sequences == sorted(sequences)
    assert all(row["_commit_ts"] is not None for row in found)


def _parquet(records: list[dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(records), file)
    return file.getvalue()


def _avro(records: list[dict[str, Any]]) -> bytes:
    fields = [{"name": name, "type": ["null", "long" if name in "idn" else "string"]} for name in records[0]]
    file = io.BytesIO()
    fastavro.writer(file, {"type": "record", "name": "r", "fields": fields}, records)
    return file.getvalue()


def _csv(records: list[dict[str, Any]]) -> bytes:
    lines_ = [",".join("" if value is None else str(value) for value in record.values()) for record in records]
    return "\n".join([",".join(records[0]), *lines_]).encode()


WRITERS = {"csv": _csv, "jsonl": lambda found: lines(*found), "json": lambda found: json.dumps(found).encode(),
           "parquet": _parquet, "avro": _avro}  # fmt: skip


@pytest.mark.parametrize("format_", WRITERS)
def test_a_column_has_the_operation_in_every_format(format_: str) -> None:
    changes = replace(PRESETS["column"], order=SEQUENCE, operations=(("c", "I"), ("D", "D")))
    sent = [("c", 1, "a"), ("c", 2, "b"), ("d", 1, "a"), ("D", 2, ""), (None, 3, "c")]
    records = [{"Op": op, "id": id_, "v": v, "n": n} for n, (op, id_, v) in enumerate(sent)]
    found = rows(dataset(changes, format_=format_), WRITERS[format_](records))
    assert [(row["_op"], row["id"]) for row in found] == [("I", 1), ("I", 2), (None, 1), ("D", 2), (None, 3)]
    assert reasons(found) == [f"_op: expected an operation, one of c, D, found {word}" for word in ("'d'", "none")]
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
    made = dataset(PRESETS["column"], ordering=("v",))
    found = rows(made, lines({"Op": "D", "id": 1}, {"Op": "D", "id": 1, "v": "2"}))
    assert reasons(found) == ["v: required, but empty"]
    assert [(row["_op"], row["id"], row["v"]) for row in found] == [("D", 1, None), ("D", 1, "2")]


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


FIELDS = [
    "op", "before", "after", "source", "ts_ms", "lsn", "schema", "payload", "fields", "field", "name", "parameters",
    "type", "data", "old", "ts", "metadata", "operation", "timestamp", "before-image", "Op", "id", "v", "n",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["c", "r", "u", "d", "t", "insert", "I", "D", "1", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5),
)


@settings(max_examples=examples(400), deadline=None)
@given(st.sampled_from(sorted(PRESETS)), st.lists(JSON, min_size=1, max_size=5))
def test_any_json_is_a_row_a_tombstone_or_rejected(preset: str, events: list[Any]) -> None:
    """`rows` fails on unexpected errors; each event that is accepted has an operation, its key and its order."""
    order = Order(path=("n",) if preset == "column" else ("source", "lsn"))
    found = rows(dataset(replace(PRESETS[preset], order=(order,))), lines(*events))
    assert len(found) <= len(events)
    for row in found:
        is_whole = row["_op"] in ("I", "U", "D") and row["id"] is not None and row["_change_seq"] is not None
        assert is_whole or row["_errors"]
