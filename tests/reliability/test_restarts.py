"""The embedded AWS and the source database are killed in the middle of a batch, and come back: nothing is lost."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import psutil
import psycopg
import pytest

from emulator.runtime import server_lifecycle
from lakehouse.names import Move, Zone
from local.sources import postgres
from local.sources.postgres import Database
from tests.support.fault_proxy import Answer, Forward, Request, wire
from tests.support.reliability import figures
from tests.support.reliability.datasets import ACCOUNTS, DATASETS
from tests.support.reliability.job_launcher import Launcher
from tests.support.reliability.lake_clones import cloned, create
from tests.support.reliability.scenarios import Scenes, ending
from tests.support.replication.replicator import Replicator

TABLE = "Kill and restart"


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server_lifecycle.Server]:
    """An embedded AWS that tests may kill."""
    root = tmp_path_factory.mktemp("mortal")
    yield server_lifecycle.up(root)
    server_lifecycle.down(root)


@pytest.fixture(scope="module")
def scenes(mortal: server_lifecycle.Server, jobs: Launcher) -> Scenes:
    return Scenes(mortal, jobs)


def kill_and_restart(root: Path) -> None:
    """Kill an embedded AWS and all its processes at once, and start it again on what it left on disk."""
    server = server_lifecycle.status(root)
    assert server is not None
    os.killpg(server.pid, signal.SIGKILL)
    while server_lifecycle.status(root) is not None:
        time.sleep(0.01)
    assert server_lifecycle.up(root).endpoint == server.endpoint


@pytest.mark.parametrize("move", Move)
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_embedded_aws_is_killed_in_the_middle_of_a_job(
    mortal: server_lifecycle.Server, scenes: Scenes, jobs: Launcher, dataset: str, move: Move
) -> None:
    """Right after it has answered the commit of the data, and right before; the job may end well or fail."""
    scene = scenes.of(dataset, move)
    calm = scenes.calm(scene)
    ends = []
    for after in (False, True):
        reached = Event()

        def meddle(request: Request, forward: Forward, after: bool = after, reached: Event = reached) -> Answer | None:
            if request.action != "UpdateTable" or reached.is_set():
                return forward()
            answer = forward() if after else None
            reached.set()
            kill_and_restart(mortal.root)
            return answer

        with cloned(scene.template) as lake:
            with wire(mortal.endpoint, meddle) as endpoint:
                job = lake.start(jobs, move, dataset, scene.batch_id, endpoint=endpoint)
                ends.append(job.wait())
            assert reached.is_set()
            if ends[-1] != 0:
                lake.run(jobs, move, dataset, scene.batch_id, run="jr_2")
            assert ending(lake, scene).data == calm.after.data
            told = [row for row in lake.rows("ops.batches") if row["move"] == move and row["state"] == "succeeded"]
            of_batch = [row for row in told if row["batch_id"] == scene.batch_id]
            assert [row["changed"] for row in of_batch][:1] == [row["changed"] for row in calm.after.batches]
    figures.tell(
        TABLE,
        what="embedded AWS",
        when=f"at the commit of {move}, {dataset}",
        **{"kills": len(ends), "ended well": ends.count(0), "right on retry": len(ends) - ends.count(0)},
    )


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Database]:
    yield postgres.start(tmp_path / "source", dbname="shop")
    postgres.stop(tmp_path / "source")


def test_postgresql_is_killed_while_it_is_replicated(
    aws: server_lifecycle.Server, jobs: Launcher, source: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replication goes on where it was when the database is back; each change arrives."""
    lake = create(aws, [ACCOUNTS])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", lake.account)
    with psycopg.connect(source.conninfo, autocommit=True) as connection:
        connection.execute("CREATE TABLE accounts (id bigint PRIMARY KEY, amount int)")
        connection.execute("INSERT INTO accounts SELECT n, 100 FROM generate_series(1, 50) n")
    replicator = Replicator(source, tmp_path / "replication", lake.names.bucket(Zone.STAGE))
    replicator.start()
    kills = 3
    try:
        replicator.catch_up()
        for number in range(1, kills + 1):
            with psycopg.connect(source.conninfo, autocommit=True) as connection:
                connection.execute("UPDATE accounts SET amount = amount + %s WHERE id <= 10", [number])
                connection.execute("DELETE FROM accounts WHERE id = %s", [20 + number])
                connection.execute("INSERT INTO accounts VALUES (%s, %s)", [100 + number, number])
                os.kill(source.pid, signal.SIGKILL)
            psutil.Process(source.pid).wait(30)
            source = postgres.start(tmp_path / "source", dbname="shop")
    finally:
        replicator.stop()  # or its thread outlives the tests
    error = replicator.error
    replicator.database = source
    replicator.start()
    replicator.catch_up()
    replicator.stop()
    batch_id = lake.arrive(ACCOUNTS, {})
    for move in Move:
        lake.run(jobs, move, ACCOUNTS, batch_id)
    held = {row["id"]: row["amount"] for row in lake.rows(f"integration.{ACCOUNTS}") if not row["_is_deleted"]}
    with psycopg.connect(source.conninfo) as connection:
        assert held == dict(connection.execute("SELECT id, amount FROM accounts").fetchall())
    how = "by itself" if error is None else "after a start of its own"
    figures.tell(
        TABLE,
        what="PostgreSQL",
        when=f"while it is replicated, which goes on {how}",
        **{"kills": kills, "ended well": kills, "right on retry": 0},
    )
