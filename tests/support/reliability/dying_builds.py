"""Builds by dbt in processes of their own, which fail their tests or are killed at random: for `published_states`."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from queue import Queue

from emulator.runtime.server_lifecycle import Server, endpoint_environment
from lakehouse.engine import catalog
from lakehouse.operations import dbt
from tests.support.fault_proxy import Answer, Forward, Request, wire
from tests.support.models.small_project import PYTHON, SCHEMA, Project
from tests.support.reliability.crashes import Killer, Point
from tests.support.reliability.job_launcher import REPOSITORY
from tests.support.reliability.published_states import WRITERS, Lake

ROWS = "select cast({number} as bigint) as run, row from (values bigint '0', bigint '1', bigint '2') as t (row)"
MODELS = {"base": ROWS, "mart": "select run, row from {{{{ ref('base') }}}}", "other": ROWS}
PROGRAM = """
import sys
from pathlib import Path
from lakehouse.names import Names
from lakehouse.operations import dbt
from lakehouse.releases.recording import released
project, account, region, folder = sys.argv[1:]
names = Names(project=project, environment="dev", account=account, region=region)
with released(names, profile=None, started_by="lakehouse build"):
    dbt.build(names, project=Path(folder))
"""
"""`lakehouse build`, of a project in a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Builds:
    """What the runs need.

    Attributes:
        lake: the tables of the models.
        server: the emulator.
        idle: folders of the project that no build uses now.
        effects: number of effects on AWS of an undisturbed build.
    """

    lake: Lake
    server: Server
    idle: "Queue[Project]"
    effects: int

    def run(self, number: int, some: random.Random) -> None:
        """Build rows with this number; a quarter of the models fail their test, half of the builds are killed."""
        project = self.idle.get()
        try:
            wrong = {name for name in MODELS if some.random() < 0.25}
            refused = wrong | ({"mart"} if "base" in wrong else set())
            for name in MODELS.keys() - refused:
                self.lake.passed[f"curated.{name}"].add(number)
            write(project, number, wrong=wrong)
            point = Point(number=some.randrange(self.effects), after=some.random() < 0.5)
            if some.random() < 0.5:
                self.kill(project, point)
            else:
                code, output = build(project, self.server, self.server.endpoint)
                assert not code or "keeps its last published rows" in output, output
        finally:
            self.idle.put(project)

    def kill(self, project: Project, point: Point) -> None:
        """Kill a build at one of its effects; it ends by itself if it has fewer."""
        killer = Killer(point)
        with wire(self.server.endpoint, killer) as endpoint, started(project, self.server, endpoint) as process:
            while not killer.kill.wait(0.02) and process.poll() is None:
                pass
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            killer.dead.set()


@contextmanager
def started(project: Project, server: Server, endpoint: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a build in a group of processes of its own, with dbt in it."""
    names = project.names
    place = endpoint_environment(endpoint=endpoint, account=server.account, region=server.region)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, names.project, names.account, names.region, str(project.folder)],
        env={dbt.PYTHON: PYTHON, **os.environ, **place, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.wait()


def build(project: Project, server: Server, endpoint: str) -> tuple[int, str]:
    """Build to the end; return the exit code and the output."""
    with started(project, server, endpoint) as process:
        output, _ = process.communicate()
    return process.returncode, output


def write(project: Project, number: int, *, wrong: set[str]) -> None:
    """Let the models have rows with this number; some models have each row twice, and fail their test."""
    for name, sql in MODELS.items():
        once = sql.format(number=number)
        project.write(name, f"{once} union all {once}" if name in wrong else once)


def make(project: Project, server: Server) -> Builds:
    """Publish the models with the rows of run 0, and return what further builds need."""
    project.describe(SCHEMA.replace("name: id", "name: row").replace("name: amount", "name: run"))
    write(project, 0, wrong=set())
    effects: list[Request] = []

    def watch(request: Request, forward: Forward) -> Answer:
        if request.is_effect:
            effects.append(request)
        return forward()

    with wire(server.endpoint, watch) as endpoint:
        code, output = build(project, server, endpoint)
    assert code == 0, output
    tables = {f"curated.{name}": (project.database, name) for name in MODELS}
    idle: Queue[Project] = Queue()
    for number in range(WRITERS):
        folder = project.folder.parent / str(number) / "models"
        shutil.copytree(project.folder, folder, ignore=shutil.ignore_patterns("target"))
        idle.put(replace(project, folder=folder))
    return Builds(
        lake=Lake(names=project.names, catalog=catalog.load(), tables=tables),
        server=server,
        idle=idle,
        effects=len(effects),
    )
