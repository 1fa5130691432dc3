"""Contracts drafted from files: they accept every record with its value, or reject it for a true reason."""

import csv
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fastavro
import pyarrow as pa
import pytest
import typer
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from lakehouse.cli.drafting import draft_contracts
from lakehouse.contracts.check import check
from lakehouse.contracts.loader import parse_contract
from lakehouse.contracts.odcs.reader import SUFFIX
from lakehouse.drafting.files import Checked, draft_files
from lakehouse.errors import LakehouseError
from lakehouse.readers.reader import read_file

Rows = list[dict[str, Any]]

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=8)
WORDS = TEXTS | st.sampled_from(["007", "+1", "1.50", "true", "2024-02-30", " ", "1e5", "-0", "NaN", '"'])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": WORDS,
    "integer": st.integers(-(2**70), 2**70),
    "small": st.integers(-9, 9),
    "decimal": st.decimals(-(10**9), 10**9, places=3),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "date": st.dates(),
    "timestamp": st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),
}
IN_PARQUET = {
    "text": pa.string(), "integer": pa.decimal128(38, 0), "small": pa.int8(), "decimal": pa.decimal128(20, 3),
    "double": pa.float64(), "boolean": pa.bool_(), "date": pa.date32(), "timestamp": pa.timestamp("us", "UTC"),
}  # fmt: skip
NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Z")), min_size=1, max_size=6) | st.sampled_from(
    ["select", "Größe", "a b", 'a"b', "😀", "Name", "name", "NAME", "_x", "1st", "null", "#", "a: b", "x,y", "true"]
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, str], Rows]:
    """Return the kind of each column and some records; at least one value is in each record."""
    names = draw(st.lists(NAMES, min_size=2, max_size=5, unique_by=str.strip))
    kinds = {name: draw(st.sampled_from(list(VALUES))) for name in names}
    row = st.fixed_dictionaries(
        {name: VALUES[kind] if i == 0 else VALUES[kind] | st.none() for i, (name, kind) in enumerate(kinds.items())}
    )
    return kinds, draw(st.lists(row, min_size=1, max_size=8))


