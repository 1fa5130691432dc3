"""What happens to records whose columns are not those of the contract: each change, policy and format."""

import json
from dataclasses import replace
from itertools import product
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.contracts.model import SchemaPolicy
from lakehouse.contracts.types import INT, STRING, struct_of
from tests.support.contract_builders import column, contract, reasons, rows
from tests.support.sample_files import parquet_bytes

STRICT, ADDITIVE = SchemaPolicy.STRICT, SchemaPolicy.ADDITIVE
NO_COLUMN = "required, but the file has no such column"
GONE = "v: the file has no such column, and the contract's schemaPolicy is strict"
NEW = "column 'more' is not in the contract, and its schemaPolicy is strict"
CHANGES: dict[str, tuple[dict[str, Any], dict[SchemaPolicy, list[str]], set[str]]] = {
    "no change": ({"id": 1, "v": "a"}, {}, set()),
    "new": ({"id": 1, "v": "a", "more": "b"}, {STRICT: [NEW]}, set()),
    "new, without a value": ({"id": 1, "v": "a", "more": None}, {}, set()),
    "dropped, optional": ({"id": 1}, {STRICT: [GONE]}, {"jsonl"}),
    "dropped, required": ({"v": "a"}, {STRICT: [f"id: {NO_COLUMN}"], ADDITIVE: [f"id: {NO_COLUMN}"]}, {"jsonl"}),
    "renamed": ({"id": 1, "more": "b"}, {STRICT: [NEW, GONE]}, {"jsonl"}),
    "wider": ({"id": 2**40, "v": "a"}, {policy: ["id: "] for policy in SchemaPolicy}, set()),
    "of another type": ({"id": "x", "v": "a"}, {policy: ["id: "] for policy in SchemaPolicy}, set()),
}
"""For each change: the record, the reasons by policy, and the formats whose records name only columns with values."""


def content(record: dict[str, Any], format_: str) -> bytes:
    match format_:
        case "csv":
            values = ("" if value is None else str(value) for value in record.values())
            return f"{','.join(record)}\n{','.join(values)}\n".encode()
        case "jsonl":
            return json.dumps(record).encode()
    return parquet_bytes(pa.Table.from_pylist([record]))


@pytest.mark.parametrize(
    ("change", "policy", "format_"), list(product(CHANGES, SchemaPolicy, ("csv", "jsonl", "parquet")))
)
def test_each_change_of_the_source(change: str, policy: SchemaPolicy, format_: str) -> None:
    record, expected, without_header = CHANGES[change]
    dataset = contract(column("id", INT, required=True), column("v"), format_=format_)
    [row] = rows(replace(dataset, schema_policy=policy), content(record, format_))
    found = sorted(reasons([row]))
    if format_ in without_header:
        # A record of JSON that lacks a field is like one in which it is null.
        assert [one for one in found if "more" not in one] == (
            ["id: required, but empty"] if "id" not in record else []
        )
        return
    assert len(found) == len(expected.get(policy, []))
    for reason, beginning in zip(found, sorted(expected.get(policy, [])), strict=True):
        assert reason.startswith(beginning)
    kept = json.loads(row["_record"]) if row["_record"] and not found else {}
    assert kept == ({"more": "b"} if "more" in record and record["more"] and policy is ADDITIVE else {})


@pytest.mark.parametrize("policy", SchemaPolicy)
def test_unknown_fields_within_a_value(policy: SchemaPolicy) -> None:
    dataset = contract(column("place", struct_of({"town": STRING})), format_="jsonl")
    [row] = rows(replace(dataset, schema_policy=policy), b'{"place": {"town": "Ulm", "zip": 1}}')
    expected = ["place: has fields that the contract does not have, and its schemaPolicy is strict"]
    assert reasons([row]) == (expected if policy is STRICT else [])
