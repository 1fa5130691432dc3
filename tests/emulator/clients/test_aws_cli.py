"""The AWS CLI's verbs of Athena that consoles use."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.emulator.client_lake import Lake, run

AWS = shutil.which("aws", path=str(Path(sys.executable).parent))
pytestmark = pytest.mark.skipif(AWS is None, reason="the AWS CLI is in an environment of its own: make test-clients")


def aws(*arguments: str) -> Any:
    done = subprocess.run(
        [str(AWS), "athena", *arguments, "--output", "json"], capture_output=True, text=True, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "null")


def test_statistics_and_results(lake: Lake) -> None:
    query_id = run(lake, "SELECT count(*) AS c FROM orders")
    statistics = aws("get-query-runtime-statistics", "--query-execution-id", query_id)["QueryRuntimeStatistics"]
    assert statistics["Timeline"]["TotalExecutionTimeInMillis"] > 0
    rows = aws("get-query-results", "--query-execution-id", query_id)["ResultSet"]["Rows"]
    assert rows == [{"Data": [{"VarCharValue": "c"}]}, {"Data": [{"VarCharValue": "10"}]}]


def test_lists(lake: Lake) -> None:
    assert {v["EffectiveEngineVersion"] for v in aws("list-engine-versions")["EngineVersions"]} == {
        "Athena engine version 3"
    }
    assert "primary" in [group["Name"] for group in aws("list-work-groups")["WorkGroups"]]
    assert [c["CatalogName"] for c in aws("list-data-catalogs")["DataCatalogsSummary"]] == ["AwsDataCatalog"]
    databases = aws("list-databases", "--catalog-name", "AwsDataCatalog")["DatabaseList"]
    assert lake.database in [database["Name"] for database in databases]
    catalog = ("--catalog-name", "AwsDataCatalog", "--database-name", lake.database)
    assert "orders" in [t["Name"] for t in aws("list-table-metadata", *catalog)["TableMetadataList"]]
    assert aws("get-table-metadata", *catalog, "--table-name", "orders")["TableMetadata"]["Name"] == "orders"
