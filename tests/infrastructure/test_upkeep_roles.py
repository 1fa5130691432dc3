"""What the code of `lakehouse erase` and `maintain` asks of AWS, their roles may; no other role deletes versions."""

import ast
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path

import pytest

from app import ROOT
from lakehouse.names import Names, OpsTable, Zone
from reports.findings import DEPLOYMENTS
from tests.support.templates.assembly import Assembly, Json, as_list, policy_statements, text

PACKAGE = ROOT / "lakehouse"
ERASE = [
    *(PACKAGE / "erasure").glob("*.py"),
    *(PACKAGE / "batches" / f"{name}.py" for name in ("manifests", "planning")),
    PACKAGE / "tables" / "rows.py",
]
ERASE += [PACKAGE / "maintenance" / f"{name}.py" for name in ("expiry", "reachable", "replacing", "rewriting")]
# Models are maintained under dbt's role.
MAINTAIN = [path for path in (PACKAGE / "maintenance").glob("*.py") if path.stem != "models"]
MAINTAIN.append(PACKAGE / "tables" / "optimizers.py")

NEEDS = {
    ("s3", "list_object_versions"): {"s3:ListBucketVersions"},
    ("s3", "list_objects_v2"): {"s3:ListBucket"},
    ("s3", "get_object"): {"s3:GetObject", "s3:GetObjectVersion"},
    ("s3", "put_object"): {"s3:PutObject"},
    ("s3", "delete_object"): {"s3:DeleteObjectVersion"},  # the zones' buckets keep versions
    ("s3", "delete_objects"): {"s3:DeleteObject"},
    ("glue", "batch_get_table_optimizer"): {"glue:BatchGetTableOptimizer", "glue:GetTableOptimizer"},
    ("glue", "create_table_optimizer"): {"glue:CreateTableOptimizer"},
    ("glue", "update_table_optimizer"): {"glue:UpdateTableOptimizer"},
    ("glue", "list_table_optimizer_runs"): {"glue:ListTableOptimizerRuns"},
    ("catalog", "load_table"): {"glue:GetTable", "s3:GetObject"},
    ("catalog", "table_exists"): {"glue:GetTable", "s3:GetObject"},
    ("catalog", "list_tables"): {"glue:GetTables"},
    ("catalog", "commit_table"): {"glue:UpdateTable", "s3:PutObject"},
    ("catalog", "namespace_exists"): {"glue:GetDatabase"},
    ("table", "append"): {"glue:UpdateTable", "s3:PutObject"},
    ("table", "maintenance"): {"glue:UpdateTable", "s3:PutObject"},
    ("table", "transaction"): {"glue:UpdateTable", "s3:PutObject"},
    ("io", "new_input"): {"s3:GetObject"},
    ("io", "new_output"): {"s3:PutObject", "s3:AbortMultipartUpload"},
    ("io", "delete"): {"s3:DeleteObject"},
}
"""What a call of boto3, or of PyIceberg, asks IAM for."""
CLIENTS: tuple[str, ...] = ("s3", "glue", "catalog")
ASKS_NOTHING = {("s3", "exceptions"), ("glue", "exceptions"), ("s3", "get_paginator")}


