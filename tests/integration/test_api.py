"""Pulls of an API that fails in typical ways: no data is lost or duplicated, and pulling again is enough."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from requests import ConnectionError as NotConnectedError
from requests import HTTPError

from emulator.runtime.server_lifecycle import Server
from lakehouse.apis.client import WaitTooLongError
from lakehouse.apis.page import PageError
from lakehouse.apis.pull import Pulled, pull
from lakehouse.batches import manifests, pulls
from lakehouse.batches.manifests import PULLS
from lakehouse.contracts.model import Ingest
from lakehouse.errors import LakehouseError
from lakehouse.moves.job import Job
from lakehouse.moves.raw_to_integration import raw_to_integration
from lakehouse.moves.stage_to_raw import stage_to_raw
from lakehouse.names import Names, Zone
from lakehouse.tables import definition
from local.sources import rates_api
from tests.support.http_servers import serving
from tests.support.moves.jobs import deployment, job_on
from tests.support.moves.planned import plan_batch
from tests.support.rates_contract import FEW_RETRIES, RATES, with_api

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ALWAYS = FEW_RETRIES.tries


@pytest.fixture(scope="module")
def names(aws: Server) -> Names:
    return deployment(aws, project="apis")


@pytest.fixture
def s3(names: Names) -> "S3Client":
    return boto3.client("s3")


@pytest.fixture
def bank() -> Iterator[rates_api.Bank]:
    running = rates_api.Bank()
    with serving(running):
        yield running


@pytest.fixture
def job(names: Names, request: pytest.FixtureRequest) -> Job:
    """A dataset of the test's own."""
    dataset = f"rates_{abs(hash(request.node.name)) % 10**9}"
    return job_on(replace(RATES, dataset=dataset), names=names)


def pulled(job: Job, bank: rates_api.Bank) -> Pulled:
    return pull(boto3.client("s3"), job.contract, names=job.names, secret=bank.api.secret, retries=FEW_RETRIES)


def moved(job: Job) -> dict[str, int]:
    """Move all batches to integration; how many records were received, accepted, rejected and changed."""
    s3 = boto3.client("s3")
    counts = dict.fromkeys(("received", "accepted", "rejected", "changed"), 0)
    for batch_id in manifests.batch_ids(s3, names=job.names, dataset=job.contract.dataset):
        batch = manifests.load(s3, names=job.names, dataset=job.contract.dataset, batch_id=batch_id)
        loaded = stage_to_raw(job.spark, job.contract, batch, names=job.names, catalog=job.catalog)
        merged = raw_to_integration(job.spark, job.contract, [batch_id], names=job.names, catalog=job.catalog)
        for name in ("received", "accepted", "rejected"):
            counts[name] += getattr(loaded, name)
        counts["changed"] += merged[batch_id].changed
    return counts


def rows(job: Job, zone: Zone) -> list[tuple[Any, ...]]:
    define = definition.raw if zone is Zone.RAW else definition.integration
    table = job.catalog.load_table(define(job.contract, names=job.names).name).scan().to_arrow().to_pylist()
    return sorted((row["day"], row["currency"], row["rate"], row["published_at"].isoformat()) for row in table)


def expected(today: date, *, newest_only: bool) -> list[tuple[Any, ...]]:
    found = {}
    for number, rate in enumerate(rates_api.published(today)):  # in the order in which they were published
        key = (rate["day"], rate["currency"]) if newest_only else number
        at = str(rate["published_at"]).replace("Z", "+00:00")
        value = Decimal(str(rate["rate"])).quantize(Decimal("0.000001"))
        found[key] = (date.fromisoformat(str(rate["day"])), rate["currency"], value, at)
    return sorted(found.values())


def assert_right(job: Job, today: date) -> None:
    """Raw holds each rate that was published exactly once, integration the newest of each day, and counts add up."""
    counts = moved(job)
    everything = expected(today, newest_only=False)
    assert rows(job, Zone.RAW) == everything
    assert rows(job, Zone.INTEGRATION) == expected(today, newest_only=True)
    assert (counts["received"], counts["accepted"], counts["rejected"]) == (len(everything), len(everything), 0)


