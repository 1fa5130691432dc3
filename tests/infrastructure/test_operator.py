"""Each verb of the command line has one role whose policies allow what the verb asks of AWS."""

import re
from fnmatch import fnmatchcase

import pytest
from aws_cdk import App
from aws_cdk import aws_iam as iam

from app import ROOT
from lakehouse.cli.verbs import VERBS
from lakehouse.contracts.loader import load_contracts
from lakehouse.names import Fetch, Move, Names, OpsTable, Zone
from reports.findings import DEPLOYMENTS
from stacks.iam.tables import trusted_with_pipelines
from stacks.settings import Governance
from stacks.stack import LakehouseStack
from tests.support.templates.assembly import Assembly, Json, as_list, policy_statements, text
from tests.support.templates.synthesis import DEV

[DELIVERED] = [item for item in load_contracts(ROOT / "contracts") if item.dataset == "customers"]
S3, GLUE = "arn:aws:s3:::", f"arn:aws:glue:{DEV.region}:{DEV.account}:"


def statements_of(assembly: Assembly, purpose: str) -> list[Json]:
    [role] = [
        item
        for item in assembly.resources("AWS::IAM::Role")
        if str(item.properties.get("RoleName")).split("-")[2:3] == [purpose]
    ]
    return [
        statement
        for policy in assembly.resources("AWS::IAM::Policy")
        if policy.stack == role.stack and {"Ref": role.logical_id} in policy.properties["Roles"]
        for statement in policy_statements(policy)
    ]


def may(statements: list[Json], action: str, arn: str) -> bool:
    return any(
        action in as_list(statement["Action"])
        and any(fnmatchcase(arn, text(resource)) for resource in as_list(statement["Resource"]))
        for statement in statements
    )


