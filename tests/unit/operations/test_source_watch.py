"""Each dataset of a source database has a value: whether its table is replicated."""

from typing import Any

import boto3
import pytest

from lakehouse.contracts.index import entry
from lakehouse.contracts.loader import load_contracts
from lakehouse.names import Names
from lakehouse.operations.source_watch import publish
from tests.support.repository import ROOT

NAMES = Names(environment="dev", account="000000000000", region="eu-central-1")
CONTRACTS = [contract for contract in load_contracts(ROOT / "contracts") if contract.source.is_database]


class Aws:
    """DMS and CloudWatch, as boto3 clients."""

    def __init__(self, states: dict[str, str], messages: list[str]) -> None:
        self.states = states
        self.messages = messages
        self.values: dict[str, float] = {}

    def describe_replications(self, **_: Any) -> dict[str, Any]:
        one = {"ReplicationConfigIdentifier": NAMES.replication(source="shop"), "ReplicationConfigArn": "arn"}
        return {"Replications": [one | {"Status": "running", "FailureMessages": self.messages}]}

    def describe_replication_table_statistics(self, **_: Any) -> dict[str, Any]:
        tables = [
            {"SchemaName": contract.source.schema, "TableName": contract.source.table, "Ddls": 3,
             "TableState": self.states.get(contract.dataset, "Table completed")}
            for contract in CONTRACTS
        ]  # fmt: skip
        return {"ReplicationTableStatistics": tables}

    def put_metric_data(self, *, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803
        assert Namespace == NAMES.metric_namespace
        for one in MetricData:
            assert one["MetricName"] == "SourceBlocked"
            self.values[one["Dimensions"][0]["Value"]] = one["Value"]


def test_a_suspended_table_is_published(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    message = "public.customers: since 2026-01-02T03:04:05.000000Z: permission denied"
    aws = Aws({"customers": "Table error"}, [message, "public.orders: since 2026-01-02T03:04:05.000000Z: truncated"])
    monkeypatch.setattr(boto3, "client", lambda service: aws)
    assert publish(map(entry, load_contracts(ROOT / "contracts")), names=NAMES) == ["customers"]
    assert aws.values == {contract.dataset: int(contract.dataset == "customers") for contract in CONTRACTS}
    assert len(CONTRACTS) > 2
    out = capsys.readouterr().out
    assert "customers: since 2026-01-02 03:04:05 UTC: table public.customers is suspended: permission denied" in out
    assert "reload-target" in out
