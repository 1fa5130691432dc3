"""The scheduler of the minimal profile: a state machine of the contracts' datasets, and what it starts."""

import json
import zipfile
from collections.abc import Iterator

import pytest
import yaml

import app as cdk_entry
from lakehouse.names import Fetch, Move, Names, Urgency
from lakehouse.sizes import CAPACITIES, Size
from reports.findings import DEPLOYMENTS
from stacks.settings import settings_of
from tests.support.templates.assembly import Assembly, Json, text

ASSETS = "cdk-hnb659fds-assets-123456789012-eu-central-1"


@pytest.fixture(scope="module")
def machine(assembly: Assembly) -> Json:
    [resource] = assembly.resources("AWS::StepFunctions::StateMachine")
    described: Json = json.loads(text(resource.properties["DefinitionString"]))
    return described


def scopes(machine: Json) -> Iterator[Json]:
    """The state machine, and what runs for each item of its maps."""
    yield machine
    for state in machine["States"].values():
        if state["Type"] == "Map":
            yield from scopes(state["ItemProcessor"])


def tasks(machine: Json) -> dict[str, Json]:
    found = {name: state for scope in scopes(machine) for name, state in scope["States"].items()}
    return {name: state for name, state in found.items() if state["Type"] == "Task"}


def test_it_exists_where_there_is_no_airflow(everything: dict[str, Assembly]) -> None:
    for deployment in DEPLOYMENTS:
        machines = everything[deployment].resources("AWS::StepFunctions::StateMachine")
        schedules = everything[deployment].named("AWS::Scheduler::Schedule", "Name")
        assert len(machines) == len([name for name in schedules if name.endswith("-moves")])
        assert bool(machines) == deployment.endswith("-minimal"), deployment


def test_it_plans_the_datasets_of_the_index(machine: Json) -> None:
    assert machine["States"]["Plan"]["Arguments"]["Payload"] == {"environment": "dev"}


def test_a_size_reaches_the_run(machine: Json) -> None:
    for name in ("Stage to raw", "Raw to integration"):
        arguments = tasks(machine)[name]["Arguments"]
        assert {key: arguments[key] for key in CAPACITIES[Size.LARGE]} == {
            key: f"{{% $states.input.capacity.{key} %}}" for key in CAPACITIES[Size.LARGE]
        }


def test_every_transition_leads_to_a_state_and_every_state_is_reached(machine: Json) -> None:
    for scope in scopes(machine):
        states = scope["States"]
        reached = {scope["StartAt"]}
        for state in states.values():
            steps = [state, *state.get("Choices", []), *state.get("Catch", [])]
            targets = {step[key] for step in steps for key in ("Next", "Default") if key in step}
            assert targets or state.get("End") or state["Type"] in ("Succeed", "Fail")
            reached |= targets
        assert reached == states.keys()


def test_what_may_pass_is_tried_again_and_what_fails_is_told(machine: Json) -> None:
    for name, task in tasks(machine).items():
        errors = {error for rule in task["Retry"] for error in rule["ErrorEquals"]}
        assert "Glue.ConcurrentRunsExceededException" in errors
        # A job that failed would fail again: the planner lets it wait, longer each time.
        assert not {"States.ALL", "States.TaskFailed"} & errors
        if name != "Notify":
            assert [rule["ErrorEquals"] for rule in task["Catch"]] == [["States.ALL"]], name


def test_what_it_starts_exists(assembly: Assembly, machine: Json, names: Names) -> None:
    started = tasks(machine)
    jobs = {started[name]["Arguments"]["JobName"] for name in ("API to stage", "Stage to raw", "Raw to integration")}
    assert jobs == {names.job(job) for job in (*Move, *Fetch)} <= assembly.named("AWS::Glue::Job", "Name").keys()
    assert assembly.named("AWS::CodeBuild::Project", "Name").keys() == {started["Curated"]["Arguments"]["ProjectName"]}
    assert started["Plan"]["Arguments"]["FunctionName"].endswith(f":function:{names.planner}")
    topic = started["Notify"]["Arguments"]["TopicArn"].rpartition(":")[2]
    assert topic == names.alerts_topic(Urgency.CRITICAL)
    assert topic in assembly.named("AWS::SNS::Topic", "TopicName")
    assert len(started["Notify"]["Arguments"]["Subject"]) <= 100


def test_it_is_started_as_often_as_the_settings_say(assembly: Assembly, names: Names) -> None:
    schedules = assembly.resources("AWS::Scheduler::Schedule")
    (schedule,) = (item for item in schedules if item.properties["Name"] == names.moves)
    minutes = settings_of("dev").orchestration.every_minutes
    assert schedule.properties["ScheduleExpression"] == f"rate({minutes} minutes)"
    assert text(schedule.properties["Target"]["Arn"]).endswith(f":stateMachine:{names.moves}")
    assert "KmsKeyArn" in schedule.properties


def test_executions_are_logged_traced_and_encrypted(assembly: Assembly) -> None:
    [machine] = assembly.resources("AWS::StepFunctions::StateMachine")
    assert machine.properties["LoggingConfiguration"]["Level"] == "ALL"
    assert machine.properties["TracingConfiguration"] == {"Enabled": True}
    assert machine.properties["EncryptionConfiguration"]["Type"] == "CUSTOMER_MANAGED_KMS_KEY"


def test_the_planner_runs_the_jobs_wheel(assembly: Assembly, names: Names) -> None:
    [planner] = [
        item.properties
        for item in assembly.resources("AWS::Lambda::Function")
        if item.properties.get("FunctionName") == names.planner
    ]
    module, _, function = planner["Handler"].rpartition(".")
    [job, *_] = assembly.resources("AWS::Glue::Job")
    wheel = text(job.properties["DefaultArguments"]["--additional-python-modules"]).partition(",")[0]
    assert f"s3://{text(planner['Code']['S3Bucket'])}/{planner['Code']['S3Key']}" == wheel
    with zipfile.ZipFile(assembly.assets[planner["Code"]["S3Key"]]) as archive:
        source = archive.read(f"{module.replace('.', '/')}.py").decode()
    assert f"def {function}(" in source


def test_dbt_gets_its_models_and_its_locked_requirements(assembly: Assembly) -> None:
    [project] = assembly.resources("AWS::CodeBuild::Project")
    source = project.properties["Source"]
    folder = assembly.assets[text(source["Location"]).removeprefix(f"{ASSETS}/")]
    assert sorted(path.name for path in folder.iterdir()) == ["models"]
    left_behind = {"target", "logs"}
    assert not left_behind & {path.name for path in (folder / "models").iterdir()}
    for file in ("dbt_project.yml", "run_dbt.py", "requirements.txt"):
        assert (folder / "models" / file).read_bytes() == (cdk_entry.ROOT / "models" / file).read_bytes()
    phases = yaml.safe_load(source["BuildSpec"])["phases"]
    assert any("--require-hashes -r models/requirements.txt" in command for command in phases["install"]["commands"])
    assert phases["build"]["commands"] == ["lakehouse build"]
