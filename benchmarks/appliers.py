"""Tools that apply a batch of changes to a table of `growing`; each run is a process of its own.

python -m benchmarks.appliers TOOL MILLIONS SIZE OVER
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
from pyiceberg.table import Table

from benchmarks import changes, growing
from emulator.runtime import server_lifecycle
from lakehouse.engine import catalog
from lakehouse.engine.session import spark
from lakehouse.moves.raw_to_integration import raw_to_integration
from lakehouse.names import Names, Zone
from lakehouse.tables import migrations
from lakehouse.tables.definition import Definition, integration, raw

ROOT = Path(".local/bench/growth").resolve()
LOADED = "loaded"
"""Tag of the snapshot that each run begins with."""
PREPARE, LAKEHOUSE, UPSERT, PANDAS = "prepare", "lakehouse", "PyIceberg upsert", "pandas, all rewritten"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One batch, one table, one tool that applies the one to the other."""

    tool: str
    millions: int
    size: int
    over: str

    @property
    def batch(self) -> Path:
        return growing.batch(millions=self.millions, size=self.size, over=self.over)

    @property
    def batch_id(self) -> str:
        return growing.batch_id(size=self.size, over=self.over)

    @property
    def names(self) -> Names:
        """A deployment for each size of the table."""
        project = f"bench{self.millions}"
        return Names(
            environment="dev", account=server_lifecycle.ACCOUNT, region=server_lifecycle.REGION, project=project
        )

    @property
    def integration(self) -> Table:
        return catalog.load().load_table(integration(growing.CONTRACT, names=self.names).name)

    @property
    def arguments(self) -> list[str]:
        return [self.tool, str(self.millions), str(self.size), self.over]

    def __str__(self) -> str:
        return f"{self.tool}, {self.millions}M"


def prepare(case: Case) -> Any:
    """The table and the batch in raw, where they are not there yet."""
    iceberg = catalog.load()
    for zone in (Zone.RAW, Zone.INTEGRATION):
        iceberg.create_namespace_if_not_exists(case.names.database(zone))
    raw_table = raw(growing.CONTRACT, names=case.names)
    integration_table = integration(growing.CONTRACT, names=case.names)
    if not iceberg.table_exists(integration_table.name):
        for definition in (raw_table, integration_table):
            migrations.create(iceberg, replace(definition, location=f"file://{ROOT}/{definition.name}"))
        for number in range(case.millions):
            _append(growing.rows(number), integration_table)
        table = iceberg.load_table(integration_table.name)
        snapshot = table.current_snapshot()
        assert snapshot is not None
        with table.manage_snapshots() as snapshots:
            snapshots.create_tag(snapshot.snapshot_id, LOADED)
    _append(case.batch, raw_table)
    return "prepared"


def with_lakehouse(case: Case) -> Any:
    """The move itself, as a job runs it."""
    moved = raw_to_integration(spark(), growing.CONTRACT, [case.batch_id], names=case.names, catalog=catalog.load())
    return moved[case.batch_id].changed


def with_upsert(case: Case) -> Any:
    table = case.integration
    with duckdb.connect() as connection:
        latest = connection.execute(changes.latest(case.batch)).to_arrow_table()
    found = table.upsert(latest.select(table.schema().column_names).cast(table.schema().as_arrow()), ["order_id"])
    return found.rows_updated + found.rows_inserted


def with_pandas(case: Case) -> Any:
    """The whole table in memory, and written again."""
    import pandas  # type: ignore[import-untyped]

    out = ROOT / "pandas.parquet"
    whole = pandas.concat(
        [pandas.read_parquet(growing.rows(number), dtype_backend="pyarrow") for number in range(case.millions)]
    )
    batch = pandas.read_parquet(case.batch, dtype_backend="pyarrow")
    batch["_is_deleted"] = batch.pop("_op") == "D"
    latest = batch.sort_values("_change_seq").drop_duplicates("order_id", keep="last")
    kept = whole[~whole.order_id.isin(latest.order_id)]
    pandas.concat([kept, latest]).to_parquet(out, compression="zstd")
    out.unlink()
    return len(latest)


TOOLS: dict[str, Callable[[Case], Any]] = {
    PREPARE: prepare,
    LAKEHOUSE: with_lakehouse,
    UPSERT: with_upsert,
    PANDAS: with_pandas,
}


def _append(path: Path, definition: Definition) -> None:
    rows = spark().read.parquet(str(path))
    values = {name: f"`{name}`" for name in rows.columns}
    types = spark().table(definition.name).dtypes
    columns = (f"CAST({values.get(name, 'NULL')} AS {type_}) AS `{name}`" for name, type_ in types)
    rows.selectExpr(*columns).writeTo(definition.name).append()


if __name__ == "__main__":
    tool, millions, size, over = sys.argv[1:]
    print(json.dumps(TOOLS[tool](Case(tool=tool, millions=int(millions), size=int(size), over=over))))  # noqa: T201
