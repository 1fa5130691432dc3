"""What `lakehouse tables plan` costs: the same for each table, whatever their number."""

from pathlib import Path

import boto3
import pytest
from pyiceberg.catalog import Catalog

from lakehouse.contracts.loader import load_contracts
from lakehouse.names import Names
from lakehouse.tables import migrations
from lakehouse.tables.diff import Action
from tests.support.scale import datasets
from tests.support.scale.calls import counted


def test_each_table_costs_two_calls_and_no_session(
    lake: Catalog, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contracts = load_contracts(datasets.write(tmp_path, 6))
    migrations.apply(lake, contracts, names)
    sessions: list[object] = []
    make = boto3.Session
    monkeypatch.setattr(boto3, "Session", lambda *args, **options: sessions.append(1) or make(*args, **options))
    costs = []
    for some in (contracts[:2], contracts):
        with counted() as calls:
            planned = migrations.plan(lake, some, names)
        assert {change.action for change in planned} <= {Action.ORPHAN}
        orphans = 2 * (len(contracts) - len(some))
        costs.append(calls["GetTable"] + calls["BatchGetTableOptimizer"] - orphans)
        assert calls["GetTables"] == 2
        assert sum(calls.values()) == calls["GetTable"] + calls["BatchGetTableOptimizer"] + calls["GetTables"]
    tables_more = 2 * (len(contracts) - 2)
    assert costs[1] - costs[0] == 2 * tables_more
    assert not sessions
