"""Pulls: a batch when they are complete, once, and the cursor that their manifest holds."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from lakehouse.batches import manifests, pulls
from lakehouse.batches.manifests import Batch, StageObject
from lakehouse.names import Names, Zone
from tests.support.moves.planned import plan_batch
from tests.support.rates_contract import RATES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NAMES = Names(environment="dev", account="123456789012", region="eu-central-1")
DATASET = RATES.dataset


def land(s3: "S3Client", name: str) -> StageObject:
    key = f"{RATES.stage_prefix}{manifests.PULLS}{name}"
    put = s3.put_object(Bucket=NAMES.bucket(Zone.STAGE), Key=key, Body=b"{}")
    return StageObject(bucket=NAMES.bucket(Zone.STAGE), key=key, etag=put["ETag"].strip('"'), version_id=None, size=2)


def commit(s3: "S3Client", name: str, *, after: Batch | None, cursor: str | None) -> Batch | None:
    pages = [land(s3, name)]
    return pulls.commit(s3, names=NAMES, dataset=DATASET, after=after, pages=pages, cursor=cursor)


def test_pages_are_a_batch_when_they_are_committed_and_not_before(s3: "S3Client") -> None:
    land(s3, "crashed/1.json")
    assert plan_batch(s3, names=NAMES, contract=RATES) is None
    assert pulls.last(s3, names=NAMES, dataset=DATASET) is None
    first = commit(s3, "a/1.json", after=None, cursor="5")
    assert first is not None
    assert (first.batch_id, first.cursor) == ("exchange_rates-00000001", "5")
    assert pulls.last(s3, names=NAMES, dataset=DATASET) == first
    assert plan_batch(s3, names=NAMES, contract=RATES) is None


def test_files_by_hand_are_batches_beside_the_pulls(s3: "S3Client") -> None:
    first = commit(s3, "a/1.json", after=None, cursor="5")
    s3.put_object(Bucket=NAMES.bucket(Zone.STAGE), Key=f"{RATES.stage_prefix}2026/file.json", Body=b"{}")
    planned = plan_batch(s3, names=NAMES, contract=RATES)
    assert planned is not None
    assert planned.batch_id == "exchange_rates-00000002"
    assert pulls.last(s3, names=NAMES, dataset=DATASET) == first
    second = commit(s3, "b/1.json", after=first, cursor="6")
    assert second is not None
    assert second.batch_id == "exchange_rates-00000003"


def test_of_two_pulls_from_one_cursor_one_counts(s3: "S3Client") -> None:
    assert commit(s3, "a/1.json", after=None, cursor="5") is not None
    assert commit(s3, "b/1.json", after=None, cursor="6") is None
    assert list(manifests.batch_ids(s3, names=NAMES, dataset=DATASET)) == ["exchange_rates-00000001"]


def test_a_write_whose_answer_was_lost_counts_once(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    real = manifests.put

    def unanswered(*given: object, **named: object) -> bool:
        assert real(*given, **named)  # type: ignore[arg-type]
        return False  # as botocore's second try meets its first

    monkeypatch.setattr(manifests, "put", unanswered)
    found = commit(s3, "a/1.json", after=None, cursor="5")
    assert found is not None
    assert list(manifests.batch_ids(s3, names=NAMES, dataset=DATASET)) == [found.batch_id]


def test_an_api_is_asked_as_often_as_its_contract_needs(s3: "S3Client") -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)

    def is_due(*, after: int) -> bool:
        at = now + timedelta(minutes=after)
        return pulls.is_due(s3, names=NAMES, dataset=DATASET, minutes=60, now=at)

    assert is_due(after=0)
    pulls.record_end(s3, names=NAMES, dataset=DATASET, at=now)
    assert [is_due(after=minutes) for minutes in (0, 44, 45)] == [False, False, True]


@pytest.mark.parametrize(
    ("freshness", "minutes"),
    [(None, 60), (timedelta(days=1), 720), (timedelta(minutes=1), 5), (timedelta(days=30), 1440)],
)
def test_how_often_follows_from_freshness(freshness: timedelta | None, minutes: int) -> None:
    assert pulls.interval(freshness) == timedelta(minutes=minutes)
