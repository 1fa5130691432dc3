"""Page views hold what the generator says, read as a reader of the contract would."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from lakehouse.contracts.loader import load_contract
from local.demo import page_views
from local.demo.page_views import Visits

CONTRACT = Path(__file__).parents[3] / "contracts" / "web" / "page_views.odcs.yaml"


@pytest.fixture(params=[1, 2])
def hour(request: pytest.FixtureRequest) -> Visits:
    return page_views.hour(request.param)


def test_every_kind_is_there_and_the_same_every_time(hour: Visits) -> None:
    assert {"view", "repeat", "faulty", "astray"} == hour.kinds.keys()
    assert hour in (page_views.hour(1), page_views.hour(2))
    assert hour.views == sum(hour.kinds.values()) - 1


def test_views_have_the_contracts_columns_and_no_event_is_new_twice(hour: Visits) -> None:
    columns = [column.source_name for column in load_contract(CONTRACT).columns]
    views = [json.loads(event.body) for event in hour.events if event.kind == "view"]
    assert all(list(view) == columns for view in views)
    assert len({view["event_id"] for view in views}) == hour.kinds["view"]
    for event in hour.events:
        if event.kind == "faulty":
            faulty = json.loads(event.body)
            assert not faulty["page"].startswith("/") or not is_time(faulty["viewed_at"])


def test_a_repeat_is_an_event_that_was_sent_before() -> None:
    sent: set[bytes] = set()
    for event in (*page_views.hour(1).events, *page_views.hour(2).events):
        if event.kind != "astray":
            assert (event.body in sent) == (event.kind == "repeat")
        sent.add(event.body)


def is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
