"""Files of public test suites are read as independent readers read them; `make fetch-public-suites` fetches them."""

import base64
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import fastavro
import pyarrow as pa
import pytest
from pyarrow import parquet, types

from lakehouse.contracts.model import Column, Contract, Format, Options
from lakehouse.contracts.types import BINARY, BOOLEAN, DATE, DOUBLE, FLOAT, LONG, STRING, TIMESTAMP, Type, decimal
from tests.support.contract_builders import column, contract, rows
from tests.support.readers.public_suites import ARROW, AVRO, CSV, JSON, PARQUET, files, needs

JSON_TEXT = Options(format=Format.JSON)


def ids(paths: list[Path]) -> list[Any]:
    return [pytest.param(path, id=path.name) for path in paths]


def unreadable(result: list[dict[str, Any]]) -> str | None:
    """Return why a file was rejected as a whole, if it was."""
    if len(result) == 1 and result[0]["_errors"] and result[0]["_errors"][0]["reason"].startswith("unreadable: "):
        return str(result[0]["_errors"][0]["reason"])
    return None


@needs(JSON)
@pytest.mark.parametrize("format_", ["json", "jsonl"])
@pytest.mark.parametrize("path", ids(files(JSON, "test_parsing/*.json")))
def test_json_is_what_the_suite_says(path: Path, format_: str) -> None:
    """The suite says by the first letter of a name: y valid, n invalid, i either."""
    text = path.read_bytes()
    if format_ == "jsonl" and (b"\n" in text or b"\r" in text):
        pytest.skip("more than one line")
    content = b'{"x": ' + text + b"}"
    result = rows(contract(column("x", options=JSON_TEXT), format_=format_), content)
    is_accepted = [row["_errors"] is None for row in result] == [True]
    if path.name.startswith("n_") and path.name not in VALID_IN_AN_OBJECT:
        assert not is_accepted
    if path.name.startswith("y_") and path.name not in REJECTED_JSON:
        assert is_accepted, result
        assert result[0]["x"] is None or json.loads(result[0]["x"]) == json.loads(text)


REJECTED_JSON = {
    "y_object_duplicated_key.json": "a repeated field is rejected",
    "y_object_duplicated_key_and_value.json": "a repeated field is rejected",
}
VALID_IN_AN_OBJECT = {"n_structure_object_followed_by_closing_object.json": "its last brace closes the outer object"}


@needs(CSV)
@pytest.mark.parametrize("path", ids(files(CSV, "csvs/*.csv")))
def test_csv_is_what_the_suite_says(path: Path) -> None:
    expected = json.loads((CSV.folder / "json" / f"{path.stem}.json").read_bytes())
    if path.name == "location_coordinates.csv":  # its JSON has no array, and another phone number
        expected = [expected | {"Contact Phone Number": "2095257564"}]
    names = list(expected[0])
    result = rows(contract(*map(column, names)), path.read_bytes())
    assert [{name: row[name] or "" for name in names} for row in result] == expected
    assert all(row["_errors"] is None for row in result)


def type_of(source: pa.DataType) -> tuple[Type, Options] | None:
    """Return the column type for a type of Arrow; None for what is compared as JSON or not at all."""
    tests: list[tuple[Any, Type]] = [
        (types.is_boolean, BOOLEAN),
        (types.is_integer, LONG),
        (types.is_float32, FLOAT),
        (types.is_float64, DOUBLE),
        (types.is_date, DATE),
        (types.is_timestamp, TIMESTAMP),
        (types.is_string, STRING),
        (types.is_large_string, STRING),
        (types.is_binary, BINARY),
        (types.is_large_binary, BINARY),
        (types.is_fixed_size_binary, BINARY),
    ]
    if types.is_decimal(source) and source.precision <= 38 and 0 <= source.scale <= source.precision:
        return decimal(source.precision, source.scale), Options()
    if types.is_nested(source):
        return STRING, JSON_TEXT
    return next(((type_, Options()) for test, type_ in tests if test(source)), None)


def shop(schema: pa.Schema, format_: str) -> Contract:
    columns: list[Column] = []
    for field in schema:
        typed = type_of(field.type)
        if typed:
            columns.append(column(field.name, typed[0], options=typed[1]))
    return contract(*columns, format_=format_)


def plain(value: Any) -> Any:
    """Return a value as it is compared: instants in UTC, numbers by value, nested values as JSON has them."""
    match value:
        case datetime():
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        case uuid.UUID():
            return str(value)
    return value


def as_json(value: Any) -> Any:
    """Return what a nested value of Python becomes in JSON."""
    match value:
        case None | bool() | str():
            return value
        case int() | Decimal():
            return float(value)
        case float():
            return value
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                return base64.b64encode(value).decode()
        case datetime() | date() | time() | uuid.UUID():
            return "a time or UUID"
        case dict():
            return {name: as_json(inner) for name, inner in value.items()}
        case list() | tuple():
            return [as_json(inner) for inner in value]
    return str(value)


def same(ours: Any, theirs: Any, *, is_json: bool) -> bool:
    if ours is None or theirs is None:
        return ours is None and theirs is None
    if not is_json:
        return bool(plain(ours) == plain(theirs))
    return _alike(json.loads(ours, parse_int=float), as_json(theirs))


