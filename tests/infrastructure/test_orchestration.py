"""Airflow of the standard profile: private, encrypted, its files there before it, its packages without internet."""

import re
import subprocess
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import app as cdk_entry
from lakehouse.names import Names
from lakehouse.operations import dbt
from reports.findings import DEPLOYMENTS
from stacks.orchestration import airflow_content
from stacks.orchestration.stack import LOGS, SERVICES
from stacks.settings import settings_of
from tests.support.templates.assembly import Assembly, Json, policy_statements, text
from tests.support.templates.synthesis import CONTEXT, synth

DAGS = cdk_entry.ROOT / "dags"


@pytest.fixture(scope="module")
def standard(everything: dict[str, Assembly]) -> Assembly:
    return everything["dev-standard"]


@pytest.fixture(scope="module")
def airflow(standard: Assembly) -> Json:
    [environment] = standard.resources("AWS::MWAA::Environment")
    return environment.properties


def test_it_exists_where_the_profile_has_it(everything: dict[str, Assembly]) -> None:
    for deployment in DEPLOYMENTS:
        environments = everything[deployment].resources("AWS::MWAA::Environment")
        assert bool(environments) == deployment.endswith("-standard"), deployment


def test_it_is_private_and_as_large_as_the_settings_say(everything: dict[str, Assembly]) -> None:
    for deployment in DEPLOYMENTS:
        environment, _, profile = deployment.partition("-")
        settings = settings_of(environment, profile=profile).orchestration
        for resource in everything[deployment].resources("AWS::MWAA::Environment"):
            airflow = resource.properties
            assert (airflow["AirflowVersion"], airflow["WebserverAccessMode"]) == ("3.2.1", "PRIVATE_ONLY")
            assert airflow["EnvironmentClass"] == settings.environment_class
            assert (airflow["MinWorkers"], airflow["MaxWorkers"]) == settings.workers
            assert len(airflow["NetworkConfiguration"]["SubnetIds"]) == 2
            assert "KmsKey" in airflow


def test_every_log_is_kept_encrypted_and_ends(standard: Assembly, airflow: Json, names: Names) -> None:
    level = settings_of("dev").orchestration.log_level
    for setting in airflow["LoggingConfiguration"].values():
        assert setting == {"Enabled": True, "LogLevel": level}
    groups = standard.named("AWS::Logs::LogGroup", "LogGroupName")
    for component in LOGS:
        group = groups[names.airflow_log_group(component)]
        assert "KmsKeyId" in group
        assert group["RetentionInDays"] > 0
    [key] = standard.resources("AWS::KMS::Key")
    conditions = [item.get("Condition", {}) for item in policy_statements(key)]
    arns = [item["ArnLike"]["kms:EncryptionContext:aws:logs:arn"] for item in conditions if "ArnLike" in item]
    assert any(text(arn).endswith(f":log-group:{names.airflow_log_group('*')}") for listed in arns for arn in listed)


def test_its_files_are_there_before_it_and_a_change_has_another_path(
    standard: Assembly, airflow: Json, names: Names
) -> None:
    folder, _, file = airflow["RequirementsS3Path"].rpartition("/")
    assert file == "requirements.txt"
    assert airflow["StartupScriptS3Path"] == f"{folder}/startup.sh"
    assert re.fullmatch(r"environment/[0-9a-f]{12}", folder)
    deployments = standard.resources("Custom::CDKBucketDeployment")
    by_prefix = {item.properties["DestinationBucketKeyPrefix"]: item for item in deployments}
    assert by_prefix.keys() == {folder, airflow["DagS3Path"]}
    [environment] = standard.resources("AWS::MWAA::Environment")
    for item in deployments:
        assert text(item.properties["DestinationBucketName"]) == names.dags_bucket
        assert item.logical_id in environment.definition["DependsOn"]
    # What the environment still reads must outlive the update; a DAG that is gone must not.
    assert (by_prefix[folder].properties["Prune"], by_prefix[folder].properties["RetainOnDelete"]) == (False, True)
    assert by_prefix[airflow["DagS3Path"]].properties["Prune"] is True


