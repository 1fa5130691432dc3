"""Nothing refers to what does not exist, and nothing is named but by `lakehouse.names`."""

import json
import re
from dataclasses import replace

import pytest

from lakehouse.contracts.model import Contract
from lakehouse.governance.roles import ROLES
from lakehouse.names import Fetch, Move, Names, Zone
from reports.findings import DEPLOYMENTS
from stacks.settings import ENVIRONMENTS
from tests.support.templates.assembly import Assembly, text, walk
from tests.support.templates.synthesis import DEV

TABLES = (Zone.RAW, Zone.INTEGRATION, Zone.CURATED)


@pytest.fixture(scope="module", params=DEPLOYMENTS)
def deployment(request: pytest.FixtureRequest) -> str:
    """Every test here looks at every environment in every profile."""
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def assembly(everything: dict[str, Assembly], deployment: str) -> Assembly:
    return everything[deployment]


@pytest.fixture(scope="module")
def names(deployment: str) -> Names:
    return replace(DEV, environment=deployment.partition("-")[0])


@pytest.fixture(scope="module")
def strings(assembly: Assembly) -> set[str]:
    """Every string of every template, functions in it resolved to names in angle brackets."""
    found: set[str] = set()
    for template in assembly.templates.values():
        for value in walk(template["Resources"]):
            if isinstance(value, str):
                found.add(value)
            elif isinstance(value, dict) and value.keys() & {"Fn::Join", "Fn::Sub"}:
                found.add(text(value))
    return found


def names_of_type(names: Names, contracts: list[Contract], *, is_minimal: bool) -> dict[str, tuple[str, set[str]]]:
    """For each kind of resource: the property that holds its name, and what `lakehouse.names` calls them all."""
    sources = {contract.source.name for contract in contracts if contract.source.is_database}
    apis = {contract.source.name for contract in contracts if contract.source.api}
    streams = {contract.source.name for contract in contracts if contract.source.type == "kinesis"}
    zones = {names.bucket(zone) for zone in Zone}
    sides = ("source", "target")
    return {
        "AWS::S3::Bucket": (
            "BucketName",
            zones
            | {names.scripts_bucket, names.results_bucket, names.logs_bucket, names.audit_bucket}
            | (set() if is_minimal else {names.dags_bucket}),
        ),
        "AWS::CloudTrail::Trail": ("TrailName", {names.trail}),
        "AWS::Glue::Job": ("Name", {names.job(job) for job in (*Move, *Fetch)}),
        "AWS::Glue::SecurityConfiguration": ("Name", {names.job_security_configuration}),
        "AWS::StepFunctions::StateMachine": ("StateMachineName", {names.moves} if is_minimal else set()),
        "AWS::Scheduler::Schedule": ("Name", {names.source_watch} | ({names.moves} if is_minimal else set())),
        "AWS::MWAA::Environment": ("Name", set() if is_minimal else {names.airflow}),
        "AWS::CodeArtifact::Domain": ("DomainName", set() if is_minimal else {names.packages_domain}),
        "AWS::CodeBuild::Project": ("Name", {names.dbt_project} if is_minimal else set()),
        "AWS::Athena::WorkGroup": ("Name", {names.dbt_workgroup, *(names.workgroup_of(role) for role in ROLES)}),
        "AWS::KMS::Alias": ("AliasName", {names.key_alias}),
        "AWS::SecretsManager::Secret": ("Name", {names.source_secret(source=source) for source in sources | apis}),
        "AWS::DMS::ReplicationConfig": (
            "ReplicationConfigIdentifier",
            {names.replication(source=source) for source in sources},
        ),
        "AWS::DMS::Endpoint": (
            "EndpointIdentifier",
            {names.replication_endpoint(source=source, side=side) for source in sources for side in sides},
        ),
        "AWS::Kinesis::Stream": ("Name", {names.stream(source=source) for source in streams}),
        "AWS::KinesisFirehose::DeliveryStream": (
            "DeliveryStreamName",
            {names.delivery(source=source) for source in streams},
        ),
        "AWS::SQS::Queue": ("QueueName", {names.arrivals, names.arrivals_dead_letters}),
        "AWS::DMS::ReplicationSubnetGroup": ("ReplicationSubnetGroupIdentifier", {names.replication_subnets}),
    }


