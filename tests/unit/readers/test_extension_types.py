"""Arrow's extension types: read as what they stand for, at any depth, or rejected by name; never as their storage."""

import json
import uuid

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.model import Format, Options
from lakehouse.contracts.types import BOOLEAN, STRING, Type, list_of, struct_of
from tests.support.contract_builders import accepted, column, contract, reasons, rows
from tests.support.sample_files import parquet_bytes


def uuids(*values: uuid.UUID | None) -> pa.Array:
    return pa.array([value and value.bytes for value in values], pa.uuid())


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=16, max_size=16) | st.text("ab", min_size=16, max_size=16).map(str.encode))
def test_uuids_are_text_at_any_depth(noise: bytes) -> None:
    value = uuid.UUID(bytes=noise)
    array = uuids(value)
    lists = pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), array)
    maps = pa.MapArray.from_arrays(pa.array([0, 1], pa.int32()), pa.array(["k"]), array)
    structs = pa.StructArray.from_arrays([array, lists, maps], names=["u", "l", "m"])
    shop = contract(
        column("u", options=Options(format=Format.UUID)),
        column("l", list_of(STRING)),
        column("s", struct_of({"u": STRING})),
        column("json", options=Options(format=Format.JSON)),
        format_="parquet",
    )
    table = pa.table({"u": array, "l": lists, "s": structs, "json": structs, "more": structs})
    [row] = rows(shop, parquet_bytes(table))
    text = str(value)
    nested = {"u": text, "l": [text], "m": {"k": text}}
    assert (row["_errors"], row["u"], row["l"], row["s"]) == (None, text, [text], {"u": text})
    assert json.loads(row["json"]) == nested
    assert json.loads(row["_record"])["more"] == nested


@pytest.mark.parametrize(
    ("array", "type_", "expected"),
    [
        (pa.ExtensionArray.from_storage(pa.bool8(), pa.array([-1], pa.int8())), BOOLEAN, True),
        (pa.ExtensionArray.from_storage(pa.bool8(), pa.array([2], pa.int8())), STRING, "true"),
        (pa.ExtensionArray.from_storage(pa.json_(pa.string()), pa.array(['{"a": 1.10}'])), STRING, '{"a": 1.10}'),
    ],
)
def test_other_types_are_what_they_stand_for(array: pa.Array, type_: Type, expected: object) -> None:
    shop = contract(column("x", type_), format_="parquet")
    assert accepted(rows(shop, parquet_bytes(pa.table({"x": array})))) == [{"x": expected}]


@pytest.mark.parametrize("type_", [STRING, list_of(STRING), BOOLEAN])
def test_unknown_types_are_rejected_by_name(type_: Type) -> None:
    tensors = pa.ExtensionArray.from_storage(
        pa.fixed_shape_tensor(pa.int32(), (2,)), pa.array([[1, 2]], pa.list_(pa.int32(), 2))
    )
    content = parquet_bytes(pa.table({"x": tensors, "y": [1]}))
    result = rows(contract(column("x", type_), format_="parquet"), content)
    assert "extension type arrow.fixed_shape_tensor" in reasons(result)[0]
    assert json.loads(result[0]["_record"]) == {"x": "<arrow.fixed_shape_tensor>", "y": 1}
    [row] = rows(contract(column("y"), format_="parquet"), content)
    assert (row["_errors"], json.loads(row["_record"])) == (None, {"x": "<arrow.fixed_shape_tensor>"})