def test_pulls_write_new_pages_to_stage_unchanged(job: Job, bank: rates_api.Bank, s3: "S3Client") -> None:
    first = pulled(job, bank)
    assert (first.pages, first.records, first.cursor) == (4, 164, "2026-02-27T15:00:00Z")
    assert pulled(job, bank) == Pulled(batch_id=None, since=first.cursor, cursor=first.cursor, pages=0, records=0)
    bank.today = date(2026, 3, 4)
    second = pulled(job, bank)
    assert (second.since, second.pages, second.records) == (first.cursor, 1, 25)
    batch = manifests.load(s3, names=job.names, dataset=job.contract.dataset, batch_id=str(second.batch_id))
    (page,) = batch.objects
    assert page.key.startswith(f"{job.contract.stage_prefix}{PULLS}")
    assert (
        b'{"base": "EUR", "rates": [{"day": "2026-03-02"'
        in s3.get_object(Bucket=page.bucket, Key=page.key)["Body"].read()
    )
    assert_right(job, bank.today)


def test_temporary_errors_are_retried(job: Job, bank: rates_api.Bank) -> None:
    bank.faults = ["500", "half", "die"]
    assert pulled(job, bank).records == 164
    bank.today = date(2026, 3, 4)
    bank.faults = ["429", "html", "500"]
    assert pulled(job, bank).records == 25
    assert_right(job, bank.today)


def test_a_repeated_page_is_not_taken_for_the_next(job: Job, bank: rates_api.Bank) -> None:
    pages = iter((False, True, True))  # the second request is answered as the first was, twice
    bank.faults = _Faults(lambda: next(pages, False), "again")
    assert pulled(job, bank).records == 164
    assert bank.requests == 4 + 2
    bank.today, bank.faults = date(2026, 3, 4), ["again"]
    assert pulled(job, bank).batch_id is None  # a page of the pull before
    assert pulled(job, bank).records == 25
    assert_right(job, bank.today)


class _Faults(list[str]):
    """Faults that are met whenever a condition holds."""

    def __init__(self, holds: Callable[[], bool], fault: str) -> None:
        super().__init__()
        self._holds, self._fault = holds, fault

    def __bool__(self) -> bool:
        return self._holds()

    def pop(self, _: object = -1) -> str:
        return self._fault


PERMANENT: dict[str, tuple[type[Exception], int]] = {
    "500": (HTTPError, ALWAYS),
    "429": (HTTPError, ALWAYS),
    "half": (PageError, ALWAYS),
    "html": (PageError, ALWAYS),
    "again": (PageError, ALWAYS),
    "stuck": (PageError, 1 + ALWAYS),  # the third page comes, and leads back to the first
    "die": (NotConnectedError, ALWAYS),
}


def test_permanent_errors_write_no_batch_and_lose_nothing(job: Job, bank: rates_api.Bank, s3: "S3Client") -> None:
    assert PERMANENT.keys() == {*rates_api.FAULTS}
    for fault, (error, requests) in PERMANENT.items():
        bank.requests, bank.faults = 0, _Faults(lambda: bank.requests > 2, fault)
        with pytest.raises(error) as raised:
            pulled(job, bank)
        assert (
            f"{job.contract.dataset}: the pull since 2026-02-01T00:00:00Z failed on page" in raised.value.__notes__[0]
        )
        assert bank.requests == 2 + requests, fault
        assert manifests.batch_ids(s3, names=job.names, dataset=job.contract.dataset) == {}
        assert plan_batch(s3, names=job.names, contract=job.contract) is None
    bank.faults = []
    assert pulled(job, bank).records == 164
    assert_right(job, bank.today)