def called(source: str) -> Iterator[tuple[str, str]]:
    """Methods of clients, catalogs, tables and their files that a module names, by whose they are."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr="get_paginator"), args=[ast.Constant(value=str(operation))]):
                yield "s3", operation
                continue
            case ast.Attribute(value=ast.Attribute(attr=owner)):
                clients = (*CLIENTS, "io")  # `table.io`; `io` alone is Python's own
            case ast.Attribute(value=ast.Name(id=owner)):
                clients = CLIENTS
            case _:
                continue
        owner = owner.lstrip("_")
        if owner in clients or (owner, node.attr) in NEEDS:
            yield owner, node.attr


def needed(paths: Iterable[Path]) -> set[str]:
    calls = set(chain.from_iterable(called(path.read_text()) for path in paths)) - ASKS_NOTHING
    return set(chain.from_iterable(NEEDS[call] for call in calls))


def statements_of(assembly: Assembly, role_name: str) -> list[Json]:
    """Statements of all policies of a role."""
    [role] = [item for item in assembly.resources("AWS::IAM::Role") if item.properties.get("RoleName") == role_name]
    return [
        statement
        for policy in assembly.resources("AWS::IAM::Policy")
        if {"Ref": role.logical_id} in policy.properties["Roles"]
        for statement in policy_statements(policy)
    ]


def may(statements: Iterable[Json], action: str, arn: str) -> bool:
    return any(
        action in as_list(statement["Action"])
        and any(fnmatchcase(arn, text(resource)) for resource in as_list(statement["Resource"]))
        for statement in statements
    )


def actions(statements: Iterable[Json]) -> set[str]:
    return {action for statement in statements for action in as_list(statement["Action"])}


def table_arns(names: Names, database: str, table: str) -> list[str]:
    place = f"arn:aws:glue:{names.region}:{names.account}"
    return [f"{place}:catalog", f"{place}:database/{database}", f"{place}:table/{database}/{table}"]


def test_what_erase_calls_its_role_may(assembly: Assembly, names: Names) -> None:
    statements = statements_of(assembly, names.erasure_role)
    wanted = needed(ERASE)
    assert {"s3:DeleteObjectVersion", "s3:ListBucketVersions", "glue:UpdateTable", "s3:DeleteObject"} <= wanted
    assert wanted <= actions(statements)
    assert actions(statements) - wanted == {"sts:AssumeRole", "kms:Decrypt", "kms:GenerateDataKey"}


def test_what_maintain_calls_the_role_of_tables_may(assembly: Assembly, names: Names) -> None:
    wanted = needed(MAINTAIN)
    assert {"glue:ListTableOptimizerRuns", "s3:DeleteObject", "s3:AbortMultipartUpload"} <= wanted
    statements = statements_of(assembly, names.tables_role)
    assert wanted <= actions(statements)
    for database in (names.database(Zone.RAW), names.database(Zone.INTEGRATION), names.ops_database):
        for arn in table_arns(names, database, "orders"):
            assert may(statements, "glue:ListTableOptimizerRuns", arn)
            assert may(statements, "glue:UpdateTable", arn)


def test_an_erasure_reaches_every_version_of_every_zone_and_of_results(assembly: Assembly, names: Names) -> None:
    statements = statements_of(assembly, names.erasure_role)
    for bucket in (*map(names.bucket, Zone), names.results_bucket):
        assert may(statements, "s3:ListBucketVersions", f"arn:aws:s3:::{bucket}")
        # Without it S3 says of what has expired that it is forbidden, not that it is gone.
        assert may(statements, "s3:ListBucket", f"arn:aws:s3:::{bucket}")
        for action in ("s3:GetObject", "s3:GetObjectVersion", "s3:DeleteObjectVersion"):
            assert may(statements, action, f"arn:aws:s3:::{bucket}/a/b.parquet")
    for bucket in (names.scripts_bucket, names.audit_bucket, names.logs_bucket, names.dags_bucket):
        assert not [action for action in actions(statements) if may(statements, action, f"arn:aws:s3:::{bucket}/a")]


def test_an_erasure_writes_tables_manifests_and_proofs_and_nothing_that_sources_or_models_write(
    assembly: Assembly, names: Names
) -> None:
    statements = statements_of(assembly, names.erasure_role)
    stage, raw, curated = (names.bucket(zone) for zone in (Zone.STAGE, Zone.RAW, Zone.CURATED))
    for place in (
        f"{stage}/{names.erased_prefix(dataset='customers')}0123-customers.csv",
        f"{raw}/{names.batches_prefix(dataset='customers')}customers-00000001.json",
        f"{raw}/{names.erasure_key(erasure_id='1')}",
        *(f"{names.table_location(zone, domain='sales', table='c')[5:]}/a" for zone in (Zone.RAW, Zone.INTEGRATION)),
        f"{names.ops_location(OpsTable.ERASURES)[5:]}/a",
    ):
        assert may(statements, "s3:PutObject", f"arn:aws:s3:::{place}"), place
    for place in (f"{stage}/sales/customers/1.csv", f"{curated}/sales/a", f"{names.results_bucket}/a"):
        for action in ("s3:PutObject", "s3:DeleteObject"):
            assert not may(statements, action, f"arn:aws:s3:::{place}"), place
    for database in (names.database(Zone.RAW), names.database(Zone.INTEGRATION)):
        assert all(may(statements, "glue:UpdateTable", arn) for arn in table_arns(names, database, "customers"))
    *_, proofs = table_arns(names, names.ops_database, OpsTable.ERASURES)
    *_, batches = table_arns(names, names.ops_database, "batches")
    *_, model = table_arns(names, names.database(Zone.CURATED), "dim_customer")
    assert may(statements, "glue:UpdateTable", proofs)
    assert not may(statements, "glue:UpdateTable", batches)
    assert not may(statements, "glue:UpdateTable", model)
    assert may(statements, "glue:GetTable", model)


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_no_other_role_deletes_versions(everything: dict[str, Assembly], deployment: str) -> None:
    assembly = everything[deployment]
    holders = {
        text(holder)
        for type_ in ("AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy")
        for resource in assembly.resources(type_)
        for statement in policy_statements(resource)
        if any(fnmatchcase("s3:DeleteObjectVersion", action) for action in as_list(statement["Action"]))
        for holder in resource.properties.get("Roles", [{"Ref": resource.logical_id}])
    }
    [role] = [
        item
        for item in assembly.resources("AWS::IAM::Role")
        if str(item.properties.get("RoleName")).split("-")[2:3] == ["erasure"]
    ]
    assert holders == {f"<{role.logical_id}>"}
    assert role.properties["MaxSessionDuration"] == 12 * 3600
    # Pipelines deploy; they erase nobody.
    [trust] = role.properties["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_dbts_role_is_taken_by_an_erasure_by_operators_and_by_one_who_builds(
    everything: dict[str, Assembly], deployment: str
) -> None:
    roles = {str(item.properties.get("RoleName")): item for item in everything[deployment].resources("AWS::IAM::Role")}
    [dbt] = [name for name in roles if name.split("-")[2:3] == ["dbt"]]
    [erasure] = [name for name in roles if name.split("-")[2:3] == ["erasure"]]
    [operator] = [name for name in roles if name.split("-")[2:3] == ["operator"]]
    [tables] = [name for name in roles if name.split("-")[2:3] == ["tables"]]
    _, *people = roles[dbt].properties["AssumeRolePolicyDocument"]["Statement"]
    for statement, role in zip(people, (erasure, operator, tables), strict=True):
        arn = text(statement["Principal"]["AWS"]).removesuffix("root") + f"role/{role}"
        assert statement["Condition"] == {"ArnEquals": {"aws:PrincipalArn": arn}}
        taken = [item for item in statements_of(everything[deployment], role) if item.get("Sid") == "BeDbt"]
        assert [text(item["Resource"]).rpartition("/")[2] for item in taken] == [dbt]
