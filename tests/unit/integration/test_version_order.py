"""Version order, by ingest and source of the dataset."""

from dataclasses import replace

import pytest

from lakehouse.contracts import types
from lakehouse.contracts.model import Contract, Deduplicate, Ingest, Source
from lakehouse.integration import version_order
from tests.support.contract_builders import column

ORDERS = Contract(
    path="contracts/sales/orders.odcs.yaml",
    domain="sales",
    dataset="orders",
    version="1.0.0",
    columns=(column("order_id", types.LONG, required=True), column("updated_at", types.TIMESTAMP, required=True)),
    key=("order_id",),
    ingest=Ingest.CDC,
    source=Source(name="shop", type="postgresql", format="parquet"),
    ordering=("_change_seq",),
)
EVENTS = replace(ORDERS, source=Source(name="app", type="kafka", format="json"), ordering=("updated_at",))


@pytest.mark.parametrize(
    ("contract", "columns"),
    [
        (ORDERS, ("_change_seq", "_commit_ts", "_is_deleted")),
        (replace(ORDERS, ordering=("_commit_ts", "_change_seq")), ("_commit_ts", "_change_seq", "_is_deleted")),
        (EVENTS, ("updated_at", "_is_deleted")),
        (replace(EVENTS, ingest=Ingest.SNAPSHOT, ordering=()), ("_batch_id", "_is_deleted")),
        (replace(EVENTS, ingest=Ingest.APPEND, deduplicate=Deduplicate.KEY), ("updated_at",)),
        (replace(EVENTS, ingest=Ingest.APPEND, deduplicate=Deduplicate.KEY, ordering=()), ()),
    ],
)
def test_columns_that_order_versions(contract: Contract, columns: tuple[str, ...]) -> None:
    assert version_order.order_columns(contract) == columns


def test_a_full_load_row_is_older_than_any_change() -> None:
    assert version_order.order(ORDERS, "s") == "struct(coalesce(s.`_change_seq`, ''), s.`_commit_ts`, s.`_is_deleted`)"


def test_versions_without_order_columns_are_tied() -> None:
    unordered = replace(EVENTS, ingest=Ingest.APPEND, deduplicate=Deduplicate.KEY, ordering=())
    assert version_order.order(unordered, "s") == version_order.order(unordered, "t") == "true"


def test_all_parts_of_a_key_must_agree() -> None:
    assert version_order.same_key(replace(ORDERS, key=("a", "b"))) == "s.`a` = t.`a` AND s.`b` = t.`b`"
