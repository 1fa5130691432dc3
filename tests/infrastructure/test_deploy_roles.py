"""Who may deploy: exactly one repository or service connection an environment, and nothing but deploying."""

import json
from pathlib import Path

import pytest
from aws_cdk import App

import app as cdk_entry
from lakehouse.names import Names
from stacks.deploy_roles.pipelines import azure, github
from tests.support.templates.assembly import Assembly, Json, as_list, policy_statements, text
from tests.support.templates.synthesis import CONTEXT, DEV, synth

REPOSITORY = "octo-org@1/lakehouse@2"
ORGANIZATION = "11111111-2222-3333-4444-555555555555"
CONTEXT_OF_ROLES = {"deploy-roles": "dev,prod", "github": REPOSITORY, "azure": f"{ORGANIZATION}/octo/data"}
ISSUERS = {
    "token.actions.githubusercontent.com": ("sts.amazonaws.com", f"repo:{REPOSITORY}:environment:{{environment}}"),
    f"vstoken.dev.azure.com/{ORGANIZATION}": ("api://AzureADTokenExchange", "sc://octo/data/lakehouse-{environment}"),
}


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return synth(tmp_path_factory.mktemp("roles") / "out", DEV, **CONTEXT_OF_ROLES)


@pytest.fixture(scope="module")
def roles(assembly: Assembly) -> dict[str, Json]:
    return assembly.named("AWS::IAM::Role", "RoleName")


def names_in(environment: str) -> Names:
    return Names(environment=environment, account=DEV.account, region=DEV.region)


def test_the_roles_are_a_stack_of_their_own(assembly: Assembly, roles: dict[str, Json]) -> None:
    assert list(assembly.templates) == [DEV.deploy_roles_stack]
    assert roles.keys() == {names_in(environment).deploy_role for environment in ("dev", "prod")}


def test_each_environment_trusts_its_own_pipelines_alone(assembly: Assembly, roles: dict[str, Json]) -> None:
    providers = {
        f"<{provider.logical_id}>": provider.properties["Url"].removeprefix("https://")
        for provider in assembly.resources("AWS::IAM::OIDCProvider")
    }
    assert set(providers.values()) == ISSUERS.keys()
    for environment in ("dev", "prod"):
        statements = roles[names_in(environment).deploy_role]["AssumeRolePolicyDocument"]["Statement"]
        for statement in statements:
            issuer = providers[text(statement["Principal"]["Federated"])]
            audience, subject = ISSUERS[issuer]
            assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
            assert statement["Condition"] == {
                "StringEquals": {
                    f"{issuer}:aud": audience,
                    f"{issuer}:sub": subject.format(environment=environment),
                }
            }
        assert len(statements) == len(ISSUERS)


def test_a_role_takes_the_roles_of_its_environment_and_reads_what_it_deployed(
    assembly: Assembly, roles: dict[str, Json]
) -> None:
    for resource in assembly.resources("AWS::IAM::Role"):
        environment = resource.logical_id[: -len("12345678")]
        names = names_in(environment)
        [taken] = [found for found in policy_statements(resource) if found.get("Sid") == "Deploy"]
        arns = {text(arn).rpartition("/")[2] for arn in as_list(taken["Resource"])}
        place = f"{names.account}-{names.region}"
        bootstrap = {f"cdk-hnb659fds-{role}-role-{place}" for role in ("deploy", "file-publishing", "lookup")}
        assert arns == bootstrap | {names.tables_role}
        other = names_in("prod" if environment == "dev" else "dev")
        assert other.prefix not in json.dumps(resource.properties)
    for role in roles.values():
        assert "ManagedPolicyArns" not in role


def test_providers_that_an_account_has_are_not_made_again(tmp_path: Path) -> None:
    found = synth(tmp_path / "out", DEV, **CONTEXT_OF_ROLES, **{"identity-providers": "exist"})
    assert not found.resources("AWS::IAM::OIDCProvider")
    arns = {
        text(statement["Principal"]["Federated"])
        for role in found.resources("AWS::IAM::Role")
        for statement in role.properties["AssumeRolePolicyDocument"]["Statement"]
    }
    assert arns == {f"arn:aws:iam::{DEV.account}:oidc-provider/{issuer}" for issuer in ISSUERS}


@pytest.mark.parametrize("repository", ["octo-org", "octo-org/*", "*/lakehouse", "octo-org/lakehouse:ref", "a/b/c"])
def test_a_repository_is_one_repository(repository: str) -> None:
    with pytest.raises(ValueError, match="expected owner/name"):
        github(repository)


@pytest.mark.parametrize("project", ["octo/data", f"{ORGANIZATION}/octo/*", f"{ORGANIZATION}/octo", "*/octo/data"])
def test_a_project_is_one_project(project: str) -> None:
    with pytest.raises(ValueError, match="expected ORGANIZATION_ID/ORGANIZATION/PROJECT"):
        azure(project)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"deploy-roles": "dev"}, "no pipeline: expected -c github"),
        ({"deploy-roles": "prd", "github": "a/b"}, "no environment 'prd'"),
        ({"deploy-roles": "dev", "github": "a/*"}, "no repository"),
    ],
)
def test_a_mistake_is_named(context: dict[str, str], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        cdk_entry.build(App(context=CONTEXT | context), account=DEV.account, region=DEV.region)
