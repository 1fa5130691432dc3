"""Step Functions: the integrations of Glue and CodeBuild; a task with `.sync` waits for the run that it started.

An execution acts in a session of the role of its state machine.

Source: AWS Step Functions developer guide, "Start an AWS Glue job with Step Functions" and "Integrate AWS CodeBuild".
"""

import json
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from ministack.services import stepfunctions  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.runtime.principals import Principal

POLL_SECONDS = 0.2


def register() -> None:
    """Add the integrations, and run executions as their role."""
    run = stepfunctions._run_execution

    def run_as_role(execution: str) -> None:
        try:
            session = _role_session(execution)
        except AwsError as error:
            stepfunctions._fail_execution(stepfunctions._executions[execution], error.code, str(error))
        else:
            with plugin.acting_as(session):
                run(execution)

    stepfunctions._run_execution = run_as_role
    stepfunctions._SERVICE_DISPATCH |= {
        "arn:aws:states:::glue:startJobRun": _task("Glue", _start_job_run),
        "arn:aws:states:::codebuild:startBuild": _task("CodeBuild", _start_build),
    }


def _role_session(execution: str) -> Principal:
    """Return whom an execution acts as: a session of its state machine's role; the caller if that has no role.

    Raises:
        AwsError: Step Functions may not assume the role.
    """
    machine = stepfunctions._state_machines.get(stepfunctions._executions.get(execution, {}).get("stateMachineArn"), {})
    role = machine.get("roleArn") or ""
    if not role.startswith("arn:"):
        return plugin.principal()
    plugin.check_trust(role, "states.amazonaws.com")
    return plugin.role_session(role, "StepFunctions")


def _task(service: str, run: Callable[[Json, bool], Json]) -> Callable[[str, Json], Json]:
    """Return a task whose errors have the names that Step Functions uses."""

    def task(resource: str, request: Json) -> Json:
        try:
            response = run(request, resource.endswith(".sync"))
        except ClientError as error:
            detail = error.response["Error"]
            raise stepfunctions._ExecutionError(f"{service}.{detail['Code']}", detail["Message"]) from error
        output: Json = json.loads(json.dumps(response, default=str))
        return output

    return task


def _start_job_run(request: Json, wait: bool) -> Json:
    glue = plugin.client("glue")
    run_id = glue.start_job_run(**request)["JobRunId"]
    if not wait:
        return {"JobName": request["JobName"], "JobRunId": run_id}
    return _wait_for_end(
        lambda: glue.get_job_run(JobName=request["JobName"], RunId=run_id)["JobRun"],
        state="JobRunState",
        active=("STARTING", "RUNNING", "STOPPING", "WAITING"),
    )


def _start_build(request: Json, wait: bool) -> Json:
    codebuild = plugin.client("codebuild")
    # Step Functions spells members with a capital first letter.
    build = codebuild.start_build(**_lower(request))["build"]
    if not wait:
        return {"Build": _capital(build)}
    ended = _wait_for_end(
        lambda: codebuild.batch_get_builds(ids=[build["id"]])["builds"][0],
        state="buildStatus",
        active=("IN_PROGRESS",),
    )
    return {"Build": _capital(ended)}


def _wait_for_end(read: Callable[[], Json], *, state: str, active: tuple[str, ...]) -> Json:
    """Wait until a run has ended and return its record; fail the task with the record if the run did not succeed."""
    while (record := read())[state] in active:
        time.sleep(POLL_SECONDS)
    if record[state] != "SUCCEEDED":
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(record, default=str))
    return record


def _lower(value: Any) -> Any:
    if isinstance(value, list):
        return [_lower(element) for element in value]
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: _lower(member) for name, member in value.items()}
    return value


def _capital(value: Any) -> Any:
    if isinstance(value, list):
        return [_capital(element) for element in value]
    if isinstance(value, dict):
        return {name[0].upper() + name[1:]: _capital(member) for name, member in value.items()}
    return value
