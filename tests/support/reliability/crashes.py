"""A job that is killed at one of its side effects, and what it leaves behind."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from threading import Event, Lock

from tests.support.fault_proxy import Answer, Forward, Request, wire
from tests.support.reliability.job_launcher import JOB_SECONDS, Launcher
from tests.support.reliability.lake_clones import cloned
from tests.support.reliability.scenarios import Calm, Ending, Scene, ending

LANES = 2
"""Kill points at a time; each is in an account of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a job is killed: before side effect `number` (from 0) reaches AWS, or after it was done there."""

    number: int
    after: bool = False

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} side effect {self.number}"


class Killer:
    """Kills a job at one of its side effects, which come one at a time: what was on its way then is lost."""

    def __init__(self, point: Point) -> None:
        self.point = point
        self._effects = 0
        self.kill, self.dead = Event(), Event()
        self._turn = Lock()

    def __call__(self, request: Request, forward: Forward) -> Answer | None:
        if not request.is_effect:
            return self._nothing_any_more() if self.kill.is_set() else forward()
        with self._turn:
            if self.kill.is_set():
                return self._nothing_any_more()
            self._effects += 1
            if self._effects <= self.point.number:
                return forward()
            if self.point.after:
                forward()
            self.kill.set()
            return self._nothing_any_more()

    def _nothing_any_more(self) -> None:
        """No answer to a job that is being killed: it could use it to end by itself."""
        self.dead.wait(JOB_SECONDS)


def points(effects: list[Request], *, each: bool) -> list[Point]:
    """Where to kill: before side effects, and after the last.

    A job keeps nothing that tells "after one" from "before the next". Of the three requests that upload an object in
    parts it is now the first, now the second, now the third: nobody sees the object before the third is done.

    Args:
        effects: of an undisturbed run.
        each: before and after every single one nevertheless.
    """
    if each:
        return [Point(number=number, after=after) for number in range(len(effects)) for after in (False, True)]
    uploads = [list(group) for _, group in groupby(range(len(effects)), key=lambda number: effects[number].about)]
    chosen = [numbers[turn % len(numbers)] for turn, numbers in enumerate(uploads)]
    return [*(Point(number=number) for number in chosen), Point(number=len(effects) - 1, after=True)]


def crash(scene: Scene, point: Point, jobs: Launcher, *, before: Ending, after: Ending) -> list[str]:
    """Kill a run there, look at what a reader sees, run it again, and compare with a run that nobody killed.

    Returns:
        what is not as it must be.
    """
    killer = Killer(point)
    with cloned(scene.template) as lake:
        with wire(lake.server.endpoint, killer) as endpoint:
            job = lake.start(jobs, scene.move, scene.dataset, scene.batch_id, endpoint=endpoint)
            while not killer.kill.wait(0.01) and not job.ended.is_set():
                pass
            job.kill()
            died = job.wait()
            killer.dead.set()
        left = ending(lake, scene)
        lake.run(jobs, scene.move, scene.dataset, scene.batch_id, run="jr_2")
        mended = ending(lake, scene, run="jr_2")
    what = f"{scene.dataset}, {scene.move}, killed {point}"
    told = [*left.batches, *mended.batches]
    checks = {
        f"it was to be killed, but ended with {died}: {job.said[-800:]}": died == -9,
        f"a reader saw {left.data}": left.data in (before.data, after.data),
        f"the tables hold {mended.data}": mended.data == after.data,
        f"ops.batches tells {told}": told[: len(after.batches)] == after.batches,
        f"the second run left {mended.batches}": len(mended.batches) == len(after.batches),
        f"rules were judged {mended.quality}": mended.quality == after.quality,
        f"lineage was {mended.lineage}": mended.lineage == after.lineage,
    }
    return [f"{what}: {fault}" for fault, is_right in checks.items() if not is_right]


def crash_at_all(scene: Scene, calm: Calm, jobs: Launcher, *, each: bool) -> dict[Point, list[str]]:
    """Crash a scene at all points.

    Returns:
        what is wrong after each crash.
    """
    where = points(calm.effects, each=each)
    with ThreadPoolExecutor(LANES) as pool:
        found = pool.map(lambda point: crash(scene, point, jobs, before=calm.before, after=calm.after), where)
        return dict(zip(where, found, strict=True))
