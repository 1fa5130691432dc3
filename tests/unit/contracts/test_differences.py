"""What differs between two versions of a contract, and whom it concerns."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from lakehouse.contracts import differences as module
from lakehouse.contracts.differences import Effect, differences, unannounced
from lakehouse.contracts.loader import load_contract, load_contracts, parse_contract
from lakehouse.contracts.model import (
    Column,
    Contract,
    Deduplicate,
    Format,
    Ingest,
    Options,
    Partition,
    SchemaPolicy,
    Source,
)
from lakehouse.contracts.types import Kind, Type, decimal
from lakehouse.sizes import Size
from tests.support.contract_builders import EXAMPLE
from tests.support.repository import CONTRACTS

ORDERS = load_contract(CONTRACTS / "sales" / "orders.odcs.yaml")
BREAKING, STRICTER, COMPATIBLE = Effect.BREAKING, Effect.STRICTER, Effect.COMPATIBLE
LONG, INT, TEXT = Type(Kind.LONG), Type(Kind.INT), Type(Kind.STRING)


def effects(old: Contract, new: Contract) -> list[Effect]:
    return [difference.effect for difference in differences([old], [new])]


def with_column(column: Column) -> Contract:
    return replace(ORDERS, columns=(*ORDERS.columns, column))


def extra(**changes: Any) -> Contract:
    """The orders with a column `extra`."""
    return with_column(Column(**{"name": "extra", "type": INT, "source_name": "extra", **changes}))


def test_equal_contracts_have_no_difference() -> None:
    contracts = load_contracts(CONTRACTS)
    assert differences(contracts, contracts) == []
    assert unannounced(contracts, contracts) == []


@pytest.mark.parametrize(
    ("old", "new", "effect"),
    [
        (ORDERS, extra(), COMPATIBLE),
        (ORDERS, extra(required=True), STRICTER),
        (extra(), ORDERS, BREAKING),
        (extra(), extra(type=LONG), COMPATIBLE),
        (extra(type=LONG), extra(), BREAKING),
        (extra(type=decimal(9, 2)), extra(type=decimal(12, 2)), COMPATIBLE),
        (extra(type=decimal(9, 2)), extra(type=decimal(9, 3)), BREAKING),
        (extra(), extra(required=True), STRICTER),
        (extra(required=True), extra(), BREAKING),
        (extra(), extra(classification="internal"), COMPATIBLE),
        (extra(classification="internal"), extra(classification="restricted"), BREAKING),
        (extra(classification="internal"), extra(), BREAKING),
        (extra(), extra(classification="restricted"), None),
        (extra(), extra(enum=("1", "2")), STRICTER),
        (extra(enum=("1", "2")), extra(enum=("1",)), STRICTER),
        (extra(enum=("1",)), extra(enum=("1", "2")), BREAKING),
        (extra(enum=("1",)), extra(), BREAKING),
        (extra(enum=("1", "2")), extra(enum=("2", "1")), None),
        (extra(), extra(options=Options(minimum=Decimal(1))), STRICTER),
        (extra(options=Options(minimum=Decimal(1))), extra(options=Options(minimum=Decimal(0))), BREAKING),
        (extra(options=Options(minimum=Decimal(1))), extra(), BREAKING),
        (extra(), extra(description="a number"), COMPATIBLE),
        (ORDERS, replace(ORDERS, freshness=timedelta(days=9)), BREAKING),
        (ORDERS, replace(ORDERS, freshness=None), BREAKING),
        (ORDERS, replace(ORDERS, freshness=timedelta(seconds=1)), COMPATIBLE),
        (replace(ORDERS, retention=None), replace(ORDERS, retention=timedelta(days=9)), BREAKING),
        (replace(ORDERS, retention=timedelta(days=8)), replace(ORDERS, retention=timedelta(days=9)), COMPATIBLE),
        (ORDERS, replace(ORDERS, schema_policy=SchemaPolicy.STRICT), STRICTER),
        (replace(ORDERS, schema_policy=SchemaPolicy.STRICT), ORDERS, COMPATIBLE),
        (ORDERS, replace(ORDERS, quality=ORDERS.quality[1:]), BREAKING),
        (replace(ORDERS, quality=ORDERS.quality[1:]), ORDERS, STRICTER),
    ],
)
def test_whom_a_difference_concerns(old: Contract, new: Contract, effect: Effect | None) -> None:
    assert effects(old, new) == ([] if effect is None else [effect])


OTHERS: dict[type, dict[str, Any]] = {
    Contract: {
        "domain": "other",
        "key": (),
        "ingest": Ingest.APPEND,
        "ordering": (),
        "deduplicate": Deduplicate.RECORD,
        "partitions": (Partition(column="status", transform="bucket[7]"),),
        "row_filter": "order_id > 7",
        "may_be_empty": True,
        "schema_policy": SchemaPolicy.STRICT,
        "size": Size.LARGE,
        "owner": "another team",
        "description": "another text",
        "columns": (),
        "source": replace(ORDERS.source, name="other"),
        "quality": (),
        "freshness": timedelta(days=77),
        "retention": timedelta(days=77),
    },
    Column: {
        "source_name": "other",
        "unique": True,
        "description": "another text",
        "type": TEXT,
        "required": True,
        "classification": "public",
        "enum": ("1",),
        "options": Options(multiple_of=Decimal(3)),
    },
    Options: {
        "min_length": 3,
        "max_length": 3,
        "pattern": "x",
        "format": Format.EMAIL,
        "minimum": Decimal(3),
        "maximum": Decimal(3),
        "exclusive_minimum": Decimal(3),
        "exclusive_maximum": Decimal(3),
        "multiple_of": Decimal(3),
        "time_format": "yyyy",
        "trim_padding": True,
    },
    Source: {
        "name": "other",
        "type": "mysql",
        "format": "csv",
        "database": "other",
        "schema": "other",
        "table": "other",
        "delimiter": ";",
        "quote": "'",
        "encoding": "latin-1",
        "header": False,
        "api": object(),
    },
}


def changed(owner: type, name: str) -> tuple[Contract, Contract]:
    value = {name: OTHERS[owner][name]}
    if owner is Contract:
        return ORDERS, replace(ORDERS, **value)
    if owner is Source:
        return ORDERS, replace(ORDERS, source=replace(ORDERS.source, **value))
    return extra(), extra(options=Options(**value)) if owner is Options else extra(**value)


@pytest.mark.parametrize(("owner", "name"), [(owner, name) for owner, values in OTHERS.items() for name in values])
def test_no_field_is_overlooked(owner: type, name: str) -> None:
    old, new = changed(owner, name)
    assert differences([old], [new]), f"{owner.__name__}.{name} differs unnoticed"


def test_every_field_has_a_rule() -> None:
    """A new field of a contract fails here until somebody decides whom its change concerns."""
    assert module._CONTRACT.keys() | module._OWN_RULES == {field.name for field in fields(Contract)}
    assert module._COLUMN.keys() | module._COLUMN_OWN_RULES == {field.name for field in fields(Column)}
    for owner, identity in (
        (Contract, {"path", "dataset", "version"}),
        (Column, {"name"}),
        (Options, set()),
        (Source, set()),
    ):
        assert OTHERS[owner].keys() | identity == {field.name for field in fields(owner)}


@pytest.mark.parametrize(
    ("version", "new", "names"),
    [
        ("1.0.1", [replace(ORDERS, key=())], ["orders"]),
        ("1.9.0", [replace(ORDERS, key=())], ["orders"]),
        ("2.0.0", [replace(ORDERS, key=())], []),
        ("1.0.1", [extra()], []),
        ("1.0.1", [], ["orders"]),
    ],
)
def test_a_breaking_difference_raises_the_major_version(
    version: str, new: Sequence[Contract], names: list[str]
) -> None:
    assert ORDERS.version.startswith("1.")
    assert unannounced([ORDERS], [replace(contract, version=version) for contract in new]) == names


def test_differences_are_told_by_dataset_and_column() -> None:
    old = parse_contract(EXAMPLE, path="example")
    new = replace(old, columns=old.columns[:-1])
    (found,) = differences([old], [new])
    assert found.dataset == old.dataset
    assert found.column == old.columns[-1].name
    assert found.detail == f"column {found.column}: removed"