def asks(names: Names) -> dict[str, list[tuple[str, str]]]:
    """What each verb asks of AWS: action and resource."""
    stage, raw, integration, scripts = (
        f"{S3}{bucket}"
        for bucket in (*map(names.bucket, (Zone.STAGE, Zone.RAW, Zone.INTEGRATION)), names.scripts_bucket)
    )

    def table(database: str, name: str) -> list[tuple[str, str]]:
        places = ("catalog", f"database/{database}", f"table/{database}/{name}")
        return [("glue:GetTable", f"{GLUE}{place}") for place in places]

    def job(job: Move | Fetch, *actions: str) -> list[tuple[str, str]]:
        return [(f"glue:{action}", f"{GLUE}job/{names.job(job)}") for action in actions]

    manifest = f"{raw}/{names.batches_prefix(dataset='orders')}orders-00000001.json"
    read_ops = [
        *table(names.ops_database, OpsTable.BATCHES),
        ("s3:GetObject", f"{integration}/ops/{OpsTable.BATCHES}/metadata/1.json"),
    ]
    batches = [("s3:ListBucket", raw), ("s3:GetObject", manifest)]
    planned = f"{raw}/{names.batch_index_key(dataset='orders', part='recent')}"
    index = [(f"s3:{action}Object", planned) for action in ("Get", "Put")]
    plan = [*batches, *index, ("s3:PutObject", manifest), ("s3:ListBucketVersions", stage)]
    moves = [ask for move in Move for ask in job(move, "StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun")]
    run = [*read_ops, *plan, *moves, ("kms:Decrypt", "key"), ("kms:GenerateDataKey", "key")]
    backfill = f"{raw}/{names.backfills_prefix(dataset='orders')}2026-01-01_2026-01-02.json"
    secret = f"arn:aws:secretsmanager:{DEV.region}:{DEV.account}:secret:{names.source_secret(source='shop')}"
    requests = [(f"s3:{action}Object", backfill) for action in ("Get", "Put")]
    contract = f"{scripts}/contracts/sales/orders.odcs.yaml"
    return {
        "run": run,
        "rerun": run,
        "replay": run,
        "backfill": [*run, *requests],
        "status": [*read_ops, *batches, *(ask for move in Move for ask in job(move, "GetJobRuns"))],
        "lineage": [
            *table(names.ops_database, OpsTable.LINEAGE),
            ("s3:GetObject", f"{integration}/ops/{OpsTable.LINEAGE}/data/1.parquet"),
        ],
        "site": [
            *(ask for name in OpsTable if name != OpsTable.ERASURES for ask in table(names.ops_database, name)),
            ("s3:GetObject", f"{integration}/ops/{OpsTable.QUALITY_RESULTS}/data/1.parquet"),
        ],
        "quarantine": [
            *table(names.database(Zone.RAW), "orders"),
            ("s3:GetObject", f"{raw}/sales/orders/data/1.parquet"),
        ],
        "diff": [
            *table(names.database(Zone.RAW), "orders"),
            ("s3:GetObject", f"{raw}/sales/orders/data/1.parquet"),
            *table(names.database(Zone.INTEGRATION), "orders"),
            ("s3:GetObject", f"{integration}/sales/orders/data/1.parquet"),
        ],
        "ingest": [("s3:PutObject", f"{stage}/{DELIVERED.stage_prefix}2026/01/01/1/a.csv"), ("s3:GetObject", contract)],
        "pull": [*batches, *job(Fetch.API_TO_STAGE, "StartJobRun", "GetJobRun")],
        "reconcile": [
            *table(names.database(Zone.INTEGRATION), "orders"),
            ("s3:GetObject", f"{integration}/sales/orders/data/1.parquet"),
            ("secretsmanager:GetSecretValue", f"{secret}-Ab12Cd"),
            *(("glue:UpdateTable", arn) for _, arn in table(names.ops_database, OpsTable.QUALITY_RESULTS)),
            ("s3:PutObject", f"{integration}/ops/{OpsTable.QUALITY_RESULTS}/data/1.parquet"),
            ("s3:PutObject", f"{stage}/{DELIVERED.stage_prefix}_reconciled/1.parquet"),
            *run,
        ],
        "build": [
            *read_ops,
            ("sts:AssumeRole", f"arn:aws:iam::{DEV.account}:role/{names.dbt_role}"),
            ("codebuild:StartBuild", f"arn:aws:codebuild:{DEV.region}:{DEV.account}:project/{names.dbt_project}"),
            ("states:StartExecution", f"arn:aws:states:{DEV.region}:{DEV.account}:stateMachine:{names.moves}"),
        ],
    }


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
@pytest.mark.parametrize("verb", asks(DEV))
def test_an_operator_may_do_what_the_verb_asks(everything: dict[str, Assembly], deployment: str, verb: str) -> None:
    statements = statements_of(everything[deployment], "operator")
    names = Names(environment=deployment.partition("-")[0], account=DEV.account, region=DEV.region)
    [key] = {
        text(arn)
        for item in statements
        if "kms:Decrypt" in as_list(item["Action"]) and "Condition" not in item
        for arn in as_list(item["Resource"])
    }
    for action, arn in asks(names)[verb]:
        assert may(statements, action, key if arn == "key" else arn), (action, arn)


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_an_operator_changes_one_table_of_ops_and_deletes_nothing(
    everything: dict[str, Assembly], deployment: str
) -> None:
    statements = statements_of(everything[deployment], "operator")
    actions = {action for item in statements for action in as_list(item["Action"])}
    assert [action for action in actions if re.search(r"^glue:(Create|Delete)|:Delete", action)] == ["s3:DeleteObject"]
    deleted = [
        arn for item in statements if "s3:DeleteObject" in as_list(item["Action"]) for arn in as_list(item["Resource"])
    ]
    assert [text(arn).partition("/")[2] for arn in deleted] == ["ops/quality_results/metadata/*"]
    commits = [item for item in statements if "glue:UpdateTable" in as_list(item["Action"])]
    changed = {text(arn).rpartition(":")[2] for item in commits for arn in as_list(item["Resource"])}
    names = Names(environment=deployment.partition("-")[0], account=DEV.account, region=DEV.region)
    assert {place for place in changed if place.startswith("table/")} == {f"table/{names.ops_database}/quality_results"}
    for bucket, key in (
        (names.bucket(Zone.RAW), "sales/orders/data/1.parquet"),
        (names.bucket(Zone.RAW), names.erasure_key(erasure_id="1")),
        (names.bucket(Zone.STAGE), f"{names.erased_prefix(dataset='orders')}1.csv"),
        (names.bucket(Zone.INTEGRATION), "ops/batches/data/1.parquet"),
        (names.scripts_bucket, "contracts/sales/orders.odcs.yaml"),
    ):
        assert not may(statements, "s3:PutObject", f"{S3}{bucket}/{key}"), key
    assert not may(statements, "s3:GetObject", f"{S3}{names.bucket(Zone.CURATED)}/a")


def test_the_documentation_has_a_role_for_every_verb() -> None:
    document = (ROOT / "docs" / "deploy.md").read_text()
    rows = re.findall(r"^\| (`lakehouse [^|]+) \| ([^|]+) \|", document, re.MULTILINE)
    roles = {verb: role for verbs, role in rows for verb in re.findall(r"`lakehouse (\w+)", verbs)}
    assert VERBS.keys() <= roles.keys()
    for verb in asks(DEV):
        assert "`operator`" in roles[verb], verb


@pytest.mark.parametrize("provider", ["", "company"])
def test_who_applies_tables_signs_in_as_all_people_do(names: Names, provider: str) -> None:
    stack = LakehouseStack(App(), "tables", names=names, description="")
    role = iam.Role(stack, "Role", assumed_by=trusted_with_pipelines(stack, Governance(saml_provider=provider or None)))
    element = role.node.default_child
    assert isinstance(element, iam.CfnRole)
    people, pipeline = stack.resolve(element.assume_role_policy_document)["Statement"]
    assert people["Action"] == ("sts:AssumeRoleWithSAML" if provider else "sts:AssumeRole")
    assert ("Federated" in people["Principal"]) == bool(provider)
    arn = pipeline["Condition"]["ArnEquals"]["aws:PrincipalArn"]
    assert (pipeline["Action"], text(arn).rpartition("/")[2]) == ("sts:AssumeRole", names.deploy_role)
