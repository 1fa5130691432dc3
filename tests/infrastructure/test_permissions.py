"""Who may do what: no `*` action, no `*` resource where the service allows better, trust in AWS services alone."""

import pytest

from lakehouse.governance.roles import ROLES
from lakehouse.names import CANDIDATE, Move, Names, Zone
from tests.support.templates.assembly import Assembly, Json, as_list, policy_statements, text
from tests.support.templates.permissions import databases, job_statements, reached

CDK_PROVIDERS = ("CustomS3AutoDeleteObjects", "CustomVpcRestrictDefaultSG")
"""Their roles come with the CDK, for functions that run while a stack is made or destroyed."""


@pytest.fixture(scope="module")
def role_statements(assembly: Assembly) -> list[Json]:
    return [
        statement
        for type_ in ("AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy")
        for resource in assembly.resources(type_)
        for statement in policy_statements(resource)
        if "Resource" in statement
    ]


def test_no_role_may_do_everything_of_a_service(role_statements: list[Json]) -> None:
    assert role_statements
    for statement in role_statements:
        assert statement["Effect"] == "Allow"
        assert "NotAction" not in statement
        for action in as_list(statement["Action"]):
            assert "*" not in action, statement


PEOPLE = {*ROLES, "tables", "erasure"}


def test_roles_of_people_trust_the_account_with_a_second_factor(assembly: Assembly, names: Names) -> None:
    roles = {role.properties.get("RoleName"): role.properties for role in assembly.resources("AWS::IAM::Role")}
    for purpose in PEOPLE:
        for statement in roles[names.role(purpose)]["AssumeRolePolicyDocument"]["Statement"]:
            assert text(statement["Principal"]["AWS"]) == f"arn:aws:iam::{names.account}:root"
            deployment = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{names.account}:role/{names.deploy_role}"}}
            allowed = [{"Bool": {"aws:MultiFactorAuthPresent": "true"}}, *([deployment] if purpose == "tables" else [])]
            assert statement["Condition"] in allowed


def test_other_roles_trust_one_aws_service(assembly: Assembly, names: Names) -> None:
    services = set()
    people = {names.role(purpose) for purpose in PEOPLE}
    for role in assembly.resources("AWS::IAM::Role"):
        if role.properties.get("RoleName") in people:
            continue
        statement, *others = role.properties["AssumeRolePolicyDocument"]["Statement"]
        # test_upkeep_roles.py says whose
        assert len(others) == (3 if role.properties.get("RoleName") == names.dbt_role else 0)
        assert statement["Action"] == "sts:AssumeRole"
        assert statement["Principal"].keys() == {"Service"}
        services.add(text(statement["Principal"]["Service"]))
    assert services == {
        "glue.amazonaws.com",
        "dms.amazonaws.com",
        "lakeformation.amazonaws.com",
        "dms.eu-central-1.amazonaws.com",
        "firehose.amazonaws.com",
        "lambda.amazonaws.com",
        "codebuild.amazonaws.com",
        "scheduler.amazonaws.com",
        "states.amazonaws.com",
    }


def test_only_the_cdks_own_functions_use_managed_policies(assembly: Assembly) -> None:
    for role in assembly.resources("AWS::IAM::Role"):
        if "ManagedPolicyArns" in role.properties:
            assert role.logical_id.startswith(CDK_PROVIDERS)


@pytest.mark.parametrize(
    ("move", "source", "target"),
    [(Move.STAGE_TO_RAW, Zone.STAGE, Zone.RAW), (Move.RAW_TO_INTEGRATION, Zone.RAW, Zone.INTEGRATION)],
)
def test_a_job_reads_one_zone_and_writes_the_next(
    assembly: Assembly, names: Names, move: Move, source: Zone, target: Zone
) -> None:
    statements = job_statements(assembly, names, move)
    assert reached(statements["ReadSource"]) == {f"arn:aws:s3:::{names.bucket(source)}/*"}
    assert not {"s3:PutObject", "s3:DeleteObject"} & set(statements["ReadSource"]["Action"])
    assert reached(statements["WriteTarget"]) == {f"arn:aws:s3:::{names.bucket(target)}/*"}
    ops = {f"arn:aws:s3:::{names.bucket(Zone.INTEGRATION)}/ops/*"}
    # Who writes integration writes its bucket, which also has ops: one more statement would grant nothing.
    assert (reached(statements["WriteOps"]) == ops) if target is Zone.RAW else ("WriteOps" not in statements)
    assert reached(statements["ReadContracts"]) == {f"arn:aws:s3:::{names.scripts_bucket}/contracts/*"}
    assert databases(statements["WriteTables"]) == {names.database(target), names.ops_database}
    assert "glue:UpdateTable" in statements["WriteTables"]["Action"]
    if source is Zone.STAGE:
        assert "ReadTables" not in statements
    else:
        assert databases(statements["ReadTables"]) == {names.database(source)}
        assert "glue:UpdateTable" not in statements["ReadTables"]["Action"]
    everything = {arn for statement in statements.values() for arn in reached(statement)}
    others = {names.bucket(zone) for zone in Zone} - {names.bucket(source), names.bucket(target)}
    others -= {names.bucket(Zone.INTEGRATION)}  # for ops
    assert not [arn for arn in everything if any(bucket in arn for bucket in others)]


def test_a_job_creates_and_deletes_candidates_and_no_other_table(assembly: Assembly, names: Names) -> None:
    for move in Move:
        for statement in job_statements(assembly, names, move).values():
            if {"glue:CreateTable", "glue:DeleteTable"} & set(as_list(statement["Action"])):
                assert move is Move.RAW_TO_INTEGRATION
                tables = [arn.rpartition("/")[2] for arn in reached(statement) if ":table/" in arn]
                assert tables == [f"*{CANDIDATE}*"]
                assert databases(statement) == {names.database(Zone.INTEGRATION)}


def test_jobs_read_exactly_the_code_that_they_run(assembly: Assembly, names: Names) -> None:
    for move in Move:
        bucket = "arn:aws:s3:::cdk-hnb659fds-assets-123456789012-eu-central-1/"
        keys = {arn.removeprefix(bucket) for arn in reached(job_statements(assembly, names, move)["ReadCode"])}
        assert keys < assembly.assets.keys()
        assert {key.rpartition(".")[2] for key in keys} == {"py", "whl"}
