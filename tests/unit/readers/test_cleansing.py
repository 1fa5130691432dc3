"""Cleansing changes only what its steps say, the same way in every format, and keeps what the source sent."""

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from lakehouse.contracts import types
from lakehouse.contracts.cleansing import Booleans, Case, Dates, Default, Map, Nulls, Number, Replace, Split, Step, Trim
from lakehouse.contracts.types import Type
from tests.support.contract_builders import column, contract, reasons, rows
from tests.support.examples import examples

GERMAN = Number(decimal=",", thousands=".")
WEIGHT = Number(decimal=",", units=(("kg", Decimal(1)), ("g", Decimal("0.001"))))
YES = Booleans(true=frozenset({"ja"}), false=frozenset({"nein"}))
DAYS = Dates(formats=("dd.MM.yyyy", "yyyy-MM-dd"))
TIMES = Dates(formats=("d.M.yyyy H:mm", "epoch ms"))
NULLS = Nulls(words=frozenset({"n/a", "-1", "-1.0"}))
MONEY = types.decimal(9, 3)


def _csv(value: Any) -> bytes:
    return b'k,v\n1,"' + str(value).replace('"', '""').encode() + b'"\n'


def _avro(value: Any) -> bytes:
    file = io.BytesIO()
    schema = {"type": "record", "name": "r", "fields": [{"name": "v", "type": ["string", "double", "null"]}]}
    fastavro.writer(file, schema, [{"v": value}])
    return file.getvalue()


def _parquet(value: Any) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.table({"v": pa.array([value]).dictionary_encode()}), file)
    return file.getvalue()


FORMATS = {
    "csv": _csv,
    "jsonl": lambda value: json.dumps({"v": value}).encode(),
    "json": lambda value: json.dumps([{"v": value}]).encode(),
    "avro": _avro,
    "parquet": _parquet,
}


def read(format_: str, value: Any, type_: Type, *steps: Step) -> dict[str, Any]:
    made = contract(column("v", type_, cleansing=steps), format_=format_)
    [row] = rows(made, FORMATS[format_](value))
    return row


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize(
    ("sent", "type_", "steps", "expected", "changed"),
    [
        (" a\u00a0", types.STRING, [Trim()], "a", ["trim"]),
        ("a", types.STRING, [Trim()], "a", None),
        ("Straße", types.STRING, [Case(upper=True)], "STRASSE", ["case"]),
        (" N/A ", types.INT, [Trim(), Case(upper=False), NULLS], None, ["trim", "case", "nulls"]),
        ("1.234,5", MONEY, [GERMAN], Decimal("1234.5"), ["number"]),
        ("-1234,5", MONEY, [GERMAN], Decimal("-1234.5"), ["number"]),
        ("1.234.567", types.INT, [GERMAN], 1234567, ["number"]),
        ("17", types.INT, [GERMAN], 17, None),
        ("1,5 kg", MONEY, [WEIGHT], Decimal("1.5"), ["number"]),
        ("250g", MONEY, [WEIGHT], Decimal("0.25"), ["number"]),
        ("31.01.2026", types.DATE, [DAYS], date(2026, 1, 31), ["dates"]),
        ("2026-01-31", types.DATE, [DAYS], date(2026, 1, 31), None),
        ("1767225600000", types.TIMESTAMP, [TIMES], datetime(2026, 1, 1, tzinfo=UTC), ["dates"]),
        ("1.1.2026 9:05", types.TIMESTAMP, [TIMES], datetime(2026, 1, 1, 9, 5, tzinfo=UTC), ["dates"]),
        ("ja", types.BOOLEAN, [YES], True, ["booleans"]),
        ("no", types.BOOLEAN, [YES], False, None),
        ("m", types.STRING, [Map(values=(("m", "male"), ("-", None)))], "male", ["map"]),
        ("-", types.STRING, [Map(values=(("-", None),)), Default(text="none")], "none", ["map", "default"]),
        ("+49 (0) 89/1", types.STRING, [Replace(pattern=r"\(0\)|[ /]", replacement="")], "+49891", ["replace"]),
        ("Doe, Jane", types.STRING, [Split(by=",", part=-1, trim=True)], "Jane", ["split"]),
        ("1; 2;3", types.list_of(types.INT), [Split(by=";")], [1, 2, 3], ["split"]),
    ],
)  # fmt: skip
def test_steps(
    format_: str, sent: str, type_: Type, steps: list[Step], expected: Any, changed: list[str] | None
) -> None:
    row = read(format_, sent, type_, *steps)
    assert reasons([row]) == []
    assert row["v"] == expected
    assert row["_cleansed"] == (changed and [f"v: {name}" for name in changed])
    record = json.loads(row["_record"]) if row["_record"] else {}
    assert record.get("v") == (sent if changed else None)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize(
    ("sent", "type_", "steps", "reason"),
    [
        ("1.5", MONEY, [GERMAN], "v: expected a number such as 1.234,5, found '1.5'"),
        ("12.34,5", MONEY, [GERMAN], "v: expected a number such as 1.234,5, found '12.34,5'"),
        ("1,5 lb", MONEY, [WEIGHT], "v: expected a unit, one of kg, g, found the unit 'lb' in '1,5 lb'"),
        ("1,5", MONEY, [WEIGHT], "v: expected a unit, one of kg, g, found none in '1,5'"),
        ("1,2345", MONEY, [GERMAN], "v: more than 3 digits after the decimal point, found '1.2345'; sent as '1,2345'"),
        ("31.02.2026", types.DATE, [DAYS], "v: expected date in format dd.MM.yyyy or yyyy-MM-dd, found '31.02.2026'"),
        (" vielleicht", types.BOOLEAN, [Trim(), YES], "v: expected boolean, found 'vielleicht'; sent as ' vielleicht'"),
        ("a;b", types.list_of(types.INT), [Split(by=";")], "v: [0]: expected integer, found 'a'; sent as 'a;b'"),
    ],
)  # fmt: skip
def test_what_stays_invalid_is_rejected_with_the_original(
    format_: str, sent: str, type_: Type, steps: list[Step], reason: str
) -> None:
    row = read(format_, sent, type_, *steps)
    [found] = reasons([row])
    assert found.startswith(reason)
    assert row["v"] is None
    assert sent in (row["_record"] if format_ == "csv" else json.loads(row["_record"].strip("[]"))["v"])


