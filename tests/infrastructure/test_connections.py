"""Pulls from APIs: one job, which signs in to the APIs of the contracts and writes their pages and nothing else."""

import json
import tomllib

import pytest

from app import ROOT
from lakehouse.contracts.model import Contract
from lakehouse.names import Fetch, Names, Zone
from tests.support.templates.assembly import Assembly, Json, text
from tests.support.templates.permissions import job_statements, reached


@pytest.fixture
def apis(contracts: list[Contract]) -> list[Contract]:
    found = [contract for contract in contracts if contract.source.api]
    assert found
    return found


@pytest.fixture(scope="module")
def job(assembly: Assembly, names: Names) -> Json:
    found: Json = assembly.named("AWS::Glue::Job", "Name")[names.job(Fetch.API_TO_STAGE)]
    return found


def test_an_api_has_a_secret_for_its_address_and_token(assembly: Assembly, names: Names, apis: list[Contract]) -> None:
    secrets = assembly.named("AWS::SecretsManager::Secret", "Name")
    for contract in apis:
        secret = secrets[names.source_secret(source=contract.source.name)]
        assert json.loads(secret["GenerateSecretString"]["SecretStringTemplate"]) == {"url": ""}
        assert secret["GenerateSecretString"]["GenerateStringKey"] == "token"
        assert "KmsKeyId" in secret


def test_the_job_runs_the_repositorys_script_with_what_it_needs(assembly: Assembly, job: Json, names: Names) -> None:
    bucket = "s3://cdk-hnb659fds-assets-123456789012-eu-central-1/"
    script = text(job["Command"]["ScriptLocation"]).removeprefix(bucket)
    assert assembly.assets[script].read_bytes() == (ROOT / names.script_key(Fetch.API_TO_STAGE)).read_bytes()
    wheel, *others = text(job["DefaultArguments"]["--additional-python-modules"]).split(",")
    assert wheel.removeprefix(bucket) in assembly.assets
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert others == extras["api"]
    assert all("==" in requirement for requirement in others)
    assert job["SecurityConfiguration"] == names.job_security_configuration
    assert job["Timeout"] == 60


def test_the_job_lands_pages_and_commits_them_and_reaches_no_data(
    assembly: Assembly, names: Names, apis: list[Contract]
) -> None:
    statements = job_statements(assembly, names, Fetch.API_TO_STAGE)
    stage, raw = (f"arn:aws:s3:::{names.bucket(zone)}" for zone in (Zone.STAGE, Zone.RAW))
    assert reached(statements["Land"]) == {f"{stage}/{contract.domain}/*/_pulls/*" for contract in apis}
    assert statements["Land"]["Action"] == "s3:PutObject"
    assert reached(statements["Commit"]) == {
        f"{raw}/{key}"
        for contract in apis
        for key in (f"_batches/{contract.dataset}/*", f"_pulls/{contract.dataset}.json")
    }
    secrets = {item.logical_id for item in assembly.resources("AWS::SecretsManager::Secret")}
    assert {arn.strip("<>") for arn in reached(statements["SignIn"])} <= secrets
    actions = {action for statement in statements.values() for action in _as_list(statement["Action"])}
    assert not {action for action in actions if action.startswith(("glue:", "lakeformation:", "athena:", "s3:Delete"))}


def _as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
