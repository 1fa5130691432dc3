"""The stacks in the embedded AWS, by the real CDK CLI, in both profiles: deployed, unchanged by a second deploy,
changed where a setting changes, gone when destroyed."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_cdk import App

import app as cdk_entry
from emulator.runtime import server_lifecycle
from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.model import Contract
from lakehouse.contracts.published import publish
from lakehouse.cost import assembly
from lakehouse.cost.synth import context_of
from lakehouse.names import Move, Names, Zone
from lakehouse.operations.smoke import checks
from local import cdk
from stacks.lakehouse import add_lakehouse
from stacks.settings import Profile, settings_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module", params=list(Profile))
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, profile: str) -> Iterator[server_lifecycle.Server]:
    root = tmp_path_factory.mktemp("deploy")
    yield server_lifecycle.up(root)
    server_lifecycle.down(root)


@pytest.fixture(scope="module")
def names(server: server_lifecycle.Server) -> Names:
    return Names(environment="dev", account=server.account, region=server.region)


@pytest.fixture(scope="module")
def contracts() -> list[Contract]:
    return load_contracts(cdk_entry.ROOT / "contracts")


@pytest.fixture
def session(server: server_lifecycle.Server, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    for name, value in server_lifecycle.environment(server).items():
        monkeypatch.setenv(name, value)
    return boto3.Session()


def states(session: boto3.Session) -> dict[str, str]:
    """Status of every stack but the bootstrap's."""
    stacks = session.client("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"]: stack["StackStatus"] for stack in stacks if stack["StackName"] != "CDKToolkit"}


def deploy(server: server_lifecycle.Server, folder: Path) -> set[str]:
    """Deploy an assembly; the stacks that it left as they were."""
    output = cdk.run(
        server, "deploy", "--all", "--app", str(folder), "--require-approval", "never", "--concurrency", "4"
    )
    return {line.split()[1] for line in output.splitlines() if line.endswith("(no changes)")}


def scanning_less(names: Names, profile: str, contracts: list[Contract], *, outdir: Path) -> Path:
    """The same environment, but for how much a query may scan."""
    # The CLI puts construct paths into templates; without them every resource would differ.
    metadata = dict.fromkeys(("aws:cdk:enable-path-metadata", "aws:cdk:enable-asset-metadata"), True)
    app = App(context=context_of(cdk_entry.ROOT) | metadata, outdir=str(outdir))
    settings = replace(settings_of("dev", profile=profile), scan_limit_bytes=2**30)
    add_lakehouse(app, names=names, settings=settings, contracts=contracts, root=cdk_entry.ROOT)
    app.synth()
    return outdir


def test_deploy_again_change_destroy(
    server: server_lifecycle.Server, session: boto3.Session, names: Names, profile: str, contracts: list[Contract]
) -> None:
    cdk.deploy(server, f"profile={profile}")
    # The same assembly from here on: sources that change while this test runs are no change of the stacks.
    deployed = server.root / "cdk.out"
    stacks = set(assembly.templates(deployed))
    assert states(session) == dict.fromkeys(stacks, "CREATE_COMPLETE")
    check_resources(session, names)
    check_smoke_test(names, contracts)

    assert deploy(server, deployed) == stacks
    if settings_of("dev").profile == profile:
        check_pipeline(server)
    difference = cdk.run(server, "diff", "--app", str(deployed), "--fail")
    assert difference.count("There were no differences") == len(stacks)

    less = scanning_less(names, profile, contracts, outdir=server.root / "less")
    assert deploy(server, less) == stacks - {names.stack("analytics")}
    workgroup = session.client("athena").get_work_group(WorkGroup=names.workgroup)["WorkGroup"]
    assert workgroup["Configuration"]["BytesScannedCutoffPerQuery"] == 2**30

    # A bucket that holds data, old versions of it included, is no obstacle in an environment that gives up its data.
    s3 = session.client("s3")
    for body in (b"old", b"new"):
        s3.put_object(Bucket=names.bucket(Zone.RAW), Key="sales/orders", Body=body)
    cdk.run(server, "destroy", "--all", "--app", str(less), "--force")
    assert states(session) == {}
    assert not [bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if bucket["Name"].startswith(names.prefix)]


