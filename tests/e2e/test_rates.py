"""What the bank's API published is in integration, though it sent half of a page once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import boto3
import pytest

from lakehouse.batches import pulls
from local.sources import rates_api
from tests.support.demo import tables
from tests.support.demo.finished_demo import Demo

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_integration_holds_the_newest_rate_of_each_currency_and_day(finished: Demo) -> None:
    (contract,) = (contract for contract in finished.contracts if contract.source.api)
    newest = {
        (rate["day"], rate["currency"]): rate for rate in rates_api.published(rates_api.TODAY + timedelta(days=5))
    }
    expected = tables.ordered(
        (
            date.fromisoformat(str(rate["day"])),
            rate["currency"],
            Decimal(str(rate["rate"])),
            datetime.fromisoformat(str(rate["published_at"])).astimezone(UTC),
        )
        for rate in newest.values()
    )
    assert len(expected) > 150
    assert tables.integration(contract, names=finished.lake.names) == expected
    last = pulls.last(boto3.client("s3"), names=finished.lake.names, dataset=contract.dataset)
    assert last is not None
    assert last.cursor == "2026-03-04T15:00:00Z"
