"""The workgroup holds analysts to its limits, and its named queries ask for columns that exist."""

import pytest
import yaml
from sqlglot import exp, parse_one
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify

import app as cdk_entry
from lakehouse.contracts.model import Contract
from lakehouse.governance.roles import ROLES
from lakehouse.names import Names, Zone
from lakehouse.tables import ops
from lakehouse.tables.definition import of_contracts
from stacks.audit import trail_table
from stacks.settings import ENVIRONMENTS
from tests.support.templates.assembly import Assembly, text
from tests.support.templates.synthesis import DEV

Tables = dict[str, dict[str, str]]


WORKGROUPS = [DEV.dbt_workgroup, *(DEV.workgroup_of(role) for role in ROLES)]


@pytest.mark.parametrize("workgroup", WORKGROUPS)
def test_a_workgroup_enforces_limits_and_encryption(assembly: Assembly, names: Names, workgroup: str) -> None:
    settings = assembly.named("AWS::Athena::WorkGroup", "Name")[workgroup]["WorkGroupConfiguration"]
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert settings["PublishCloudWatchMetricsEnabled"] is True
    assert settings["BytesScannedCutoffPerQuery"] == ENVIRONMENTS["dev"].scan_limit_bytes
    assert settings["EngineVersion"] == {"SelectedEngineVersion": "Athena engine version 3"}
    result = settings["ResultConfiguration"]
    assert text(result["OutputLocation"]) == f"s3://{names.results_bucket}/{workgroup}/"
    assert result["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"
    assert result["ExpectedBucketOwner"] == names.account


@pytest.fixture(scope="module")
def schema(names: Names, contracts: list[Contract]) -> dict[str, Tables]:
    """Columns of all tables: of the contracts, of ops, and of the curated models as their documentation lists them."""
    definitions = [*of_contracts(contracts, names=names), *ops.definitions(names=names)]
    found: dict[str, Tables] = {}
    for definition in definitions:
        columns = {field.name: str(field.type) for field in definition.fields}
        found.setdefault(definition.database, {})[definition.table] = columns
    found[names.audit_database] = {trail_table.NAME: {"day": "string", **trail_table.COLUMNS}}
    curated = found.setdefault(names.database(Zone.CURATED), {})
    for path in (cdk_entry.ROOT / "models" / "zones" / "curated").glob("*.yml"):
        for model in yaml.safe_load(path.read_text())["models"]:
            curated[model["name"]] = {column["name"]: "string" for column in model["columns"]}
    return found


def test_named_queries_ask_for_columns_that_exist(assembly: Assembly, schema: dict[str, Tables], names: Names) -> None:
    queries = assembly.named("AWS::Athena::NamedQuery", "Name")
    assert {(query["WorkGroup"].rpartition("-")[2], name) for name, query in queries.items()} == {
        ("analysts", "sales_by_region_and_month"),
        ("engineers", "batches"),
        ("engineers", "orders_an_hour_ago"),
        ("stewards", "rejected_store_sales"),
        ("auditors", "what_analysts_queried"),
        ("auditors", "who_read_this_table"),
        ("auditors", "who_was_denied"),
    }
    for name, query in queries.items():
        assert query["Description"], name
        statement = parse_one(query["QueryString"], dialect="athena")
        named_here = {cte.alias for cte in statement.find_all(exp.CTE)}
        for table in statement.find_all(exp.Table):
            assert table.name in (schema[table.db] if table.db else named_here), name
        qualify(statement, schema=dict(schema), dialect="athena")


def test_a_query_for_a_column_that_does_not_exist_is_noticed(schema: dict[str, Tables], names: Names) -> None:
    statement = exp.select("no_such_column").from_(f"{names.ops_database}.batches")
    with pytest.raises(OptimizeError, match="no_such_column"):
        qualify(statement, schema=dict(schema), dialect="athena")