def test_roles_of_pipelines(server: server_lifecycle.Server, session: boto3.Session, names: Names) -> None:
    context = ("-c", "deploy-roles=dev", "-c", "github=octo-org/lakehouse")
    cdk.run(server, "bootstrap", f"aws://{server.account}/{server.region}", folder=server.root)
    cdk.run(server, "deploy", "--all", *context, "--require-approval", "never")
    iam = session.client("iam")
    document: Any = iam.get_role(RoleName=names.deploy_role)["Role"]["AssumeRolePolicyDocument"]
    [statement] = document["Statement"]
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=statement["Principal"]["Federated"])
    assert (provider["Url"].removeprefix("https://"), provider["ClientIDList"]) == (
        "token.actions.githubusercontent.com",
        ["sts.amazonaws.com"],
    )
    cdk.run(server, "destroy", "--all", *context, "--force")
    assert not iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]


def check_pipeline(server: server_lifecycle.Server) -> None:
    """What the pipelines run deploys, applies the tables under their role, and asks whether that answers."""
    environment = server_lifecycle.child_environment(server) | {
        "CDK_DEFAULT_ACCOUNT": server.account,
        "CDK_DEFAULT_REGION": server.region,
        "CDK_VALIDATION": "false",
    }
    done = subprocess.run(
        [cdk_entry.ROOT / ".ci" / "deploy", "dev"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^[1-9]\d* tables to create, \d+ changes, 0 refused$", done.stdout, re.MULTILINE), done.stdout
    assert done.stdout.splitlines()[-1].startswith("✓ Athena in workgroup"), done.stdout


def check_smoke_test(names: Names, contracts: list[Contract]) -> None:
    """Check the answers of `lakehouse smoke` before and after the contracts are published."""
    [problem] = [check.problem for check in checks(contracts, names=names) if check.problem]
    assert problem is not None
    assert "`lakehouse tables apply` publishes them" in problem
    publish(contracts, names=names)
    answers = list(checks(contracts, names=names))
    assert all(check.ok for check in answers)
    assert len(answers) == len(Move) + 2


def check_resources(session: boto3.Session, names: Names) -> None:
    """What was deployed is there, under its names and as the templates say."""
    glue: Any = session.client("glue")
    for move in Move:
        job = glue.get_job(JobName=names.job(move))["Job"]
        assert head(session, job["Command"]["ScriptLocation"]) > 0
        assert head(session, job["DefaultArguments"]["--additional-python-modules"]) > 0
        assert job["DefaultArguments"]["--contracts"] == names.contracts_uri
    databases = {database["Name"] for database in glue.get_databases()["DatabaseList"]}
    assert {names.database(zone) for zone in Zone if zone is not Zone.STAGE} | {names.ops_database} <= databases
    workgroup = session.client("athena").get_work_group(WorkGroup=names.workgroup)["WorkGroup"]
    assert workgroup["Configuration"]["EnforceWorkGroupConfiguration"] is True
    versioning = session.client("s3").get_bucket_versioning(Bucket=names.bucket(Zone.STAGE))
    assert versioning["Status"] == "Enabled"
    secret = session.client("secretsmanager").get_secret_value(SecretId=names.source_secret(source="shop"))
    assert set(json.loads(secret["SecretString"])) == {"host", "port", "username", "password"}
    replications = session.client("dms").describe_replication_configs()["ReplicationConfigs"]
    assert [item["ReplicationConfigIdentifier"] for item in replications] == [names.replication(source="shop")]


def head(session: boto3.Session, uri: str) -> int:
    """Size in bytes of an object."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return session.client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"]
