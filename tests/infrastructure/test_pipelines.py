"""CI and CD: valid by their published schemas, safe by zizmor, with targets and scripts of this repository."""

import inspect
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from app import ROOT
from lakehouse.operations import dbt
from stacks.orchestration import airflow_content
from stacks.orchestration.stack import AIRFLOW_VERSION
from stacks.settings import ENVIRONMENTS
from tests.support import official_images
from tests.support.templates.synthesis import DEV

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = ROOT / ".github" / "actions" / "setup" / "action.yml"
AZURE = ROOT / "azure-pipelines.yml"
AZURE_UPKEEP = ROOT / ".azure" / "maintain.yml"
SCRIPTS = sorted(path for path in (ROOT / ".ci").rglob("*") if path.is_file())
AZURE_SCHEMA = ("--builtin-schema", "vendor.azure-pipelines", "--data-transform", "azure-pipelines")


def check(*arguments: str | Path) -> None:
    """Run a linter; what it finds is what fails."""
    run = subprocess.run([str(item) for item in arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_workflows_are_githubs() -> None:
    assert len(WORKFLOWS) >= 3
    check("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    check("check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION)


def test_workflows_are_safe() -> None:
    """Actions pinned by commit, least permissions, no text of a pull request in a shell, no credentials left behind."""
    check("zizmor", "--offline", "--no-progress", "--config", ROOT / ".github" / "zizmor.yml", *WORKFLOWS, ACTION)


@pytest.mark.parametrize("pipeline", [AZURE, AZURE_UPKEEP], ids=lambda path: path.name)
def test_pipelines_are_azures(pipeline: Path, tmp_path: Path) -> None:
    # Microsoft's schema knows only Microsoft's tasks: AWS's is replaced by a shell script, which takes the same file.
    known = (
        pipeline.read_text()
        .replace("AWSShellScript@1", "Bash@3")
        .replace("scriptType: filePath", "targetType: filePath")
    )
    known = known.replace("job: ${{ suite.job }}", "job: suite")  # the schema allows no expression here
    known = re.sub(r"^ +(awsCredentials|regionName): .*\n", "", known, flags=re.MULTILINE)
    (tmp_path / pipeline.name).write_text(known)
    setup = ROOT / ".azure" / "setup.yml"
    check("check-jsonschema", *AZURE_SCHEMA, "--regex-variant", "nonunicode", tmp_path / pipeline.name, setup)


def test_what_pipelines_run_is_there() -> None:
    text = "\n".join(path.read_text() for path in (*WORKFLOWS, AZURE, AZURE_UPKEEP, *SCRIPTS))
    for script in SCRIPTS:
        assert f"ci/{script.relative_to(ROOT / '.ci')}" in text, script
        assert os.access(script, os.X_OK), script
        check("bash", "-n", script)
    for script in re.findall(r"(?<![\w/])\.ci/[\w/-]+", text):
        assert (ROOT / script).exists(), script
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets_of(text) <= targets
    for document in re.findall(r"docs/[\w-]+\.md", text):
        assert (ROOT / document).exists(), document


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_scripts_are_clean() -> None:
    check("shellcheck", *SCRIPTS)


def test_the_image_of_airflow_gets_the_exports_of_a_deployment() -> None:
    source = inspect.getsource(airflow_content._exports)
    deployed = set(re.findall(r'"(LAKEHOUSE_\w+)"', source)) | dbt.environment(DEV).keys()
    assert official_images.exports(DEV).keys() == deployed
    used = set(re.findall(r"\bLAKEHOUSE_\w+\b(?!:-)", (ROOT / "dags" / "startup.sh").read_text()))
    assert used - {"LAKEHOUSE_DBT_PYTHON", "LAKEHOUSE_DBT_PROFILE"} <= deployed  # these two are its own


def test_the_image_of_airflow_is_of_the_version_that_is_deployed() -> None:
    text = (ROOT / ".github" / "workflows" / "official-images.yml").read_text()
    assert set(re.findall(r"images/airflow/([\d.]+)", text)) == {AIRFLOW_VERSION}


def targets_of(text: str) -> set[str]:
    """Return the make targets that pipelines run, in commands or in the list of Azure's suites."""
    lines = re.findall(r"(?:(?:run|script): make|^ +targets:) ([a-z -]+)$", text, re.MULTILINE)
    return {target for line in lines for target in line.split()}


def test_both_pipelines_run_the_same_tests() -> None:
    github = targets_of((ROOT / ".github" / "workflows" / "ci.yml").read_text()) - {"setup"}
    assert len(github) > 8
    assert targets_of(AZURE.read_text()) - {"setup"} == github


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


def test_each_environment_is_deployed_after_the_one_before_and_after_the_tests() -> None:
    jobs = load(ROOT / ".github" / "workflows" / "deploy.yml")["jobs"]
    before = {name: job["needs"] for name, job in jobs.items() if "needs" in job}
    assert before == dict(zip(ENVIRONMENTS, ["ci", *ENVIRONMENTS], strict=False))
    assert {name: jobs[name]["with"]["environment"] for name in before} == {name: name for name in ENVIRONMENTS}
    [environments] = [item for item in load(AZURE)["parameters"] if item["name"] == "environments"]
    assert environments["default"] == list(ENVIRONMENTS)


@pytest.mark.parametrize(
    ("workflow", "environment", "azure"),
    [
        ("deploy-environment.yml", "${{ inputs.environment }}", AZURE),
        ("maintain.yml", "${{ matrix.environment }}", AZURE_UPKEEP),
    ],
)
def test_a_pipeline_takes_the_role_that_trusts_it_and_holds_no_key(
    workflow: str, environment: str, azure: Path
) -> None:
    [job] = load(ROOT / ".github" / "workflows" / workflow)["jobs"].values()
    assert job["environment"] == environment
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    [credentials] = [step["with"] for step in job["steps"] if "configure-aws-credentials" in step.get("uses", "")]
    role = credentials["role-to-assume"].replace(environment, DEV.environment)
    assert role.replace("${{ vars.AWS_REGION }}", DEV.region).endswith(f":role/{DEV.deploy_role}")
    assert f"awsCredentials: {DEV.project}-${{{{ environment }}}}" in azure.read_text()
    for path in (*WORKFLOWS, azure):
        assert not re.search(r"secrets\.|ACCESS_KEY|secretsmanager", path.read_text()), path


@pytest.mark.parametrize("workflow", [*WORKFLOWS, ACTION], ids=lambda path: path.name)
def test_every_action_is_pinned_and_says_its_version(workflow: Path) -> None:
    for line in workflow.read_text().splitlines():
        if "uses: " in line and "uses: ./" not in line:
            assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
