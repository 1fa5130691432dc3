"""Step Functions: the integrations that ministack lacks; a task with `.sync` waits for what it started.

Source: AWS Step Functions developer guide, "Start an AWS Glue job with Step Functions" and "Integrate AWS CodeBuild".
"""

import json
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from ministack.services import stepfunctions  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.plugin import Json

POLL_SECONDS = 0.2


def register() -> None:
    stepfunctions._SERVICE_DISPATCH |= {
        "arn:aws:states:::glue:startJobRun": _task("Glue", _start_job_run),
        "arn:aws:states:::codebuild:startBuild": _task("CodeBuild", _start_build),
    }


def _task(service: str, run: Callable[[Json, bool], Json]) -> Callable[[str, Json], Json]:
    """A task whose errors have the names that Step Functions gives them."""

    def task(resource: str, request: Json) -> Json:
        try:
            answer = run(request, resource.endswith(".sync"))
        except ClientError as error:
            given = error.response["Error"]
            raise stepfunctions._ExecutionError(f"{service}.{given['Code']}", given["Message"]) from error
        plain: Json = json.loads(json.dumps(answer, default=str))
        return plain

    return task


def _start_job_run(request: Json, wait: bool) -> Json:
    glue = plugin.client("glue")
    run_id = glue.start_job_run(**request)["JobRunId"]
    if not wait:
        return {"JobName": request["JobName"], "JobRunId": run_id}
    return _ended(
        lambda: glue.get_job_run(JobName=request["JobName"], RunId=run_id)["JobRun"],
        state="JobRunState",
        going=("STARTING", "RUNNING", "STOPPING", "WAITING"),
    )


def _start_build(request: Json, wait: bool) -> Json:
    codebuild = plugin.client("codebuild")
    # Step Functions spells the members as its SDK does, with a capital.
    build = codebuild.start_build(**_lower(request))["build"]
    if not wait:
        return {"Build": _capital(build)}
    ended = _ended(
        lambda: codebuild.batch_get_builds(ids=[build["id"]])["builds"][0], state="buildStatus", going=("IN_PROGRESS",)
    )
    return {"Build": _capital(ended)}


def _ended(look: Callable[[], Json], *, state: str, going: tuple[str, ...]) -> Json:
    """Wait until what was started has ended; fails the task with its record if it did not succeed."""
    while (record := look())[state] in going:
        time.sleep(POLL_SECONDS)
    if record[state] != "SUCCEEDED":
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(record, default=str))
    return record


def _lower(value: Any) -> Any:
    if isinstance(value, list):
        return [_lower(item) for item in value]
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: _lower(item) for name, item in value.items()}
    return value


def _capital(value: Any) -> Any:
    if isinstance(value, list):
        return [_capital(item) for item in value]
    if isinstance(value, dict):
        return {name[0].upper() + name[1:]: _capital(item) for name, item in value.items()}
    return value
