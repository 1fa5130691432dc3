"""A person is found in every format, and nobody else for them."""

import gzip
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.contracts.types import DATE, LONG, STRING, TIMESTAMP, Type, decimal
from lakehouse.erasure.scan import contains
from lakehouse.erasure.subject import Subject, comparable_text, subject_of_key
from lakehouse.errors import LakehouseError
from tests.support.contract_builders import column, contract

SHOP = contract(column("customer_id", LONG, source_name="CustomerID"), column("name"), key=("customer_id",))
OUT_OF_RANGE = pa.struct([("t", pa.timestamp("us")), ("to", pa.string())])
SEVEN = subject_of_key(SHOP, ["7"]).traits


def parquet(**columns: pa.Array) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def avro(value: int) -> bytes:
    schema = {"type": "record", "name": "r", "fields": [{"name": "CustomerID", "type": "long"}]}
    file = io.BytesIO()
    fastavro.writer(file, schema, [{"CustomerID": value}])
    return file.getvalue()


@pytest.mark.parametrize("value", [7, 8])
@pytest.mark.parametrize(
    "content",
    [
        lambda value: parquet(customer_id=pa.array([1, value])),
        lambda value: parquet(CUSTOMER_ID=pa.array([1.0, float(value)])),
        avro,
        lambda value: json.dumps({"data": [{"customerid": value}]}).encode(),
        lambda value: f'{{"customer_id": 1}}\n{{"customer_id": "{value}"}}\n'.encode(),
        lambda value: f'"customer_id","n"\n"1","a"\n"{value}","b"\n'.encode(),
        lambda value: f"n;CustomerID\na;{value}\n".encode(),
        lambda value: gzip.compress(f"CustomerID\n{value}\n".encode()),
        # Several documents, on several lines; a damaged one costs its line; ends of lines are those of JSON alone.
        lambda value: f'{{"customer_id":\n1}}\n{{\n"customer_id": {value}\n}}'.encode(),
        lambda value: f'[{{"n": 1}},\n{{"n" 2}},\n{{"customer_id": {value}}},\n{{"n": 3}}'.encode(),
        lambda value: f'{{"n": "a\u2028b", "customer_id": {value}}}'.encode(),
        lambda value: b"[" * 100_000 + f'\n{{"customer_id": {value}}}'.encode(),
        lambda value: f"n,customer_id\na\u2028b,{value}\n".encode(),
        lambda value: f'n,customer_id\n"a,1\nb,"{value}"\nc,3\n'.encode(),
        lambda value: f"n,customer_id\né,{value}\n".encode("cp1252"),
        lambda value: f"n,customer_id\né,{value}\n".encode("utf-16"),
        lambda value: parquet(customer_id=pa.array([value]), at=pa.array([2**60], pa.timestamp("us"))),
        lambda value: parquet(
            customer_id=pa.array([value]),
            twice=pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"]),
        ),
        lambda value: parquet(
            customer_id=pa.array([None], pa.int64()), _errors=pa.array([["x"]]), _record=pa.array([f"{value},bob"])
        ),
    ],
)
def test_a_record_with_the_key_is_the_persons(content, value: int) -> None:  # type: ignore[no-untyped-def]
    assert contains(content(value), [SEVEN]) is (value == 7)


def test_another_column_with_the_value_is_not() -> None:
    assert not contains(b"quantity,customer_id\n7,8\n", [SEVEN])
    assert not contains(parquet(quantity=pa.array([7])), [SEVEN])


def test_a_distinctive_value_is_found_in_any_column_and_text() -> None:
    shop = contract(column("email", STRING), key=("email",))
    person = subject_of_key(shop, ["ann@example.com"]).traits
    assert contains(b"To: ann@example.com\n", [person])
    assert contains(parquet(anything=pa.array(["mail ann@example.com"])), [person])
    assert not contains(parquet(anything=pa.array(["bob@example.com"])), [person])
    zoe = subject_of_key(shop, ["zoë@example.com"]).traits
    assert contains("to;zoë@example.com\n".encode("cp1252"), [zoe])
    assert contains("to;zoë@example.com\n".encode("utf-16"), [zoe])
    assert contains(parquet(at=pa.array([{"t": 2**60, "to": "zoë@example.com"}], OUT_OF_RANGE)), [zoe])


def test_a_key_of_several_columns_is_all_of_them() -> None:
    lines = contract(column("order_id", LONG), column("line", LONG), key=("order_id", "line"))
    person = subject_of_key(lines, ["line=2", "order_id=10"]).traits
    assert contains(b"order_id,line\n10,2\n", [person])
    assert not contains(b"order_id,line\n10,3\n2,10\n", [person])


@pytest.mark.parametrize("content", [b"", b"PAR1", b"Obj\x01", b"{", b"\x1f\x8b", bytes(range(256))])
def test_any_bytes_can_be_looked_at(content: bytes) -> None:
    assert not contains(content, [SEVEN])


def test_values_are_the_same_text_in_every_type() -> None:
    assert {comparable_text(value) for value in (7, 7.0, "7", " 7 ")} == {"7"}
    assert comparable_text(Decimal(f"{10**37 + 1}.0")) == f"{10**37 + 1}"


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (LONG, "7.0", 7),
        (decimal(10, 2), "7", Decimal("7.00")),
        (TIMESTAMP, "2026-03-04 05:06", datetime(2026, 3, 4, 5, 6, tzinfo=UTC)),
        (DATE, "2026-03-04", date(2026, 3, 4)),
        (STRING, " a=b ", " a=b "),
    ],
)
def test_a_key_is_read_as_the_readers_read_it(type_: Type, text: str, value: object) -> None:
    shop = contract(column("id", type_), key=("id",))
    assert subject_of_key(shop, [f"id={text}"]).values == {"id": (value,)}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["x"], "'x' is not a value of customer_id"),
        (["name=7"], "'name=7' is not a value of customer_id"),
        ([" "], "is not its key; expected --key customer_id="),
        (["7", "8"], "is not its key; expected --key customer_id="),
    ],
)
def test_an_incomplete_or_invalid_key_is_refused(parts: list[str], message: str) -> None:
    with pytest.raises(LakehouseError, match=message):
        subject_of_key(SHOP, parts)


def test_a_dataset_without_a_key_names_nobody() -> None:
    with pytest.raises(LakehouseError, match="no primary key"):
        subject_of_key(contract(column("a")), ["1"])


def test_a_subject_is_of_its_own_rows() -> None:
    rows = pa.table({"customer_id": pa.array([7, None, 8]), "name": ["a", "7", "c"]})
    assert Subject(contract=SHOP, values={"customer_id": (7,)}).mask(rows).to_pylist() == [True, False, False]


def test_others_are_found_by_distinctive_values_only() -> None:
    shop = contract(column("email", STRING), key=("email",))
    person = subject_of_key(shop, ["ann@example.com"]).traits
    assert not contains(b'{"customer_id": 7}', [], others=[SEVEN])
    assert contains(b'{"note": "from ann@example.com"}', [], others=[SEVEN, person])