def test_the_dag_folder_holds_a_dag_a_domain_and_the_repositorys_own_files(standard: Assembly, airflow: Json) -> None:
    [dags] = [
        item.properties
        for item in standard.resources("Custom::CDKBucketDeployment")
        if item.properties["DestinationBucketKeyPrefix"] == airflow["DagS3Path"]
    ]
    [key] = dags["SourceObjectKeys"]
    folder = standard.assets[key]
    domains = {path.name for path in (cdk_entry.ROOT / CONTEXT["contracts"]).iterdir()}
    made = {".airflowignore", "plans", *(f"{domain}.py" for domain in domains)}
    assert {path.name for path in folder.iterdir()} == {"dags", "lakehouse", "models"} | made
    assert {path.stem for path in (folder / "plans").iterdir()} == domains
    assert str(cdk_entry.ROOT) not in "".join(path.read_text() for path in (folder / "plans").iterdir())
    for file in ("lakehouse/names.py", "dags/factory.py", "models/dbt_project.yml"):
        assert (folder / file).read_bytes() == (cdk_entry.ROOT / file).read_bytes()
    assert not list(folder.rglob("__pycache__"))


@pytest.fixture(scope="module")
def startup(standard: Assembly, airflow: Json, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The startup script as the environment gets it."""
    folder = airflow["StartupScriptS3Path"].rpartition("/")[0]
    [files] = [
        item.properties
        for item in standard.resources("Custom::CDKBucketDeployment")
        if item.properties["DestinationBucketKeyPrefix"] == folder
    ]
    for key in files["SourceObjectKeys"]:
        path = standard.assets[key]
        found = list(path.rglob("startup.sh")) if path.is_dir() else []
        if not path.is_dir():
            with zipfile.ZipFile(path) as archive:
                if "startup.sh" in archive.namelist():
                    return archive.read("startup.sh").decode()
        if found:
            return found[0].read_text()
    raise AssertionError("no startup script among the files")


def test_the_startup_script_is_valid_and_exports_all_that_it_and_dbt_read(
    startup: str, names: Names, tmp_path: Path
) -> None:
    script = tmp_path / "startup.sh"
    script.write_text(startup)
    subprocess.run(["sh", "-n", script], check=True)
    exported = set(re.findall(r"^export ([A-Z_]+)=", startup, re.MULTILINE))
    # A variable with a default (`:-`) need not be exported.
    read = set(re.findall(r"\$\{?(LAKEHOUSE_[A-Z_]+)\b(?!:-)", startup)) | set(
        re.findall(r'environ\["([A-Z_]+)"\]', startup)
    )
    assert read | dbt.environment(names).keys() <= exported


def test_dbt_has_an_environment_of_its_own_with_the_locked_requirements(startup: str) -> None:
    """Airflow's constraints leave no version of dbt, and an unlocked one is not the one that was tested."""
    airflow = {Requirement(line).name for line in lines(DAGS / "requirements.txt")}
    assert airflow
    assert not [name for name in airflow if name.startswith("dbt")]
    locked = (cdk_entry.ROOT / "models" / "requirements.txt").read_text()
    for line in lines(cdk_entry.ROOT / "models" / "requirements.in"):
        pinned = re.sub(r"\[.*\]", "", line)  # the lock has a package without its extras
        assert re.search(rf"^{re.escape(pinned)} \\$", locked, re.MULTILINE), line
    assert "--no-deps --require-hashes" in startup
    assert '-m venv "$dbt"' in startup


def test_an_archive_of_dbts_packages_is_copied_as_it_is(names: Names, tmp_path: Path) -> None:
    archive = tmp_path / "packages.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("dbt.py", "")
    context = {"profile": "standard", airflow_content.DBT_PACKAGES: str(archive)}
    deployments = synth(tmp_path / "out", names, **context).resources("Custom::CDKBucketDeployment")
    [packages] = [item.properties for item in deployments if not item.properties.get("Extract", True)]
    [key] = packages["SourceObjectKeys"]
    exports = f"export LAKEHOUSE_DBT_PACKAGES='{packages['DestinationBucketKeyPrefix']}/{key}'"
    assert any(exports in path.read_text() for path in (tmp_path / "out").rglob("startup.sh"))


def test_airflow_is_told_versions_that_its_constraints_allow() -> None:
    constraints = {item.name: item.specifier for item in map(Requirement, lines(DAGS / "constraints.txt"))}
    for item in map(Requirement, lines(DAGS / "requirements.txt")):
        # What Airflow knows nothing of is pinned by us.
        assert item.specifier == constraints.get(item.name, item.specifier)
        assert str(item.specifier).startswith("==")


def lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def test_it_reaches_the_services_that_it_calls(standard: Assembly) -> None:
    endpoints = {text(item.properties["ServiceName"]) for item in standard.resources("AWS::EC2::VPCEndpoint")}
    assert {f"com.amazonaws.eu-central-1.{service.short_name}" for service in SERVICES} <= endpoints
    assert "com.amazonaws.eu-central-1.dms" in endpoints  # its DAGs ask how the replication of the shop is


def test_dbts_role_is_airflows_to_take(standard: Assembly, names: Names) -> None:
    roles = {role.properties.get("RoleName"): role for role in standard.resources("AWS::IAM::Role")}
    trust, *_ = roles[names.dbt_role].properties["AssumeRolePolicyDocument"]["Statement"]
    assert text(trust["Principal"]["AWS"]) == f"<{roles[names.airflow_role].logical_id}>"


FAKE_PYTHON = """#!/bin/sh
# Stands for the component's Python: a token, a download, an environment whose pip writes down what it is asked.
case "$1 $2" in
"-m venv")
    mkdir -p "$3/bin"
    printf '#!/bin/sh\\necho "$PIP_USER $*" >"$ASKED"\\n' >"$3/bin/pip"
    chmod +x "$3/bin/pip"
    ;;
*) if [ $# -eq 2 ]; then echo secret-token; fi ;;
esac
"""


@pytest.mark.parametrize("component", ["worker", "scheduler"])
def test_the_startup_script_does_what_a_component_needs(
    startup: str, names: Names, tmp_path: Path, component: str
) -> None:
    (tmp_path / "startup.sh").write_text(startup)
    (tmp_path / "python3").write_text(FAKE_PYTHON)
    (tmp_path / "python3").chmod(0o755)
    asked = tmp_path / "asked"
    variables = {"AIRFLOW_HOME": str(tmp_path / "airflow"), "HOME": str(tmp_path / "home"), "ASKED": str(asked)}
    ran = subprocess.run(
        ["sh", "-c", ". ./startup.sh; env"],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "MWAA_AIRFLOW_COMPONENT": component, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    exported = dict(line.split("=", 1) for line in ran.stdout.splitlines() if "=" in line)
    host = f"{names.packages_domain}-{names.account}.d.codeartifact.{names.region}.amazonaws.com"
    assert exported["PIP_INDEX_URL"] == f"https://aws:secret-token@{host}/pypi/{names.packages_repository}/simple/"
    assert exported["LAKEHOUSE_DBT_PYTHON"] == str(tmp_path / "airflow" / "dbt" / "bin" / "python")
    profile = (tmp_path / "home" / ".aws" / "config").read_text()
    assert f"role_arn = arn:aws:iam::{names.account}:role/{names.dbt_role}" in profile
    assert f"[profile {exported[dbt.PROFILE]}]" in profile
    assert asked.exists() == (component == "worker")
    if component == "worker":
        assert asked.read_text().startswith("false install --quiet --no-deps --require-hashes -r ")