def test_a_crash_between_pages_and_one_before_the_end(
    job: Job, bank: rates_api.Bank, s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("lakehouse.apis.pull._greatest", killed)  # the first page is in stage by then
        with pytest.raises(KeyboardInterrupt):
            pulled(job, bank)
    with monkeypatch.context() as patch:
        patch.setattr("lakehouse.batches.pulls.commit", killed)
        with pytest.raises(KeyboardInterrupt):
            pulled(job, bank)
    with monkeypatch.context() as patch:
        patch.setattr("lakehouse.batches.pulls.record_end", killed)  # after the commit
        with pytest.raises(KeyboardInterrupt):
            pulled(job, bank)
    assert pulled(job, bank).records == 0
    landed = s3.list_objects_v2(Bucket=job.names.bucket(Zone.STAGE), Prefix=job.contract.stage_prefix)["Contents"]
    assert len(landed) == 1 + 4 + 4
    assert_right(job, bank.today)


def test_two_pulls_at_once_write_one_batch(job: Job, bank: rates_api.Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    real, inner = pulls.commit, list[Pulled]()

    def overtaken(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(pulls, "commit", real)
        inner.append(pulled(job, bank))
        return real(*given, **named)

    monkeypatch.setattr(pulls, "commit", overtaken)
    assert pulled(job, bank).batch_id is None
    assert inner[0].batch_id is not None
    assert_right(job, bank.today)


def test_an_api_without_a_cursor_is_pulled_whole_and_counts_when_it_changed(job: Job, bank: rates_api.Bank) -> None:
    whole = replace(with_api(job.contract, incremental=None), ingest=Ingest.SNAPSHOT, ordering=())
    on_whole = replace(job, contract=whole)
    assert pulled(on_whole, bank).records == 164
    assert pulled(on_whole, bank).batch_id is None
    bank.today = date(2026, 3, 2)
    again = pulled(on_whole, bank)
    assert (again.batch_id, again.since, again.records) == (f"{whole.dataset}-00000002", None, 172)


def test_a_refused_request_is_not_retried(job: Job, bank: rates_api.Bank) -> None:
    s3 = boto3.client("s3")
    with pytest.raises(
        LakehouseError, match=r"401 'Unauthorized' of .*/v1/rates: .*who are you.*token in the source's secret"
    ):
        pull(s3, job.contract, names=job.names, secret={"url": bank.api.url, "token": "wrong"}, retries=FEW_RETRIES)
    elsewhere = with_api(job.contract, location="https://rates.example.com/v2/rates")
    with pytest.raises(LakehouseError, match="404 'Not Found'"):
        pull(s3, elsewhere, names=job.names, secret=bank.api.secret, retries=FEW_RETRIES)
    assert bank.requests == 0


def test_a_token_is_sent_to_its_own_host_and_over_https_only(
    job: Job, bank: rates_api.Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = with_api(job.contract, paginator="json_link", paging=(("next_url_path", "next"),))
    monkeypatch.setattr(rates_api, "PAGE", 100)
    monkeypatch.setattr(rates_api, "str", lambda _: "https://elsewhere.example.com/\x1b[2J", raising=False)
    with pytest.raises(LakehouseError, match=r"leads to 'https://elsewhere.example.com/.*', another host"):
        pull(boto3.client("s3"), linked, names=job.names, secret=bank.api.secret, retries=FEW_RETRIES)
    with pytest.raises(LakehouseError, match="over https only"):
        pull(
            boto3.client("s3"),
            job.contract,
            names=job.names,
            secret={"url": "http://rates.example.com"},
            retries=FEW_RETRIES,
        )


def test_a_pull_waits_as_asked_or_fails(job: Job, bank: rates_api.Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    bank.faults, bank.wait = ["429"], "1"
    begun = time.monotonic()
    assert pulled(job, bank).records == 164
    assert time.monotonic() - begun >= 1
    bank.faults, bank.wait = ["429"], "3600"
    requests = bank.requests
    with pytest.raises(WaitTooLongError, match="asks for a wait of 3600 s"):
        pulled(job, bank)
    assert bank.requests == requests + 1


def test_an_api_is_never_called_faster_than_allowed(job: Job, bank: rates_api.Bank) -> None:
    slowly = replace(job, contract=with_api(job.contract, requests_a_minute=300))
    begun = time.monotonic()
    assert pulled(slowly, bank).pages == 4
    assert time.monotonic() - begun >= 3 * 60 / 300
