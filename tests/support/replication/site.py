"""A PostgreSQL that is followed, and the lakehouse that it fills, for tests of both."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import psycopg

from emulator.runtime.server_lifecycle import Server
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog
from lakehouse.engine.session import spark
from lakehouse.moves.raw_to_integration import raw_to_integration
from lakehouse.moves.stage_to_raw import stage_to_raw
from lakehouse.names import Names, Zone
from lakehouse.reconciliation.reconciliation import reconcile_dataset
from lakehouse.tables import definition, migrations
from local.sources import postgres as local_postgres
from tests.support.moves.jobs import deployment
from tests.support.moves.planned import plan_batch
from tests.support.replication.replicator import Replicator


@dataclass(frozen=True)
class Site:
    """A source that is followed, and the lakehouse that it fills."""

    connection: psycopg.Connection[Any]
    replicator: Replicator
    names: Names

    def create(self, contract: Contract) -> None:
        for define in (definition.raw, definition.integration):
            migrations.create(catalog.load(), define(contract, names=self.names))
        self.replicator.stop()
        self.replicator.start()
        self.move(contract)

    def move(self, contract: Contract) -> None:
        """Bring what the source has committed into integration."""
        self.replicator.catch_up()
        self.take(contract)

    def take(self, contract: Contract) -> None:
        """Bring what is in stage into integration."""
        batch = plan_batch(boto3.client("s3"), names=self.names, contract=contract)
        if batch is not None:
            stage_to_raw(spark(), contract, batch, names=self.names, catalog=catalog.load())
            raw_to_integration(spark(), contract, [batch.batch_id], names=self.names, catalog=catalog.load())

    def reconcile(self, contract: Contract, *, repair: bool = False) -> dict[tuple[str, ...], str]:
        """Return what differs, by the texts of the key."""
        result = reconcile_dataset(contract, names=self.names, catalog=catalog.load(), must_repair=repair)
        assert result.comparison.not_compared == ()
        return {one.key: one.kind for one in result.comparison.differences}

    def unlogged(self, statement: str) -> None:
        """Change the source without a record in the log that the replication follows."""
        with self.connection.transaction():
            name = self.replicator.name.replace("-", "_")
            for publication in (f"dms_{name}", f"dms_{name}_inserts"):
                self.connection.execute(f"ALTER PUBLICATION {publication} SET (publish = '')")
        self.connection.execute(statement)
        for publication, kinds in (
            (f"dms_{name}", "insert, update, delete, truncate"),
            (f"dms_{name}_inserts", "insert"),
        ):
            self.connection.execute(f"ALTER PUBLICATION {publication} SET (publish = '{kinds}')")

    def rows(self, contract: Contract) -> list[dict[str, Any]]:
        """Return the live rows of integration."""
        table = catalog.load().load_table(definition.integration(contract, names=self.names).name)
        fields = tuple(one.name for one in contract.columns)
        live = table.scan(row_filter="_is_deleted = false", selected_fields=fields)
        found: list[dict[str, Any]] = live.to_arrow().to_pylist()
        return found


@contextmanager
def opened_site(aws: Server, folder: Path, *, project: str) -> Iterator[Site]:
    """Yield a site whose source and database have the name of the project; its PostgreSQL stops at the end."""
    names = deployment(aws, project=project)
    postgres = local_postgres.start(folder)
    local_postgres.create_database(postgres, project)
    database = replace(postgres, dbname=project)
    boto3.client("secretsmanager").create_secret(
        Name=names.source_secret(source=project), SecretString=json.dumps(database.secret)
    )
    replicator = Replicator(database, folder / "replication", names.bucket(Zone.STAGE))
    replicator.s3 = replicator.s3 | {"BucketFolder": f"dms/{project}"}
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        yield Site(connection, replicator, names)
        replicator.stop()
    local_postgres.stop(folder)
