"""Waiting: the pauses grow up to a limit, and the time is limited too."""

from datetime import timedelta

import pytest

from lakehouse.engine import waiting
from lakehouse.engine.waiting import wait_until
from lakehouse.errors import LakehouseError


class Clock:
    """A clock on which only pauses take time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(waiting, "time", clock)
    return clock


def test_the_first_result_is_returned_after_growing_pauses(clock: Clock) -> None:
    answers = iter([None, None, None, None, 0])
    result = wait_until(
        lambda: next(answers), subject="a count", first_pause=1, longest_pause=5, growth=2, limit=timedelta(hours=1)
    )
    assert result == 0
    assert clock.pauses == [1, 2, 4, 5]


def test_a_result_that_is_there_takes_no_time(clock: Clock) -> None:
    assert wait_until(lambda: "x", subject="x", first_pause=1, longest_pause=5, limit=timedelta(0)) == "x"
    assert clock.pauses == []


def test_the_time_is_limited_and_the_error_names_the_subject(clock: Clock) -> None:
    with pytest.raises(LakehouseError, match="the end of jr_1 did not happen within 0:00:10"):
        wait_until(lambda: None, subject="the end of jr_1", first_pause=1, longest_pause=4, limit=timedelta(seconds=10))
    assert clock.now <= 10


def test_an_error_of_the_check_ends_the_waiting(clock: Clock) -> None:
    def fail() -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        wait_until(fail, subject="it", first_pause=1, longest_pause=1, limit=timedelta(hours=1))
    assert clock.pauses == []
