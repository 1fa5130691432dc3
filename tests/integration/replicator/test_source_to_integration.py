"""Whatever transactions a PostgreSQL commits, the integration table is its table: through files, raw and the merge."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from emulator.replicator import source, task
from emulator.runtime.server_lifecycle import Server
from lakehouse.contracts import types
from lakehouse.contracts.model import Contract, Ingest, Source
from lakehouse.engine import catalog
from lakehouse.engine.session import spark
from lakehouse.moves.raw_to_integration import raw_to_integration
from lakehouse.moves.stage_to_raw import stage_to_raw
from lakehouse.names import Names, Zone
from lakehouse.tables import definition, migrations
from local.sources import postgres as local_postgres
from local.sources.postgres import Database
from tests.support.moves.jobs import deployment
from tests.support.moves.lake import column
from tests.support.moves.planned import plan_batch
from tests.support.replication.random_transactions import TABLES, transactions
from tests.support.replication.replicator import Replicator

EXAMPLES = int(os.environ.get("EXAMPLES", "4"))

CONTRACTS = [
    Contract(
        path=f"contracts/test/{table}.odcs.yaml",
        domain="test",
        dataset=table,
        version="1.0.0",
        columns=(column("id", types.INT, required=True), column("a", types.STRING), column("b", types.STRING)),
        key=("id",),
        ingest=Ingest.CDC,
        source=Source(
            name="shop", type="postgresql", format="parquet", database="whole_way", schema="public", table=table
        ),
        ordering=("_change_seq",),
    )
    for table in TABLES
]


@dataclass(frozen=True)
class Way:
    """A source that is followed, and the lakehouse that it fills."""

    connection: psycopg.Connection[Any]
    replicator: Replicator
    names: Names

    def go(self, contract: Contract) -> None:
        """Bring what is in stage into integration."""
        batch = plan_batch(boto3.client("s3"), names=self.names, contract=contract)
        if batch is None:
            return
        stage_to_raw(spark(), contract, batch, names=self.names, catalog=catalog.load())
        raw_to_integration(spark(), contract, [batch.batch_id], names=self.names, catalog=catalog.load())

    def rows(self, contract: Contract) -> dict[int, tuple[Any, ...]]:
        """Rows of the integration table that are not deleted."""
        table = catalog.load().load_table(definition.integration(contract, names=self.names).name)
        rows = table.scan(row_filter="_is_deleted = false").to_arrow().to_pylist()
        found = {row["id"]: (row["id"], row["a"], row["b"]) for row in rows}
        assert len(found) == len(rows)
        return found


@pytest.fixture(scope="module")
def way(aws: Server, postgres: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    names = deployment(aws, project="way")
    for contract in CONTRACTS:
        for define in (definition.raw, definition.integration):
            migrations.create(catalog.load(), define(contract, names=names))
    local_postgres.create_database(postgres, "whole_way")
    database = replace(postgres, dbname="whole_way")
    folder: Path = tmp_path_factory.mktemp("whole") / "replication"
    replicator = Replicator(database, folder, names.bucket(Zone.STAGE))
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        for table, identity in TABLES.items():
            connection.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, a text, b text)")
            connection.execute(f"ALTER TABLE {table} ALTER b SET STORAGE EXTERNAL, REPLICA IDENTITY {identity}")
            connection.execute(f"INSERT INTO {table} VALUES (1, 'loaded', NULL), (2, NULL, 'loaded')")
        replicator.start()
        replicator.catch_up()
        yield Way(connection, replicator, names)
        replicator.stop()
        source.drop(connection, slot=task.slot_name(replicator.name))


@pytest.mark.timeout(60 + 30 * EXAMPLES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(work=transactions)
def test_integration_is_the_sources_table(way: Way, work: list[tuple[list[Any], bool]]) -> None:
    for changes, rolled_back in work:
        with way.connection.transaction(force_rollback=rolled_back):
            for table, (statement, values) in changes:
                way.connection.execute(statement.replace("{}", table), values)
    way.replicator.catch_up()
    for contract in CONTRACTS:
        way.go(contract)
        expected = way.connection.execute(f"SELECT id, a, b FROM {contract.dataset}").fetchall()
        assert way.rows(contract) == {row[0]: row for row in expected}