def as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def write_csv(path: Path, kinds: dict[str, str], rows: Rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(kinds)
        writer.writerows([as_text(row[name]) for name in kinds] for row in rows)


def write_jsonl(path: Path, kinds: dict[str, str], rows: Rows) -> None:
    def written(value: object) -> object:
        return value if isinstance(value, bool | int | float | None) else str(value)

    lines = (json.dumps({name: written(value) for name, value in row.items()}) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_parquet(path: Path, kinds: dict[str, str], rows: Rows) -> None:
    schema = pa.schema([(name, IN_PARQUET[kind]) for name, kind in kinds.items()])
    columns = [[Decimal(v) if kind == "integer" and v is not None else v for v in (row[name] for row in rows)]
               for name, kind in kinds.items()]  # fmt: skip
    parquet.write_table(pa.table(columns, schema=schema), path)


WRITERS: dict[str, Callable[[Path, dict[str, str], Rows], None]] = {
    "csv": write_csv, "jsonl": write_jsonl, "parquet": write_parquet,
}  # fmt: skip


def accepted(checked: Checked, paths: Sequence[Path]) -> Rows:
    """Return the accepted records with the names of their source."""
    contract = parse_contract(checked.draft.text, path=f"{checked.draft.domain}/{checked.draft.dataset}{SUFFIX}")
    rows: Rows = []
    for path in paths:
        with path.open("rb") as file:
            for batch in read_file(contract, file, source_file=path.name):
                rows += [row for row in batch.to_pylist() if row["_errors"] is None]
    return [{column.source_name: row[column.name] for column in contract.columns} for row in rows]


def same(found: object, value: object) -> bool:
    """Return whether a stored value is the value of the file, in whatever exact type."""
    if isinstance(found, bool) and isinstance(value, str):
        return str(found).lower() == value
    if isinstance(value, bool) and isinstance(found, str):
        return found == str(value).lower()
    if isinstance(value, bool) or isinstance(found, bool):
        return found is value
    if isinstance(found, str) and isinstance(value, int | float | Decimal):
        return Decimal(found) == Decimal(str(value))
    if isinstance(found, str) and not isinstance(value, str):
        return found == str(value)
    if isinstance(value, str) and not isinstance(found, str):
        return as_text(found) == value or (isinstance(found, int | float | Decimal) and Decimal(value) == found)
    if isinstance(found, Decimal) and isinstance(value, float):
        return found == Decimal(repr(value))
    return found == value


@pytest.mark.parametrize("format_", WRITERS)
@settings(max_examples=12, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(table=tables())
def test_the_draft_accepts_every_record_with_its_values(format_: str, table: tuple[dict[str, str], Rows]) -> None:
    kinds, rows = table
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"Some File.{format_}"
        WRITERS[format_](path, kinds, rows)
        checked = draft_files([path], domain="sales", header=True if format_ == "csv" else None)
        assert checked.rejected == 0, checked.reasons
        out = Path(folder) / "contracts" / "sales" / f"{checked.draft.dataset}{SUFFIX}"
        out.parent.mkdir(parents=True)
        out.write_text(checked.draft.text, encoding="utf-8")
        assert check(out.parents[1]) == []
        found = accepted(checked, [path])
    assert len(found) == len(rows)
    for got, row in zip(found, rows, strict=True):
        for name, value in row.items():
            assert same(got[name.strip() if format_ == "csv" else name], value), (name, got, row)


def type_of(checked: Checked, name: str) -> str:
    column = next(column for column in checked.draft.columns if column.name == name)
    values = {line.key: line.value for line in column.type}
    return str(values.get("physicalType", values["logicalType"])) + str(values.get("logicalTypeOptions", ""))


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["1", "17850.0"], "integer"),
        (["1", "007"], "string"),
        (["1", "+2"], "string"),
        (["1.25", "2"], "decimal(18,2)"),
        (["1", "9" * 20], "decimal(20,0)"),
        (["1", "9" * 39], "string"),
        (["1e300", "2"], "number"),
        (["1e400", "2"], "string"),
        (["TRUE", "false"], "boolean"),
        (["2024-02-29", "2024-02-30"], "string"),
        (["2024-02-29", "2024-02-29 10:00"], "timestamp"),
        (["31.12.2024", "01.02.2024"], "date{'format': 'dd.MM.yyyy'}"),
        (["01/02/2024", "03/04/2024"], "string"),
        (["01/02/2024", "03/14/2024"], "date{'format': 'MM/dd/yyyy'}"),
        (["1/31/2024 9:05", "12/1/2024 10:00"], "timestamp{'format': 'M/d/yyyy H:mm'}"),
        (["10:00:00", "24:00:00"], "string"),
        (["1", " "], "string"),
    ],
)
def test_a_type_holds_every_value_unchanged(values: list[str], type_: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_csv(path, {"x": "", "y": ""}, [{"x": value, "y": "text"} for value in values])
    assert type_of(draft_files([path], domain="d", header=True), "x") == type_


def test_a_file_that_contradicts_its_first_records_is_named(tmp_path: Path) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("n,day\n" + "1,2024-01-01\n" * 20_000)
    second.write_text("n,day\n" + "2,2024-01-02\n" * 20_000 + "3,\n1.5,secret\n")
    checked = draft_files([first, second], domain="d")
    assert (type_of(checked, "n"), type_of(checked, "day"), checked.rejected) == ("decimal(18,1)", "string", 0)
    assert "second.csv:20003 has a text of 6 characters" in checked.draft.text
    assert "secret" not in checked.draft.text
    assert "required" not in checked.draft.text.split("name: day")[1]


def test_broken_records_are_true_reasons(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("name,n\nÄ,1\nÖ,2\na,b,c\nÜ,3\n".encode() + b"\xff,4\n")
    checked = draft_files([path], domain="d")
    assert (checked.records, checked.rejected, type_of(checked, "n")) == (5, 2, "integer")
    assert {str(place) for place in checked.reasons.values()} == {"a.csv:4", "a.csv:6"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "~", "^"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16", "utf-8-sig"])
def test_the_dialect_is_found(delimiter: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    rows = [("Größe", "n"), ("ä, ö", "1"), ("ü", "2")]
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    checked = draft_files([path], domain="d")
    assert accepted(checked, [path]) == [{"Größe": "ä, ö", "n": 1}, {"Größe": "ü", "n": 2}]


def test_a_replaced_letter_in_utf_8_is_a_letter(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,n\nM\ufffdller,1\n", encoding="utf-8")
    assert accepted(draft_files([path], domain="d"), [path]) == [{"name": "M\ufffdller", "n": 1}]


def test_without_a_header_the_columns_have_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1,2024-01-01,x\n2,2024-01-02,y\n")
    found = accepted(draft_files([path], domain="d"), [path])
    assert found[1] == {"column_1": 2, "column_2": date(2024, 1, 2), "column_3": "y"}


def test_diff_shows_what_the_contract_of_files_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,a\n")
    draft_contracts(files=[path], domain="d", output=tmp_path)
    draft_contracts(files=[path], domain="d", output=tmp_path, diff=True)
    path.write_text("x,y,z\n1,a,b\nq,a,b\n")
    capsys.readouterr()
    with pytest.raises(typer.Exit):
        draft_contracts(files=[path], domain="d", output=tmp_path, diff=True)
    assert capsys.readouterr().out.splitlines() == [
        "a: has no column z, a string",
        "a: rejects records: x: expected integer; first a.csv:3",
        "2 differences",
    ]
    with pytest.raises(LakehouseError, match="exists already"):
        draft_contracts(files=[path], domain="d", output=tmp_path)


def test_the_types_of_avro_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.avro"
    types: dict[str, Any] = {
        "text": "string",
        "day": {"type": "int", "logicalType": "date"},
        "price": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2},
        "tags": {"type": "array", "items": "string"},
        "either": ["int", "string"],
        "at": {"type": "long", "logicalType": "timestamp-micros"},
    }
    schema = {"type": "record", "name": "r", "fields": [{"name": n, "type": t} for n, t in types.items()]}
    record = {"text": "007", "day": date(2024, 1, 1), "price": Decimal("1.25"), "tags": ["a"], "either": 1,
              "at": datetime(2024, 1, 1, tzinfo=UTC)}  # fmt: skip
    with path.open("wb") as file:
        fastavro.writer(file, schema, [record, {**record, "either": "x", "price": Decimal("99999999.99")}])
    checked = draft_files([path], domain="d")
    assert checked.rejected == 0
    assert [type_of(checked, name) for name in types] == [
        "string", "date", "decimal(18,2)", "json", "string", "timestamp",
    ]  # fmt: skip


def test_texts_of_parquet_stay_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"a": ["true"], "b": ["1"], "c": ["2024-01-01"]}), path)
    checked = draft_files([path], domain="d")
    assert [type_of(checked, name) for name in "abc"] == ["string"] * 3


def test_files_of_different_types_and_columns_have_one_contract(tmp_path: Path) -> None:
    first, second = tmp_path / "a.parquet", tmp_path / "b.parquet"
    price = pa.array([Decimal("1.5")], pa.decimal128(4, 1))
    parquet.write_table(pa.table({"n": pa.array([1], pa.int8()), "x": [1.5], "price": price}), first)
    price = pa.array([Decimal("1.255")], pa.decimal128(8, 3))
    table = pa.table({"n": pa.array([2**40]), "x": [float("nan")], "price": price, "new": ["a"]})
    parquet.write_table(table, second)
    checked = draft_files([first, second], domain="d")
    assert [type_of(checked, name) for name in ("n", "x", "price", "new")] == [
        "bigint", "string", "decimal(8,3)", "string",
    ]  # fmt: skip
    assert "not number: b.parquet:1" in checked.draft.text
    assert checked.rejected == 0
    assert accepted(checked, [first, second])[0]["new"] is None
