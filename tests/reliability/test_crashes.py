"""A job is killed at each of its side effects in turn and run again: nothing is lost, doubled, or half to be seen."""

import os
from collections import Counter
from itertools import chain

import pytest

from lakehouse.names import Move
from tests.support.reliability import figures
from tests.support.reliability.crashes import crash_at_all
from tests.support.reliability.datasets import DATASETS
from tests.support.reliability.job_launcher import Launcher
from tests.support.reliability.scenarios import Scenes

LONG = "RELIABILITY_LONG" in os.environ


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("move", Move)
@pytest.mark.parametrize("dataset", DATASETS)
def test_a_job_is_killed_at_every_side_effect(scenes: Scenes, dataset: str, move: Move, jobs: Launcher) -> None:
    scene = scenes.of(dataset, move)
    calm = scenes.calm(scene)
    found = crash_at_all(scene, calm, jobs, each=LONG)
    kinds = Counter("S3" if effect.service == "s3" else effect.action for effect in calm.effects)
    figures.tell(
        "Crash at every side effect",
        dataset=dataset,
        move=move,
        **{"S3 writes": kinds["S3"], "catalog commits": kinds["UpdateTable"], "metrics": kinds["PutMetricData"]},
        **{"kill points": len(found), "wrong": sum(map(bool, found.values()))},
    )
    # The data, the judgement, lineage, the attempt; raw -> integration commits to a candidate and publishes it.
    assert kinds["UpdateTable"] == 4 + (move is Move.RAW_TO_INTEGRATION), kinds
    wrong = list(chain.from_iterable(found.values()))
    assert not wrong, "\n".join(wrong)
