"""The same value is the same typed value, or is rejected for the same reason, in every format and place."""

import os

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.contracts.model import Format, Options
from lakehouse.contracts.types import (
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    STRING,
    TIMESTAMP,
    Kind,
    Type,
    decimal,
)
from lakehouse.readers.formats.avro_columns import float_text
from tests.support.contract_builders import accepted, column, contract, reasons, rows
from tests.support.readers.one_value import CONTEXTS, FORMATS, Outcome, Sent, outcomes, values_for
from tests.support.sample_files import avro_bytes, parquet_bytes

EVERY = int(os.environ.get("EVERY_VALUE", "5"))
"""Read every so many of the values; `make fuzz-readers` reads all."""

DIGITS, EXPONENTS = st.integers(-(10**17), 10**17), st.integers(-20, 20)
TYPES = (STRING, BOOLEAN, INT, LONG, FLOAT, DOUBLE, decimal(5, 2), decimal(38, 18), DATE, TIMESTAMP, BINARY)


def differences(type_: Type, context: str, options: Options, *, first: int = 0) -> dict[str, dict[str, set[Outcome]]]:
    values = values_for(of_bytes=type_.kind is Kind.BINARY)[first % EVERY :: EVERY]
    read_as = {
        format_: outcomes(values, type_, format_=format_, context=context, options=options) for format_ in FORMATS
    }
    different = {}
    for i, sent in enumerate(values):
        of_formats = {format_: read[i] for format_, read in read_as.items() if read[i]}
        assert len(of_formats) >= 3, sent
        if len(set().union(*of_formats.values())) > 1:
            different[repr(sent)] = of_formats
    return different


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("type_", TYPES, ids=str)
def test_every_pair_of_formats_agrees(type_: Type, context: str) -> None:
    assert differences(type_, context, Options(), first=TYPES.index(type_) + CONTEXTS.index(context)) == {}


@pytest.mark.parametrize(
    ("type_", "java"), [(DATE, "yyyyMMdd"), (TIMESTAMP, "yyyy-MM-dd HH:mm:ss.SSSSSSX"), (STRING, "HH:mm:ss")], ids=str
)
def test_every_pair_of_formats_agrees_on_texts_in_a_format(type_: Type, java: str) -> None:
    numbers = [Sent(20260131, "20260131", "20260131", ("int", "long"), (pa.int32(), pa.int64()))]
    texts = ("20260131", "2026-01-31 10:30:00.000000Z", "10:30:00", "", "x")
    sent = [Sent(text, text, f'"{text}"', ("string",), (pa.string(), pa.large_string())) for text in texts]
    sent += [Sent(text.encode(), text, f'"{text}"', ("bytes",), (pa.binary(), pa.binary_view())) for text in texts]
    options = Options(time_format=java)
    for context in ("column", "union"):
        read_as = [
            outcomes(numbers + sent, type_, format_=format_, context=context, options=options) for format_ in FORMATS
        ]
        for of_formats in zip(*read_as, strict=True):
            assert len(set().union(*of_formats)) == 1


@pytest.mark.parametrize("context", ["list", "struct"])
def test_every_pair_of_formats_agrees_on_json(context: str) -> None:
    assert differences(STRING, context, Options(format=Format.JSON)) == {}


@pytest.mark.parametrize(("format_", "of"), [("avro", "double"), ("avro", "float"), ("parquet", "double")])
def test_json_has_no_nan(format_: str, of: str) -> None:
    for number in (float("nan"), float("inf"), float("-inf")):
        values = [{"y": [{"z": each}]} for each in (1.0, number)]
        inner = {"type": "record", "name": "i", "fields": [{"name": "z", "type": of}]}
        outer = {"type": "record", "name": "n", "fields": [{"name": "y", "type": {"type": "array", "items": inner}}]}
        schema = {"type": "record", "name": "r", "fields": [{"name": "x", "type": outer}]}
        content = {
            "avro": avro_bytes([{"x": value} for value in values], schema=schema),
            "parquet": parquet_bytes(pa.table({"x": values})),
        }[format_]
        result = rows(contract(column("x", options=Options(format=Format.JSON)), format_=format_), content)
        assert [row["_errors"] is None for row in result] == [True, False]
        assert reasons(result)[0].startswith("x: expected JSON, found NaN or an infinity in ")


@pytest.mark.parametrize("format_", ["avro", "parquet"])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_text_that_is_not_utf8_costs_its_record(format_: str, depth: int) -> None:
    marked = b"Xmarked"
    value: object = marked.decode()
    good: object = "good"
    type_: object = "string"
    for level in range(depth):
        value, good = ([value], [good]) if level == 0 else ({"k": value}, {"k": good})
        type_ = {"type": "array", "items": type_} if level == 0 else {"type": "map", "values": type_}
    schema = {"type": "record", "name": "r", "fields": [{"name": "x", "type": type_}, {"name": "y", "type": "int"}]}
    content = {
        "avro": lambda: avro_bytes(
            [{"x": each, "y": i} for i, each in enumerate((good, value, good))], codec="null", schema=schema
        ),
        "parquet": lambda: parquet_bytes(
            pa.table({"x": [good, value, good], "y": [0, 1, 2]}), compression="none", write_statistics=False
        ),
    }[format_]()
    content = content.replace(marked, b"\xffmarked")
    shop = contract(
        column("x", options=Options(format=Format.JSON if depth else None)), column("y", INT), format_=format_
    )
    result = rows(shop, content)
    assert [row["y"] for row in result if row["_errors"] is None] == [0, 2]
    assert len(reasons(result)) == 1
    assert reasons(result)[0].startswith("x: invalid UTF-8")


@given(st.lists(st.floats() | st.builds(lambda digits, exponent: float(f"{digits}e{exponent}"), DIGITS, EXPONENTS)))
def test_floats_have_the_texts_of_arrow(values: list[float]) -> None:
    assert [float_text(value) for value in values] == pa.array(values, pa.float64()).cast(pa.string()).to_pylist()
    with np.errstate(over="ignore"):
        singles = np.asarray(values, dtype=np.float32)
    assert [float_text(value) for value in singles] == pa.array(singles).cast(pa.string()).to_pylist()


def test_a_value_of_the_columns_type_is_that_value() -> None:
    kinds = {bool: BOOLEAN, int: LONG, float: DOUBLE, str: STRING}
    for sent in values_for(of_bytes=False):
        type_ = kinds.get(type(sent.value))
        if type_ is None or sent.value in (float("inf"), float("-inf")) or sent.value != sent.value:
            continue
        (result,) = outcomes([sent], type_, format_="parquet", context="column", options=Options())
        expected = sent.value if pa.float32() not in sent.arrow else float(sent.text)
        assert result == {("accepted", repr(expected))}
    assert accepted(rows(contract(column("x")), b"x\n1\n")) == [{"x": "1"}]