def _alike(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, dict) and isinstance(theirs, list):  # a map
        return _alike(list(ours.values()), [value for _, value in theirs])
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return list(ours) == list(theirs) and all(_alike(ours[name], theirs[name]) for name in ours)
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(_alike, ours, theirs))
    if isinstance(theirs, float):
        return isinstance(ours, float) and abs(ours - theirs) <= 1e-6 * abs(theirs)
    return theirs == "a time or UUID" or bool(ours == theirs)


def differences(read: Contract, result: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> Iterator[str]:
    for i, (ours, other) in enumerate(zip(result, theirs, strict=True)):
        rejected = {error["column"] for error in ours["_errors"] or []}
        for each in read.columns:
            if each.name in rejected or None in rejected:
                continue
            if not same(ours[each.name], other[each.name], is_json=each.options == JSON_TEXT):
                yield f"row {i}, {each.name}: {ours[each.name]!r} instead of {other[each.name]!r}"


PARQUET_FILES = [
    *files(PARQUET, "data/*.parquet"),
    *files(ARROW, "data/parquet/*.parquet"),
    *files(ARROW, "data/parquet/generated_simple_numerics/*.parquet"),
]


@needs(PARQUET)
@pytest.mark.parametrize("path", ids(PARQUET_FILES))
def test_parquet_is_what_pyarrow_and_duckdb_read(path: Path) -> None:
    if path.name == "large_string_map.brotli.parquet":
        assert unreadable(rows(contract(column("arr"), format_="parquet"), path.read_bytes()))
        return
    try:
        options = {"coerce_int96_timestamp_unit": "us"}
        table = parquet.ParquetFile(path, **options).read()
        theirs = table.to_pylist()
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        pytest.skip(f"pyarrow does not read it: {error}")
    read = shop(table.schema, "parquet")
    if not read.columns:
        pytest.skip("no column of a type that is compared")
    result = rows(read, path.read_bytes())
    assert unreadable(result) is None or path.name in REJECTED_PARQUET
    if unreadable(result) is not None:
        return
    assert list(differences(read, result, theirs)) == []
    flat = [each.name for each in read.columns if each.options != JSON_TEXT and each.type is not BINARY]
    try:
        found = duckdb.connect().execute(
            f"set timezone = 'UTC'; select * from read_parquet('{path}', binary_as_string = false)"
        )
        names = [entry[0] for entry in found.description]
        duck = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    except (duckdb.Error, UnicodeDecodeError):
        return
    for i, (ours, other) in enumerate(zip(result, duck, strict=True)):
        for name in flat:
            if ours["_errors"] is None and isinstance(other.get(name), type(plain(ours[name]))):
                assert same(ours[name], other[name], is_json=False), (i, name, ours[name], other[name])


REJECTED_PARQUET = {
    "datapage_v1-corrupt-checksum.parquet": "pyarrow does not verify checksums unless it is told to",
    "rle-dict-uncompressed-corrupt-checksum.parquet": "pyarrow does not verify checksums unless it is told to",
}


@needs(PARQUET)
@pytest.mark.parametrize("path", ids([*files(PARQUET, "bad_data/*.parquet"), *files(ARROW, "data/parquet/*fuzzing/*")]))
def test_damaged_parquet_ends_as_rows(path: Path) -> None:
    result = rows(contract(column("a"), column("b", LONG), format_="parquet"), path.read_bytes())
    assert all(row["_errors"] is None or row["_errors"][0]["reason"] for row in result)


@needs(AVRO)
@pytest.mark.parametrize("path", ids([*files(AVRO, "**/*.avro*"), *files(ARROW, "data/avro/*.avro")]))
def test_avro_is_what_fastavro_reads(path: Path) -> None:
    with path.open("rb") as file:
        try:
            reader = fastavro.reader(file)
            theirs: list[Any] = list(reader)
            schema: Any = reader.writer_schema
        except Exception as error:  # the class depends on the file
            pytest.skip(f"fastavro does not read it: {error}")
    if not isinstance(schema, dict) or schema["type"] != "record":
        pytest.skip("no records")
    columns = [column(field["name"], options=JSON_TEXT) for field in schema["fields"] if _nests(field["type"])]
    columns += [column(field["name"]) for field in schema["fields"] if not _nests(field["type"])]
    read = contract(*columns, format_="avro")
    result = rows(read, path.read_bytes())
    assert unreadable(result) is None
    for ours, other in zip(result, theirs, strict=True):
        rejected = {error["column"] for error in ours["_errors"] or []}
        for each in columns:
            value = other[each.name]
            if each.name in rejected:
                continue
            if each.options == JSON_TEXT:
                assert same(ours[each.name], value, is_json=True), (each.name, ours[each.name], value)
            elif isinstance(value, int | float) and not isinstance(value, bool):
                assert float(ours[each.name]) == pytest.approx(value, nan_ok=True)
            elif isinstance(value, str) or value is None:
                assert ours[each.name] == value


@needs(AVRO)
def test_avro_with_metadata_of_any_bytes() -> None:
    [path] = files(AVRO, "**/syncInMeta.avro")
    result = rows(contract(column("ID", LONG), column("Phone"), format_="avro"), path.read_bytes())
    assert len(result) == 6001
    assert all(row["_errors"] is None for row in result)


def _nests(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(map(_nests, schema))
    return isinstance(schema, dict) and (
        schema["type"] in ("record", "array", "map") or (isinstance(schema["type"], dict) and _nests(schema["type"]))
    )