@pytest.mark.parametrize("format_", ["jsonl", "avro", "parquet"])
def test_signs_of_numbers_concern_text_alone(format_: str) -> None:
    assert read(format_, 1.5, MONEY, GERMAN)["v"] == Decimal("1.5")
    assert read(format_, -1.0, MONEY, NULLS)["v"] is None


def test_a_default_does_not_hide_a_missing_column() -> None:
    made = contract(column("k"), column("v", required=True, cleansing=(Default(text="x"),)))
    assert reasons(rows(made, b"k\n1\n")) == ["v: required, but the file has no such column"]
    assert [row["v"] for row in rows(made, b"k,v\n1,\n")] == ["x"]


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
IDEMPOTENT = [
    Trim(), Case(upper=True), Case(upper=False), Nulls(words=frozenset({"a", "-"})), Default(text="x"),
    Map(values=(("a", "b"),)), Replace(pattern="[a-z]+", replacement=""),
]  # fmt: skip


@settings(max_examples=examples(200), deadline=None)
@given(TEXTS, st.sampled_from(IDEMPOTENT))
def test_steps_that_were_applied_change_nothing_again(text: str, step: Step) -> None:
    once = read("jsonl", text, types.STRING, step)["v"]
    if once is not None:
        assert read("jsonl", once, types.STRING, step)["v"] == once


@settings(max_examples=examples(200), deadline=None)
@given(st.one_of(TEXTS, st.integers(-(10**12), 10**12).map(lambda n: f"{n:,}".replace(",", ".") + ",5")))
def test_a_step_changes_a_value_keeps_it_or_rejects_it(text: str) -> None:
    row = read("jsonl", text, types.decimal(20, 3), GERMAN)
    kept = json.loads(row["_record"] or "{}").get("v")
    assert kept == (text if row["_cleansed"] or row["_errors"] else None)
    if not row["_errors"] and row["v"] is not None:
        assert row["v"] == Decimal(text.strip().replace(".", "").replace(",", "."))


def test_nothing_changes_without_a_step() -> None:
    """A column without steps is as before, next to one that has some; blank text of a list is null."""
    plain = contract(column("v"), column("l", types.list_of(types.INT)))
    [without] = rows(plain, b'v,l\n" 1,5 "," "\n')
    assert (without["v"], without["l"], without["_errors"]) == (" 1,5 ", None, None)
    other = replace(plain, columns=(*plain.columns, column("w", cleansing=(Trim(),))))
    [beside] = rows(other, b'v,l,w\n" 1,5 "," "," x"\n')
    assert {name: beside[name] for name in ("v", "l", "w")} == {"v": " 1,5 ", "l": None, "w": "x"}
    assert "_cleansed" not in without
