"""A move of one batch, the lakehouse that it begins in, and what is there when it has ended."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from emulator.runtime.server_lifecycle import Server
from lakehouse.names import Move
from tests.support.fault_proxy import Answer, Forward, Request, wire
from tests.support.reliability.datasets import FIRST, SECOND
from tests.support.reliability.job_launcher import Launcher
from tests.support.reliability.lake_clones import TIMES_AND_IDS, Lake, Rows, clone, cloned, create


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A move of one batch; whoever plays it takes a clone of its lakehouse."""

    template: Lake
    move: Move
    dataset: str
    batch_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What is there when a run has ended, of one dataset, without times and ids: its tables, and what the run told."""

    data: dict[str, Rows]
    batches: Rows
    quality: Rows
    lineage: Counter[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calm:
    """A run that nothing happened to: what it asked AWS for, and what was there before and after it."""

    requests: list[Request]
    before: Ending
    after: Ending

    @property
    def effects(self) -> list[Request]:
        return [request for request in self.requests if request.is_effect]


class Scenes:
    """Both moves of a second batch, `of` dataset and move, with a first in all tables; and how they go in a `calm`."""

    def __init__(self, server: Server, jobs: Launcher) -> None:
        self._server = server
        self._jobs = jobs
        self.of = cache(self._of)
        self.calm = cache(partial(undisturbed, jobs=jobs))

    def _of(self, dataset: str, move: Move) -> Scene:
        if move is Move.RAW_TO_INTEGRATION:
            before = self.of(dataset, Move.STAGE_TO_RAW)
            lake, second = clone(before.template), before.batch_id
            lake.run(self._jobs, Move.STAGE_TO_RAW, dataset, second)
        else:
            lake = create(self._server, [dataset])
            first, second = (lake.arrive(dataset, files[dataset]) for files in (FIRST, SECOND))
            for each in Move:
                lake.run(self._jobs, each, dataset, first)
        return Scene(template=lake, move=move, dataset=dataset, batch_id=second)


def undisturbed(scene: Scene, *, jobs: Launcher) -> Calm:
    """Play a scene and look on."""
    seen: list[Request] = []

    def watch(request: Request, forward: Forward) -> Answer:
        seen.append(request)
        return forward()

    with cloned(scene.template) as lake, wire(lake.server.endpoint, watch) as endpoint:
        before = ending(lake, scene)
        lake.run(jobs, scene.move, scene.dataset, scene.batch_id, endpoint=endpoint)
        return Calm(requests=seen, before=before, after=ending(lake, scene))


def ending(lake: Lake, scene: Scene, *, run: str = "jr_1") -> Ending:
    """What is there now, and what a run told of the scene's batch."""

    def told(table: str, **where: str) -> Rows:
        where |= {"run_id": run}
        return _plain(row for row in lake.rows(table) if row | where == row)

    return Ending(
        data={zone: _plain(lake.rows(f"{zone}.{scene.dataset}")) for zone in ("raw", "integration")},
        batches=told("ops.batches", move=scene.move, batch_id=scene.batch_id),
        quality=told("ops.quality_results", batch_id=scene.batch_id, zone=scene.move.rpartition("_")[2]),
        lineage=Counter(
            (row["job"], row["event_type"])
            for row in told("ops.lineage")
            if row["batch_ids"] == [scene.batch_id] and row["job"].startswith(f"{scene.move}.")
        ),
    )


def _plain(rows: Iterable[dict[str, Any]]) -> Rows:
    return [{name: value for name, value in row.items() if name not in TIMES_AND_IDS} for row in rows]
