"""The planner of the unattended scheduler: it tells what is due, holds back what fails, and needs boto3 alone."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from lakehouse.batches import pulls
from lakehouse.batches.attempts import FAILED, Attempt
from lakehouse.contracts.index import entry
from lakehouse.names import Move
from lakehouse.operations.planner import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    MOST_DATASETS,
    Due,
    due,
    first_in_line,
    paused_until,
    planner_input,
)
from lakehouse.sizes import CAPACITIES, Size
from tests.support.batch_records import NAMES, START, arrive, attempt
from tests.support.rates_contract import RATES
from tests.support.till_contract import TILL

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OF_TILL, OF_RATES = planner_input(entry(TILL)), planner_input(entry(RATES))
FIRST, SECOND = "till-00000001", "till-00000002"


def attempt_of_till(batch_id: str, move: Move, *, at: int) -> Attempt:
    return replace(attempt(batch_id, move, at=at), dataset="till")


def test_it_needs_boto3_and_nothing_else() -> None:
    code = """
import sys
import boto3
boto3.client("s3", region_name="eu-central-1")
before = set(sys.modules)
import lakehouse.operations.planner
loaded = (sys.modules[name] for name in set(sys.modules) - before)
print(*{module.__name__.partition(".")[0] for module in loaded if "site-packages" in (module.__file__ or "")})
print(lakehouse.operations.planner.__name__)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["lakehouse.operations.planner"]


def test_what_waits_is_planned_and_due(s3: "S3Client") -> None:
    arrive(s3, "a.csv")
    assert due(s3, [planner_input(entry(replace(TILL, size=Size.LARGE)))], [], names=NAMES, now=START) == [
        {
            "dataset": "till",
            "stage_prefix": "sales/till/",
            "ingest": "append",
            "capacity": CAPACITIES[Size.LARGE],
            "pull_minutes": 0,
            "batches": {Move.STAGE_TO_RAW: FIRST, Move.RAW_TO_INTEGRATION: ""},
            "pull": False,
        }
    ]


def test_an_api_is_due_when_it_was_not_asked_for_so_long(s3: "S3Client") -> None:
    (first,) = due(s3, [OF_RATES], [], names=NAMES, now=START)
    assert (first["pull"], first["pull_minutes"], {*first["batches"].values()}) == (True, 60, {""})
    pulls.record_end(s3, names=NAMES, dataset=RATES.dataset, at=START)
    assert due(s3, [OF_RATES], [], names=NAMES, now=START) == []
    assert due(s3, [OF_RATES], [], names=NAMES, now=START + timedelta(hours=1)) == [first]


def test_nothing_is_due_where_nothing_waits(s3: "S3Client") -> None:
    assert due(s3, [OF_TILL], [], names=NAMES, now=START) == []
    arrive(s3, "a.csv")
    done = [attempt_of_till(FIRST, move, at=at) for at, move in enumerate(Move)]
    due(s3, [OF_TILL], [], names=NAMES, now=START)
    assert due(s3, [OF_TILL], done, names=NAMES, now=START) == []


def test_what_is_loaded_is_due_in_integration_beside_what_came_since(s3: "S3Client") -> None:
    arrive(s3, "a.csv")
    due(s3, [OF_TILL], [], names=NAMES, now=START)
    arrive(s3, "b.csv")
    [found] = due(s3, [OF_TILL], [attempt_of_till(FIRST, Move.STAGE_TO_RAW, at=0)], names=NAMES, now=START)
    assert found["batches"] == {Move.STAGE_TO_RAW: SECOND, Move.RAW_TO_INTEGRATION: FIRST}


def failure(run: int, *, at: int) -> Attempt:
    return replace(attempt_of_till(FIRST, Move.STAGE_TO_RAW, at=at), state=FAILED, run_id=f"jr_{run}")


def test_a_dataset_that_fails_is_left_alone_for_longer_and_longer() -> None:
    last = START + timedelta(seconds=30)
    assert paused_until([failure(1, at=0)]) == last + FIRST_PAUSE
    # One run fails for each of its batches at once.
    assert paused_until([failure(1, at=0), failure(1, at=0)]) == last + FIRST_PAUSE
    assert paused_until([failure(1, at=-9), failure(2, at=0)]) == last + 2 * FIRST_PAUSE
    assert paused_until([failure(run, at=-run) for run in range(5000)]) == last + LONGEST_PAUSE


def test_a_success_ends_the_pause() -> None:
    succeeded = attempt_of_till(FIRST, Move.STAGE_TO_RAW, at=5)
    assert paused_until([failure(1, at=0), succeeded]) is None


def test_a_paused_dataset_is_not_due_until_the_pause_is_over(s3: "S3Client") -> None:
    arrive(s3, "a.csv")
    failed = [failure(1, at=0)]
    over = failed[0].finished_at + FIRST_PAUSE
    assert due(s3, [OF_TILL], failed, names=NAMES, now=over - timedelta(seconds=1)) == []
    assert [found["dataset"] for found in due(s3, [OF_TILL], failed, names=NAMES, now=over)] == ["till"]


def test_an_execution_takes_those_that_waited_longest_without_their_batches() -> None:
    found: list[Due] = [
        {**OF_TILL, "dataset": f"d{number}", "pull": False, "batches": dict.fromkeys(Move, "b" * 3000)}
        for number in range(2 * MOST_DATASETS)
    ]
    # The first half was moved, the last of it longest ago; the second half never.
    recorded = [
        replace(attempt_of_till(FIRST, Move.STAGE_TO_RAW, at=-n), dataset=f"d{n}") for n in range(MOST_DATASETS)
    ]
    taken = first_in_line(found[1:], sorted(recorded, key=lambda one: one.finished_at))
    assert [one["dataset"] for one in taken] == [f"d{number}" for number in range(MOST_DATASETS, 2 * MOST_DATASETS)]
    assert taken[0] == {**OF_TILL, "dataset": f"d{MOST_DATASETS}", "pull": False}
    assert [one["dataset"] for one in first_in_line(found[:2], recorded)] == ["d1", "d0"]
