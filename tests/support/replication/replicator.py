"""A replication under test: in a thread, or in a forked process that can be killed."""

import json
import threading
import time
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import psycopg

from emulator.replicator import replication, state, task
from emulator.replicator.progress import wait_until_caught_up
from lakehouse.contracts.dms import CHANGE_SEQUENCE, CHANGE_SEQUENCE_EXPRESSION, s3_settings
from lakehouse.contracts.model import Contract
from lakehouse.operations import replication_states, replications
from local.sources.postgres import Database
from tests.support.replication import file_replay

TIMEOUT_S = 30


class Replicator:
    """A replication of one schema, in a thread; change its attributes before it is started."""

    def __init__(self, database: Database, folder: Path, bucket: str) -> None:
        folder.mkdir()
        self.database = database
        self.folder = folder
        self.bucket = bucket
        self.name = f"task-{database.dbname}"
        self.s3: dict[str, Any] = s3_settings(source="shop", bucket=bucket)
        self.migration_type = "full-load-and-cdc"
        self.schema = "public"
        self.tables = ["%"]
        self.postgresql: dict[str, Any] = {"MapBooleanAsBoolean": True}
        self.error: BaseException | None = None
        self.first_start: datetime | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def document(self, *, reload: bool) -> dict[str, Any]:
        source = {
            "EngineName": "postgres",
            "ServerName": self.database.host,
            "Port": self.database.port,
            "Username": self.database.user,
            "Password": self.database.password,
            "DatabaseName": self.database.dbname,
            "PostgreSQLSettings": self.postgresql,
        }
        return {
            "Name": self.name,
            "MigrationType": self.migration_type,
            "Action": task.RELOAD if reload else task.RESUME,
            "SourceEndpoint": source,
            "TargetEndpoint": {"EngineName": "s3", "S3Settings": self.s3},
            "TableMappings": table_mappings(self.tables, schema=self.schema),
        }

    def start(self, *, reload: bool = False) -> None:
        self.error = None
        self.first_load_ended()
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, args=[task.parse(self.document(reload=reload))])
        self._thread.start()

    def first_load_ended(self) -> None:
        """Take the time of the first start after a load as that of the first batch: a later load is another one."""
        file = self.folder / "state.json"
        if self.first_start is None and file.exists():
            loaded = [table.full_load_ended for table in state.load(self.folder).tables.values()]
            if times := [moment for moment in loaded if moment]:
                self.first_start = datetime.fromtimestamp(min(times), UTC)

    def _run(self, parsed: task.Task) -> None:
        try:
            replication.run(parsed, folder=self.folder, state=state.load(self.folder), stopping=self._stop.is_set)
        except Exception as error:
            self.error = error

    def stop(self) -> None:
        self._stop.set()
        self.wait()

    def wait(self) -> None:
        """Wait until it ends by itself."""
        if self._thread is not None:
            self._thread.join(TIMEOUT_S)
            assert not self._thread.is_alive()

    def catch_up(self) -> None:
        """Wait until all that is committed is in S3."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                return wait_until_caught_up(self.database.conninfo, slot=task.slot_name(self.name), timeout_s=1)
            except TimeoutError:
                if self.error:
                    raise self.error from None
                if time.monotonic() > deadline:
                    raise

    @property
    def state(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return document

    def blockage(self, contract: Contract, history: replications.History) -> replications.Blockage | None:
        """Return what the API of DMS makes the lakehouse say about the table of a contract."""
        progress = state.load(self.folder)
        statistics = {
            (table.schema, table.name): replication_states.TableState(
                state=table.state,
                validation="No primary key" if table.inserts_only else "",
                ddls=table.ddls,
                loaded_at=datetime.fromtimestamp(table.full_load_started, UTC) if table.full_load_started else None,
            )
            for table in progress.tables.values()
        }
        replication_ = replication_states.Replication(
            status="failed" if self.error else progress.status,
            messages=(
                *([str(self.error)] if self.error else []),
                *(message for table in progress.tables.values() for message in table.problems),
            ),
            tables=statistics,
            reload="`reload`",
            resume="resume",
        )
        return replications.blockage_of(contract, replication_, history)

    def prefix(self, table: str) -> str:
        return f"dms/shop/public/{table}/"

    def keys(self, table: str) -> list[str]:
        return file_replay.keys(self.bucket, self.prefix(table))

    def records(self, table: str) -> list[file_replay.Row]:
        return list(file_replay.records(self.bucket, self.prefix(table)))

    def assert_equals_source(self, connection: psycopg.Connection[Any], table: str, *, key: tuple[str, ...]) -> None:
        """Assert that replaying the files gives the rows that the source has now."""
        cursor = connection.execute(f'SELECT * FROM "{table}"')
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        expected = [dict(zip(names, map(file_replay.naive, row), strict=True)) for row in cursor]
        by_key = {tuple(row[name] for name in key): row for row in expected}
        assert file_replay.replay(self.bucket, self.prefix(table), key=key) == by_key


class ForkedReplicator(Replicator):
    """The same in a forked process, which starts at once and can be killed."""

    _process: ForkProcess | None = None

    def start(self, *, reload: bool = False) -> None:
        parsed = task.parse(self.document(reload=reload))
        self._process = get_context("fork").Process(target=self._run, args=[parsed])
        self._process.start()

    def wait_for_state(self, text: str) -> None:
        """Wait until the file of its state has this text."""
        file = self.folder / "state.json"
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            if file.exists() and text in file.read_text():
                return
            time.sleep(0.002)
        raise AssertionError(f"{text} not reached in {TIMEOUT_S} s")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join(TIMEOUT_S)


def table_mappings(tables: list[str], *, schema: str = "public") -> str:
    """Table mappings that select these tables of a schema, with the change sequence."""
    return json.dumps({"rules": [*(_selection(schema, table) for table in tables), _CHANGE_SEQUENCE_RULE]})


def _selection(schema: str, table: str) -> dict[str, Any]:
    return {
        "rule-type": "selection",
        "rule-id": "1",
        "rule-name": "1",
        "object-locator": {"schema-name": schema, "table-name": table},
        "rule-action": "include",
    }


_CHANGE_SEQUENCE_RULE = {
    "rule-type": "transformation",
    "rule-id": "99",
    "rule-name": "99",
    "rule-target": "column",
    "object-locator": {"schema-name": "%", "table-name": "%"},
    "rule-action": "add-column",
    "value": CHANGE_SEQUENCE,
    "expression": CHANGE_SEQUENCE_EXPRESSION,
    "data-type": {"type": "string", "length": 50},
}
