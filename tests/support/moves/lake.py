"""A lakehouse of raw and integration tables without anything that fills stage: raw is written by hand."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.table import Table

from lakehouse.contracts import types
from lakehouse.contracts.model import Column, Contract, Ingest, Source
from lakehouse.contracts.types import Type
from lakehouse.engine.session import spark
from lakehouse.moves.raw_to_integration import Counts, raw_to_integration
from lakehouse.names import Names
from lakehouse.tables import migrations
from lakehouse.tables.definition import integration, raw
from tests.support.moves.frames import frame
from tests.support.reference_merge import Record

PROJECT = "moves"

ACCOUNTS = Contract(
    path="contracts/test/accounts.odcs.yaml",
    domain="test",
    dataset="accounts",
    version="1.0.0",
    columns=(
        Column(name="id", type=types.LONG, source_name="id", required=True),
        Column(name="amount", type=types.INT, source_name="amount"),
    ),
    key=("id",),
    ingest=Ingest.CDC,
    source=Source(name="shop", type="postgresql", format="parquet"),
    ordering=("_change_seq",),
)

INGESTED_AT = datetime(2026, 3, 1, tzinfo=UTC)


class Lake:
    """Tables of one test's datasets."""

    def __init__(self, catalog: Catalog, names: Names) -> None:
        self.catalog = catalog
        self.names = names

    def create(self, contract: Contract, **properties: str) -> None:
        for define in (raw, integration):
            definition = define(contract, names=self.names)
            migrations.create(self.catalog, replace(definition, properties=definition.properties | properties))

    def drop(self, contract: Contract) -> None:
        for table in (self.raw(contract), self.integration(contract)):
            self.catalog.drop_table(table.name())

    def evolve(self, contract: Contract) -> None:
        """Bring tables to what their contract says now."""
        for define in (raw, integration):
            migrations.migrate_table(self.catalog, define(contract, names=self.names))

    def receive(self, contract: Contract, records: Iterable[Record]) -> None:
        """Add records to raw as stage_to_raw would have."""
        table = self.raw(contract)
        rows = [{"_ingested_at": INGESTED_AT, **record} for record in records]
        # Not by PyIceberg's append, which makes an empty list of a list of structs that is null.
        arrow = pa.Table.from_pylist(rows, schema=table.schema().as_arrow())  # leaves out what a table has not
        frame(arrow).writeTo(".".join(table.name())).append()

    def move(self, contract: Contract, *batch_ids: str, **settings: Any) -> dict[str, Counts]:
        return raw_to_integration(spark(), contract, batch_ids, names=self.names, catalog=self.catalog, **settings)

    def rows(self, contract: Contract, where: str = "true") -> list[Record]:
        """Rows of the integration table, read by PyIceberg: what an engine wrote must not only be right for itself."""
        scan = self.integration(contract).scan(row_filter=AlwaysTrue() if where == "true" else where)
        found: list[Record] = scan.to_arrow().to_pylist()
        return found

    def raw(self, contract: Contract) -> Table:
        return self.catalog.load_table(raw(contract, names=self.names).name)

    def integration(self, contract: Contract) -> Table:
        return self.catalog.load_table(integration(contract, names=self.names).name)

    def commits(self, contract: Contract) -> int:
        return len(self.integration(contract).snapshots())


def column(name: str, type_: Type, *, required: bool = False) -> Column:
    return Column(name=name, type=type_, source_name=name, required=required)


def batch(contract: Contract, number: int) -> str:
    return f"{contract.dataset}-{number:08d}"
