"""Many writers of one dataset at once, and maintenance in the middle of a merge: nothing lost, nothing doubled."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from threading import Lock

import pytest

from emulator.runtime.server_lifecycle import Server
from lakehouse.maintenance import expiry, rewriting
from lakehouse.names import Move
from tests.support.fault_proxy import Answer, Forward, Request, wire
from tests.support.reliability import figures
from tests.support.reliability.datasets import ACCOUNTS, DATASETS, VISITS, changes
from tests.support.reliability.job_launcher import Launcher, Running
from tests.support.reliability.lake_clones import Lake, cloned, create
from tests.support.reliability.scenarios import Scenes, ending

WRITERS = 8
TABLE = "Concurrency"


def all_end_well(running: list[Running]) -> int:
    """Wait for them; how many races they lost together."""
    for job in running:
        assert job.wait() == 0, job.said
    return sum(job.said.count("commit conflict") for job in running)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("dataset", [ACCOUNTS, VISITS])
def test_eight_writers_of_different_batches(aws: Server, jobs: Launcher, dataset: str) -> None:
    """Writer n brings keys n to 12; of a key in several batches the last change counts, of facts each."""
    lake = create(aws, [dataset])
    numbers = range(1, WRITERS + 1)
    files = {
        ACCOUNTS: lambda n: {f"{n}.parquet": changes(("U", id_, n, n) for id_ in range(n, 13))},
        VISITS: lambda n: {f"{n}.csv": f"id,at,page\n0,2026-03-01 00:00:00,/\n{n},2026-03-01 00:00:00,/\n".encode()},
    }
    batch_ids = [lake.arrive(dataset, files[dataset](n)) for n in numbers]
    lost = {
        move: all_end_well(
            [lake.start(jobs, move, dataset, batch_id, run=batch_id) for batch_id in batch_ids]
        )
        for move in Move
    }  # fmt: skip

    held = lake.rows(f"integration.{dataset}")
    raw = Counter(row["_batch_id"] for row in lake.rows(f"raw.{dataset}"))
    if dataset == ACCOUNTS:
        assert raw == {batch_id: 13 - n for n, batch_id in zip(numbers, batch_ids, strict=True)}
        assert {row["id"]: row["amount"] for row in held} == {id_: min(id_, WRITERS) for id_ in range(1, 13)}
        assert len(held) == 12
    else:
        assert raw == dict.fromkeys(batch_ids, 2)
        assert Counter(row["id"] for row in held) == dict.fromkeys(range(WRITERS + 1), 1)
    told = Counter((row["batch_id"], row["move"], row["state"]) for row in lake.rows("ops.batches"))
    assert told == {(batch_id, move, "succeeded"): 1 for batch_id in batch_ids for move in Move}
    figures.tell(TABLE, case=f"{WRITERS} writers of different batches", dataset=dataset, **races(lost))


@pytest.mark.parametrize("dataset", DATASETS)
def test_two_runs_of_one_batch(jobs: Launcher, scenes: Scenes, dataset: str) -> None:
    lost = {}
    for move in Move:
        scene = scenes.of(dataset, move)
        expected = scenes.calm(scene).after
        with cloned(scene.template) as lake:
            runs = ("jr_1", "jr_2")
            lost[move] = all_end_well([lake.start(jobs, move, dataset, scene.batch_id, run=run) for run in runs])
            found = [ending(lake, scene, run=run) for run in runs]
        for one in found:
            assert one.data == expected.data
            assert one.quality == expected.quality
            assert [row["state"] for row in one.batches] == ["succeeded"]
        assert expected.batches[0] in [row for one in found for row in one.batches]
    figures.tell(TABLE, case="two runs of one batch", dataset=dataset, **races(lost))


def compact(lake: Lake, dataset: str) -> None:
    """Write each file of the table again, as compaction writes many."""
    table = lake.catalog.load_table(lake.table(f"integration.{dataset}"))
    rewriting.rewrite(table, [[task] for task in table.scan().plan_files()])


def expire(lake: Lake, dataset: str) -> None:
    """Forget all snapshots but the current one, which `lakehouse maintain` would do only after days."""
    table = lake.catalog.load_table(lake.table(f"integration.{dataset}"))
    current = table.metadata.current_snapshot_id
    expiry.expire(table, [snapshot.snapshot_id for snapshot in table.snapshots() if snapshot.snapshot_id != current])


def compact_and_expire(lake: Lake, dataset: str) -> None:
    """Both: what the merge reads from is no longer a snapshot of the table."""
    compact(lake, dataset)
    expire(lake, dataset)


class Moments:
    """Does something before the n-th request of one action, such as `GetTable 8`, is passed on."""

    def __init__(self, moment: str, do: Callable[[], None]) -> None:
        self._moment = moment
        self._do = do
        self._seen = Counter[str]()
        self._lock = Lock()
        self.came = False

    def __call__(self, request: Request, forward: Forward) -> Answer:
        with self._lock:
            self._seen[request.action] += 1
            is_now = f"{request.action} {self._seen[request.action]}" == self._moment
        if is_now:
            self._do()
            self.came = True
        return forward()


@pytest.mark.parametrize("maintain", [compact, expire, compact_and_expire])
@pytest.mark.parametrize("dataset", DATASETS)
def test_maintenance_in_the_middle_of_a_merge(
    jobs: Launcher, scenes: Scenes, dataset: str, maintain: Callable[[Lake, str], None]
) -> None:
    """It is done before the n-th look that the job takes at the catalog, and right before the job commits."""
    scene = scenes.of(dataset, Move.RAW_TO_INTEGRATION)
    calm = scenes.calm(scene)
    looks = sum(request.action == "GetTable" for request in calm.requests)
    lost = 0
    for moment in (f"GetTable {looks // 4}", f"GetTable {looks // 2}", "UpdateTable 1"):
        with cloned(scene.template) as lake:
            compact(lake, dataset)  # so that there is an earlier snapshot to expire
            moments = Moments(moment, partial(maintain, lake, dataset))
            with wire(lake.server.endpoint, moments) as endpoint:
                job = lake.run(jobs, scene.move, dataset, scene.batch_id, endpoint=endpoint)
            lost += job.said.count("commit conflict")
            assert moments.came
            assert ending(lake, scene) == calm.after, moment
    assert lost >= 1, "a job did not notice what was committed right before it"
    figures.tell(
        TABLE,
        case=f"{maintain.__name__.replace('_', ' ')} during a merge",
        dataset=dataset,
        **races({scene.move: lost}),
    )


def races(lost: dict[Move, int]) -> dict[str, object]:
    return {f"races lost, {move}": lost.get(move, "-") for move in Move}