def test_resources_have_the_names_of_lakehouse_names(
    assembly: Assembly, names: Names, contracts: list[Contract], deployment: str
) -> None:
    is_minimal = deployment.endswith("-minimal")
    for type_, (property_, expected) in names_of_type(names, contracts, is_minimal=is_minimal).items():
        assert assembly.named(type_, property_).keys() == expected, type_


def test_databases_stand_where_their_tables_do(assembly: Assembly, names: Names) -> None:
    found = {
        database.properties["DatabaseInput"]["Name"]: text(database.properties["DatabaseInput"]["LocationUri"])
        for database in assembly.resources("AWS::Glue::Database")
        if database.properties["DatabaseInput"]["Name"] != names.audit_database  # holds what CloudTrail writes
    }
    assert found == {names.database(zone): f"s3://{names.bucket(zone)}/" for zone in TABLES} | {
        names.ops_database: f"s3://{names.bucket(Zone.INTEGRATION)}/ops/"
    }
    assert names.ops_location("batches").startswith(found[names.ops_database])
    for zone in TABLES:
        location = names.table_location(zone, domain="sales", table="orders")
        assert location.startswith(found[names.database(zone)])


def found_in(strings: set[str], pattern: str) -> set[str]:
    return {match for string in strings for match in re.findall(pattern, string)}


@pytest.mark.parametrize(
    ("type_", "name", "pattern"),
    [
        ("AWS::S3::Bucket", "BucketName", r"{0.prefix}-[a-z-]+-{0.account}-{0.region}"),
        ("AWS::Logs::LogGroup", "LogGroupName", r"^{0.log_prefix}/(?:jobs|deliveries)/.+"),
    ],
)
def test_whatever_is_mentioned_exists(
    assembly: Assembly, strings: set[str], names: Names, type_: str, name: str, pattern: str
) -> None:
    mentioned = found_in(strings, pattern.format(names))
    assert mentioned
    assert mentioned <= {text(key) for key in (item.properties[name] for item in assembly.resources(type_))}


def test_databases_that_are_mentioned_exist(assembly: Assembly, strings: set[str], names: Names) -> None:
    mentioned = found_in(strings, rf"\b{names.project}_{names.environment}_[a-z]+")
    assert mentioned == {item.properties["DatabaseInput"]["Name"] for item in assembly.resources("AWS::Glue::Database")}


def test_no_deployment_mentions_another(strings: set[str], names: Names) -> None:
    others = [replace(names, environment=other) for other in ENVIRONMENTS if other != names.environment]
    assert not found_in(strings, "|".join(rf"\b{other.prefix}\b.*" for other in others))


def test_uploads_that_are_mentioned_are_uploaded(assembly: Assembly, strings: set[str]) -> None:
    # The function that fills Airflow's bucket may read any: only the CDK knows the names of what it makes for it.
    mentioned = found_in(strings, r"cdk-hnb659fds-assets-123456789012-eu-central-1/([^,]+)") - {"*"}
    assert mentioned
    assert mentioned <= assembly.assets.keys()
    for path in assembly.assets.values():
        assert path.exists()


def test_stacks_read_outputs_that_exist_of_stacks_that_come_first(assembly: Assembly) -> None:
    for stack, template in assembly.templates.items():
        before = assembly.dependencies[stack]
        for value in walk(template):
            if isinstance(value, dict) and "Fn::GetStackOutput" in value:
                output = value["Fn::GetStackOutput"]
                assert output["OutputName"] in assembly.templates[output["StackName"]]["Outputs"]
                assert output["StackName"] in before


def test_no_template_holds_a_password(assembly: Assembly) -> None:
    for secret in assembly.resources("AWS::SecretsManager::Secret"):
        assert "SecretString" not in secret.properties
        template = json.loads(secret.properties["GenerateSecretString"]["SecretStringTemplate"])
        assert set(template) in ({"host", "port", "username"}, {"url"})
    for endpoint in assembly.resources("AWS::DMS::Endpoint"):
        assert not {"Password", "Username"} & endpoint.properties.keys()
