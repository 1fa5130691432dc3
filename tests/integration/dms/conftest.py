"""A source database of the session's own, and replications of it that run as processes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import IO, Any

import boto3
import psycopg
import pytest

from lakehouse.dms import s3_settings
from local import embedded
from local import postgres as local_postgres
from local.dms.progress import wait_until_caught_up
from local.dms.task import slot_name
from local.postgres import Database
from tests.integration.dms import replica

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A PostgreSQL server with logical replication."""
    root = tmp_path_factory.mktemp("postgres")
    yield local_postgres.start(root)
    local_postgres.stop(root)


@pytest.fixture
def database(postgres: Database) -> Database:
    """An empty database on that server."""
    name = f"test_{next(_numbers)}"
    local_postgres.create_database(postgres, name)
    return Database(
        host=postgres.host,
        port=postgres.port,
        user=postgres.user,
        password=postgres.password,
        dbname=name,
        pid=postgres.pid,
    )


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection to that database, in autocommit mode."""
    with psycopg.connect(database.conninfo, autocommit=True) as opened:
        yield opened


class Replicator:
    """The replicator's process and what it wrote."""

    def __init__(self, database: Database, folder: Path, bucket: str) -> None:
        self.database = database
        self.folder = folder
        self.bucket = bucket
        self.name = f"task-{database.dbname}"
        self.s3: dict[str, Any] = s3_settings(source="shop", bucket=bucket)
        self.migration_type = "full-load-and-cdc"
        self.rules: list[dict[str, Any]] = [_selection("public", "%")]
        self.postgresql: dict[str, Any] = {"MapBooleanAsBoolean": True}
        self._process: subprocess.Popen[bytes] | None = None
        self._input: IO[bytes] | None = None

    def start(self, *, reload: bool = False) -> None:
        source = {
            "EngineName": "postgres",
            "ServerName": self.database.host,
            "Port": self.database.port,
            "Username": self.database.user,
            "Password": self.database.password,
            "DatabaseName": self.database.dbname,
            "PostgreSQLSettings": self.postgresql,
        }
        document = {
            "Name": self.name,
            "MigrationType": self.migration_type,
            "Reload": reload,
            "SourceEndpoint": source,
            "TargetEndpoint": {"EngineName": "s3", "S3Settings": self.s3},
            "TableMappings": json.dumps({"rules": [*self.rules, _change_sequence()]}),
        }
        self.folder.mkdir(exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.dms", str(self.folder)], stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        self._input = self._process.stdin
        assert self._input is not None
        self._input.write(json.dumps(document).encode() + b"\n")
        self._input.flush()

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)
        self._close()

    def stop(self) -> int:
        """End its standard input, as the end of the server would, and return its exit code."""
        assert self._process is not None
        self._close()
        return self._process.wait(20)

    def wait(self) -> int:
        assert self._process is not None
        code = self._process.wait(20)
        self._close()
        return code

    def _close(self) -> None:
        if self._input is not None:
            self._input.close()
            self._input = None

    def clean_up(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def catch_up(self) -> None:
        try:
            wait_until_caught_up(self.database.conninfo, slot=slot_name(self.name), timeout_s=20)
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.log.read_text()}") from None

    @property
    def state(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return document

    def wait_for(self, status: str) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if (self.folder / "state.json").exists() and self.state["status"] == status:
                return
            time.sleep(0.02)
        raise AssertionError(f"not {status} within 20 s: {self.log.read_text()}")

    def prefix(self, table: str) -> str:
        return f"dms/shop/public/{table}/"

    def keys(self, table: str) -> list[str]:
        return replica.keys(self.bucket, self.prefix(table))

    def records(self, table: str) -> list[replica.Row]:
        return list(replica.records(self.bucket, self.prefix(table)))

    def assert_equals_source(self, connection: psycopg.Connection[Any], table: str, *, key: tuple[str, ...]) -> None:
        """Assert that replaying the files gives the rows that the source has now."""
        cursor = connection.execute(f'SELECT * FROM "{table}"')
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        expected = [dict(zip(names, map(replica.naive, row), strict=True)) for row in cursor]
        by_key = {tuple(row[name] for name in key): row for row in expected}
        assert replica.replay(self.bucket, self.prefix(table), key=key) == by_key


@pytest.fixture
def replicator(aws: embedded.Server, database: Database, tmp_path: Path) -> Iterator[Replicator]:
    """A replication of all tables of the schema `public` to a bucket of its own; not started yet."""
    assert os.environ["AWS_ENDPOINT_URL"] == aws.endpoint
    bucket = database.dbname.replace("_", "-")
    boto3.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region}  # type: ignore[typeddict-item]
    )
    running = Replicator(database, tmp_path / "replication", bucket)
    yield running
    running.clean_up()


def _selection(schema: str, table: str, action: str = "include") -> dict[str, Any]:
    return {
        "rule-type": "selection",
        "rule-id": "1",
        "rule-name": "1",
        "object-locator": {"schema-name": schema, "table-name": table},
        "rule-action": action,
    }


def _change_sequence() -> dict[str, Any]:
    return {
        "rule-type": "transformation",
        "rule-id": "99",
        "rule-name": "99",
        "rule-target": "column",
        "object-locator": {"schema-name": "%", "table-name": "%"},
        "rule-action": "add-column",
        "value": replica.SEQUENCE,
        "expression": "$AR_H_CHANGE_SEQ",
        "data-type": {"type": "string", "length": 50},
    }
