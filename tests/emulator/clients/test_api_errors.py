"""Athena's operations as consoles call them: the envelope of Glue's errors, statistics and versions of the engine."""

import re
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.emulator.client_lake import Lake, run

ENVELOPE = (
    r".+ \(Service: AmazonDataCatalog; Status Code: 400; Error Code: EntityNotFoundException; "
    r"Request ID: [0-9a-f-]{36}; Proxy: null\)"
)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("get_table_metadata", {"DatabaseName": "clients", "TableName": "no_such"}),
        ("get_table_metadata", {"DatabaseName": "no_such", "TableName": "orders"}),
        ("list_table_metadata", {"DatabaseName": "no_such"}),
        ("get_database", {"DatabaseName": "no_such"}),
    ],
)
def test_errors_of_glue_have_its_envelope(lake: Lake, operation: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as raised:
        getattr(boto3.client("athena"), operation)(CatalogName="AwsDataCatalog", **arguments)
    error = raised.value.response["Error"]
    assert error["Code"] == "MetadataException"
    assert re.fullmatch(ENVELOPE, error["Message"])


def test_runtime_statistics_have_times_and_bytes(lake: Lake) -> None:
    query_id = run(lake, "SELECT sum(amount) FROM orders")
    statistics = boto3.client("athena").get_query_runtime_statistics(QueryExecutionId=query_id)
    found = statistics["QueryRuntimeStatistics"]
    assert found["Rows"]["InputBytes"] > 0
    assert found["Timeline"]["TotalExecutionTimeInMillis"] >= found["Timeline"]["EngineExecutionTimeInMillis"] > 0


def test_an_unknown_execution_has_no_statistics(lake: Lake) -> None:
    with pytest.raises(ClientError, match="InvalidRequestException"):
        boto3.client("athena").get_query_runtime_statistics(QueryExecutionId="00000000-0000-0000-0000-000000000000")


def test_engine_versions_are_listed(lake: Lake) -> None:
    versions = boto3.client("athena").list_engine_versions()["EngineVersions"]
    assert [version["SelectedEngineVersion"] for version in versions] == ["AUTO", "Athena engine version 3"]
    assert {version["EffectiveEngineVersion"] for version in versions} == {"Athena engine version 3"}
