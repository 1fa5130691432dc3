"""A source database of the session's own, and replications of it."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from psycopg import sql

from emulator.runtime import server_lifecycle
from local.sources import postgres as local_postgres
from local.sources.postgres import Database
from tests.support.replication.replicator import ForkedReplicator, Replicator

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A PostgreSQL server with logical replication."""
    root = tmp_path_factory.mktemp("postgres")
    yield local_postgres.start(root)
    local_postgres.stop(root)


@pytest.fixture
def database(postgres: Database) -> Iterator[Database]:
    """An empty database on that server, gone with its slots when the test ends."""
    name = f"test_{next(_numbers)}"
    local_postgres.create_database(postgres, name)
    yield replace(postgres, dbname=name)
    with psycopg.connect(postgres.conninfo, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE database = %s AND active",
            [name],
        )
        admin.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = %s", [name]
        )
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection to that database, in autocommit mode."""
    with psycopg.connect(database.conninfo, autocommit=True) as opened:
        yield opened


@pytest.fixture
def replicator(database: Database, bucket: str, tmp_path: Path) -> Iterator[Replicator]:
    """A replication of all tables of the schema `public`; not started yet."""
    running = Replicator(database, tmp_path / "replication", bucket)
    yield running
    running.stop()


@pytest.fixture
def forked(database: Database, bucket: str, tmp_path: Path) -> Iterator[ForkedReplicator]:
    """The same, to be killed."""
    running = ForkedReplicator(database, tmp_path / "replication", bucket)
    yield running
    running.kill()


@pytest.fixture
def bucket(aws: server_lifecycle.Server, database: Database) -> str:
    """A bucket of the test's own."""
    name = database.dbname.replace("_", "-")
    boto3.client("s3").create_bucket(
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": aws.region},  # type: ignore[typeddict-item]
    )
    return name
