"""Whatever transactions a source commits, replaying the files gives its tables."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings

from emulator.replicator import source, task
from emulator.runtime import server_lifecycle
from local.sources import postgres as local_postgres
from local.sources.postgres import Database
from tests.support.replication.random_transactions import TABLES, transactions
from tests.support.replication.replicator import Replicator


@pytest.fixture(scope="module")
def running(
    aws: server_lifecycle.Server, postgres: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Replicator, psycopg.Connection[Any]]]:
    """A replication of both tables that follows already."""
    local_postgres.create_database(postgres, "any_transactions")
    database = replace(postgres, dbname="any_transactions")
    boto3.client("s3").create_bucket(
        Bucket="any-transactions",
        CreateBucketConfiguration={"LocationConstraint": aws.region},  # type: ignore[typeddict-item]
    )
    folder: Path = tmp_path_factory.mktemp("any") / "replication"
    replicator = Replicator(database, folder, "any-transactions")
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        for table, identity in TABLES.items():
            connection.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, a text, b text)")
            connection.execute(f"ALTER TABLE {table} ALTER b SET STORAGE EXTERNAL, REPLICA IDENTITY {identity}")
        replicator.start()
        replicator.catch_up()
        yield replicator, connection
        replicator.stop()
        source.drop(connection, slot=task.slot_name(replicator.name))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(work=transactions)
def test_replayed_files_equal_the_source(
    running: tuple[Replicator, psycopg.Connection[Any]], work: list[tuple[list[Any], bool]]
) -> None:
    replicator, connection = running
    for changes, rolled_back in work:
        with connection.transaction(force_rollback=rolled_back):
            for table, (statement, values) in changes:
                connection.execute(statement.replace("{}", table), values)
    replicator.catch_up()
    for table in TABLES:
        replicator.assert_equals_source(connection, table, key=("id",))
