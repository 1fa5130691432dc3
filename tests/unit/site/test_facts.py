"""What the site reads: each table of ops once, and for each dataset no more than `lakehouse status` does."""

from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

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


def test_a_thousand_datasets_take_one_read_of_each_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called = MagicMock()
    called.load_table.return_value.scan.return_value.to_arrow.return_value = pa.table({"event_time": []})
    called.get_paginator.return_value.paginate.return_value = [{"TableList": [], "Contents": []}]
    called.get_job_runs.return_value = {"JobRuns": []}
    monkeypatch.setattr(boto3, "client", lambda _: called)
    contracts = [dataset(f"d{number:04}", "a text") for number in range(DATASETS)]
    found = gather(contracts, names=NAMES, catalog=called, models=tmp_path, docs=tmp_path)
    read = [(NAMES.ops_database, str(table)) for table in OpsTable if table != OpsTable.ERASURES]
    assert sorted(call.args[0] for call in called.load_table.call_args_list) == sorted(read)
    # The manifests of each dataset, as for `lakehouse status`, and the candidates of models in two databases.
    assert called.get_paginator.return_value.paginate.call_count == DATASETS + 2
    assert called.get_job_runs.call_count == 2
    assert len(called.method_calls) == len(read) + DATASETS + 2 + 2
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
