"""Batches: what waits is planned once, whoever plans it and in whatever order it arrives."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lakehouse.batches import manifests, planning
from lakehouse.batches.planning import plan_batches
from lakehouse.contracts.model import Ingest
from lakehouse.errors import LakehouseError
from lakehouse.names import Names, Zone
from tests.support.batch_records import NAMES, arrive
from tests.support.moves.planned import plan_batch
from tests.support.till_contract import TILL

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def keys(batch: manifests.Batch | None) -> list[str]:
    assert batch is not None
    return [item.key.removeprefix("sales/till/") for item in batch.objects]


def test_nothing_waits(s3: "S3Client") -> None:
    assert plan_batch(s3, names=NAMES, contract=TILL) is None


def test_every_object_is_planned_once(s3: "S3Client") -> None:
    arrive(s3, "a.csv")
    arrive(s3, "b.csv", b"twelve bytes")
    first = plan_batch(s3, names=NAMES, contract=TILL)
    assert keys(first) == ["a.csv", "b.csv"]
    assert first is not None
    assert (first.batch_id, first.size) == ("till-00000001", 13)
    assert plan_batch(s3, names=NAMES, contract=TILL) is None
    arrive(s3, "c.csv")
    second = plan_batch(s3, names=NAMES, contract=TILL)
    assert keys(second) == ["c.csv"]
    assert second is not None
    assert second.batch_id == "till-00000002"
    assert manifests.load(s3, names=NAMES, dataset="till", batch_id="till-00000001") == first


def test_a_name_that_is_sent_again_is_another_arrival(s3: "S3Client") -> None:
    arrive(s3, "a.csv", b"first")
    first = plan_batch(s3, names=NAMES, contract=TILL)
    arrive(s3, "a.csv", b"second")
    second = plan_batch(s3, names=NAMES, contract=TILL)
    assert keys(first) == keys(second) == ["a.csv"]
    assert first is not None
    assert second is not None
    assert first.objects[0].version_id != second.objects[0].version_id


def test_other_datasets_and_folder_markers_are_left_alone(s3: "S3Client") -> None:
    s3.put_object(Bucket=NAMES.bucket(Zone.STAGE), Key="sales/tills/a.csv", Body=b"x")
    arrive(s3, "folder/")
    assert plan_batch(s3, names=NAMES, contract=TILL) is None


def test_a_planner_that_loses_the_race_plans_again(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(s3, "a.csv")
    arrive(s3, "b.csv")
    listed = manifests.batch_ids
    rivals = []

    def list_then_lose(client: "S3Client", *, names: Names, dataset: str, first: int = 1) -> object:
        known = listed(client, names=names, dataset=dataset, first=first)
        if not rivals:
            rivals.append("planned")
            monkeypatch.setattr(manifests, "batch_ids", listed)
            assert keys(plan_batch(s3, names=NAMES, contract=TILL)) == ["a.csv", "b.csv"]
            arrive(s3, "c.csv")
        return known

    monkeypatch.setattr(manifests, "batch_ids", list_then_lose)
    batch = plan_batch(s3, names=NAMES, contract=TILL)
    assert keys(batch) == ["c.csv"]
    assert batch is not None
    assert batch.batch_id == "till-00000002"


def test_a_large_backlog_is_split(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "BATCH_BYTES", 10)
    for name in ("a.csv", "b.csv", "c.csv"):
        arrive(s3, name, b"six by")
    planned = plan_batches(s3, names=NAMES, contract=TILL).batches
    assert [keys(batch) for batch in planned] == [["a.csv", "b.csv"], ["c.csv"]]


def test_snapshots_are_planned_one_delivery_at_a_time(s3: "S3Client") -> None:
    for key in ("monday/1.csv", "monday/2.csv", "tuesday/1.csv"):
        arrive(s3, key)
    contract = replace(TILL, ingest=Ingest.SNAPSHOT)
    planned = plan_batches(s3, names=NAMES, contract=contract).batches
    assert [keys(batch) for batch in planned] == [["monday/1.csv", "monday/2.csv"], ["tuesday/1.csv"]]


def test_an_unknown_batch_is_refused_by_name(s3: "S3Client") -> None:
    with pytest.raises(LakehouseError, match="till: no batch till-00000009"):
        manifests.load(s3, names=NAMES, dataset="till", batch_id="till-00000009")
