"""What the site reads: each table of ops once, and for each dataset no more than `lakehouse status` does."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pyarrow as pa
import pytest

from lakehouse.batches import quarantine
from lakehouse.contracts.types import INT
from lakehouse.names import OpsTable
from lakehouse.site.facts import gather
from lakehouse.site.pages import pages
from tests.support.batch_records import NAMES
from tests.support.contract_builders import column, contract, rows
from tests.support.site.facts import dataset

DATASETS = 1000


class Called:
    """A catalog or client that counts its calls and finds nothing."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()

    def load_table(self, name: tuple[str, str]) -> Any:
        self.calls[".".join(name)] += 1
        return SimpleNamespace(scan=lambda **_: SimpleNamespace(to_arrow=lambda: pa.table({"event_time": []})))

    def get_paginator(self, operation: str) -> Any:
        def paginate(**_: Any) -> list[dict[str, Any]]:
            self.calls[operation] += 1
            return [{"TableList": [], "Contents": []}]

        return SimpleNamespace(paginate=paginate)

    def get_job_runs(self, **_: Any) -> dict[str, Any]:
        self.calls["get_job_runs"] += 1
        return {"JobRuns": []}


def test_a_thousand_datasets_take_one_read_of_each_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called = Called()
    monkeypatch.setattr(boto3, "client", lambda _: called)
    contracts = [dataset(f"d{number:04}", "a text") for number in range(DATASETS)]
    found = gather(contracts, names=NAMES, catalog=called, models=tmp_path, docs=tmp_path)  # type: ignore[arg-type]
    tables = (OpsTable.BATCHES, OpsTable.QUALITY_RESULTS, OpsTable.LINEAGE, OpsTable.RELEASES)
    assert called.calls == {
        **{f"{NAMES.ops_database}.{table}": 1 for table in tables},
        "list_objects_v2": DATASETS,  # manifests, as for `lakehouse status`
        "get_job_runs": 2,
        "get_tables": 2,
    }
    made = pages(found, docs="../docs/")
    assert len([page for page in made if page.startswith("datasets/")]) == DATASETS
    assert len(made["search-index.js"]) < 200 * DATASETS


def test_reasons_are_counted_by_column_and_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = contract(column("id", INT, required=True), column("status", enum=("new", "paid")), column("note"))
    read = rows(shop, b"id,status,note\nx,new,a\n,paid,b\n1,not one of,c\n2,new,d,e\n")
    batch = pa.RecordBatch.from_pylist([{"_errors": row["_errors"]} for row in read])
    strange = pa.RecordBatch.from_pylist([{"_errors": [{"column": "SECRET", "reason": "SECRET: not one of"}]}])
    scan = SimpleNamespace(to_arrow_batch_reader=lambda: [batch, strange])
    catalog = SimpleNamespace(load_table=lambda _: SimpleNamespace(scan=lambda **_: scan))
    assert quarantine.counts(catalog, shop, names=NAMES, batch_ids=["b"]) == {  # type: ignore[arg-type]
        ("id", "not a value of the type"): 1,
        ("id", "required value is missing"): 1,
        ("status", "not an allowed value"): 1,
        (None, "wrong number of fields"): 1,
        (None, "not an allowed value"): 1,
    }
    assert quarantine.kind_of("SECRET") == quarantine.OTHER
