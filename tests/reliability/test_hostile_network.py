"""S3 and Glue behind a bad network: a job ends well or says what is wrong, and the next run is right."""

import os
import random
from collections import Counter

import pytest

from lakehouse.names import Move
from tests.support.fault_proxy import wire
from tests.support.reliability import figures
from tests.support.reliability.datasets import ACCOUNTS, DATASETS
from tests.support.reliability.job_launcher import Launcher, Running
from tests.support.reliability.lake_clones import Lake, cloned
from tests.support.reliability.network_faults import Expiry, Weather
from tests.support.reliability.scenarios import Ending, Scene, Scenes, ending

LONG = "RELIABILITY_LONG" in os.environ
SHARES = (0.02, 0.05, 0.1, 0.2) if LONG else (0.05, 0.2)
SEED = os.environ.get("RELIABILITY_SEED") or str(random.randrange(10**6))  # noqa: S311
ROUNDS = 10 if LONG else 1
TABLE = "A hostile network"
TALKATIVE = {"ARROW_S3_LOG_LEVEL": "WARN"}
"""Arrow is silent about its retries unless asked; then it tells a lot."""


def assert_right(lake: Lake, scene: Scene, expected: Ending, runs: list[str]) -> None:
    """The tables are as they must be, and the first success told of the batch what it must."""
    endings = [ending(lake, scene, run=run) for run in runs]
    told = [row for one in endings for row in one.batches if row["state"] == "succeeded"]
    assert endings[-1].data == expected.data
    assert told[:1] == expected.batches
    assert all(one.quality == expected.quality for one in endings if one.batches and one.batches[0]["gate"])


def assert_clear(job: Running, scene: Scene) -> None:
    """Who reads the log at 3 a.m. finds what failed, of what, and what to do."""
    lines = [line for line in job.said.splitlines() if " ERROR " in line and scene.batch_id in line]
    assert any(scene.dataset in line and "run it again" in line for line in lines), job.said


RETRIES = {
    "boto3": "failed at try",
    "Arrow": "attempting again",
    "Sail's S3": "backing off",
    "Sail's S3, in a body": "Retrying in",
    "Sail's Glue": "received a transient error",
    "a commit conflict": "commit conflict",
    "PyIceberg": "concurrent update, retrying",
}
"""How those who ask again say so in the log."""


def retries(job: Running) -> Counter[str]:
    return Counter({who: job.said.count(sign) for who, sign in RETRIES.items()})


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("dataset", DATASETS)
def test_a_mix_of_faults(scenes: Scenes, jobs: Launcher, dataset: str, share: float) -> None:
    done, outcomes, seen, requests = Counter[str](), Counter[str](), Counter[str](), 0
    for move in Move:
        scene = scenes.of(dataset, move)
        expected = scenes.calm(scene).after
        for number in range(ROUNDS):
            seed = f"{SEED}-{dataset}-{move}-{share}-{number}"
            weather = Weather(seed=seed, share=share)
            with cloned(scene.template) as lake:
                with wire(lake.server.endpoint, weather) as endpoint:
                    job = lake.start(jobs, move, dataset, scene.batch_id, endpoint=endpoint, **TALKATIVE)
                    status = job.wait()
                print(f"RELIABILITY_SEED={SEED}: {seed} ended with {status}: {dict(weather.done)}\n{job.said}")  # noqa: T201
                assert status in (0, 1)
                runs = ["jr_1"]
                if status == 1:
                    assert_clear(job, scene)
                    lake.run(jobs, move, dataset, scene.batch_id, run="jr_2")
                    runs.append("jr_2")
                assert_right(lake, scene, expected, runs)
            done += weather.done
            requests += weather.requests
            outcomes["right" if status == 0 else "said why, right on retry"] += 1
            seen += retries(job)
    figures.tell(
        f"{TABLE}, seed {SEED}",
        dataset=dataset,
        share=f"{share:.0%}",
        requests=requests,
        faults=done.total(),
        **{"retries in the log": seen.total()},
        **{name: outcomes[name] for name in ("right", "said why, right on retry")},
        kinds=listed(done),
        **{"who asked again": listed(seen)},
    )
    assert seen.total() >= done.total() / 4, "what was asked again should be seen in the log"


def listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count)


@pytest.mark.parametrize("move", Move)
@pytest.mark.parametrize("after", [1, 20, 60])
def test_credentials_expire(scenes: Scenes, jobs: Launcher, move: Move, after: int) -> None:
    scene = scenes.of(ACCOUNTS, move)
    expected = scenes.calm(scene).after
    expiry = Expiry(after=after)
    with cloned(scene.template) as lake:
        with wire(lake.server.endpoint, expiry) as endpoint:
            job = lake.start(jobs, move, ACCOUNTS, scene.batch_id, endpoint=endpoint)
            assert job.wait() == 1, job.said
        assert "xpired" in job.said
        assert expiry.refused < 30, "who has no credentials should not go on asking"
        assert_clear(job, scene)
        lake.run(jobs, move, ACCOUNTS, scene.batch_id, run="jr_2")
        assert_right(lake, scene, expected, ["jr_1", "jr_2"])
