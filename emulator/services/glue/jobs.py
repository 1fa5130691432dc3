"""Glue job definitions."""

import time

from ministack.services import glue  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json, operation
from emulator.services.glue import processes
from emulator.services.glue.runs import stop_all
from emulator.services.glue.store import change, find, jobs, page, runs

JOB_TYPES = ("glueetl", "gluestreaming", "pythonshell")
DEFAULTS = {
    "MaxRetries": 0,
    "Timeout": 480,
    "ExecutionProperty": {"MaxConcurrentRuns": 1},
    "DefaultArguments": {},
    "NonOverridableArguments": {},
    "WorkerType": "G.1X",
    "NumberOfWorkers": 10,
    "ExecutionClass": "STANDARD",
    "JobMode": "SCRIPT",
    "JobRunQueuingEnabled": False,
}


@operation
def create_job(request: Json) -> Json:
    definition = dict(request)
    tags = definition.pop("Tags", None) or {}
    name = definition["Name"]
    with change():
        if name in jobs:
            raise AwsError("AlreadyExistsException", f"Job {name} already exists.")
        now = time.time()
        jobs[name] = _definition(definition) | {"Name": name, "CreatedOn": now, "LastModifiedOn": now}
        runs[name] = []
        if tags:
            glue._tags[arn(name)] = tags
    processes.warm_up()
    return {"Name": name}


@operation
def update_job(request: Json) -> Json:
    """Replace a job's definition completely, as Glue does."""
    name = request["JobName"]
    with change():
        old = find(jobs, name, kind="Job")
        fixed = {"Name": name, "CreatedOn": old["CreatedOn"], "LastModifiedOn": time.time()}
        jobs[name] = _definition(request["JobUpdate"]) | fixed
    processes.warm_up()
    return {"JobName": name}


@operation
def get_job(request: Json) -> Json:
    return {"Job": find(jobs, request["JobName"], kind="Job")}


@operation
def get_jobs(request: Json) -> Json:
    return page(list(jobs.values()), request, member="Jobs")


@operation
def list_jobs(request: Json) -> Json:
    listed = page(list(jobs.values()), request, member="JobNames")
    return listed | {"JobNames": [job["Name"] for job in listed["JobNames"]]}


@operation
def batch_get_jobs(request: Json) -> Json:
    names = request["JobNames"]
    return {
        "Jobs": [jobs[name] for name in names if name in jobs],
        "JobsNotFound": [name for name in names if name not in jobs],
    }


@operation
def delete_job(request: Json) -> Json:
    """Stop a job's runs and delete both; for a job that does not exist Glue returns no error."""
    name = request["JobName"]
    stop_all(name)
    with change():
        jobs.pop(name, None)
        runs.pop(name, None)
        glue._tags.pop(arn(name), None)
    return {"JobName": name}


def arn(name: str) -> str:
    """Return the ARN of a job."""
    return plugin.arn("glue", f"job/{name}")


def _definition(definition: Json) -> Json:
    command = definition.get("Command", {})
    if command.get("Name") not in JOB_TYPES or "ScriptLocation" not in command:
        raise AwsError(
            "InvalidInputException",
            f"Command needs ScriptLocation and a Name that is one of {', '.join(JOB_TYPES)}; it is {command}.",
        )
    if not str(command["ScriptLocation"]).startswith("s3://"):
        raise AwsError("InvalidInputException", f"ScriptLocation is not an s3:// URI: {command['ScriptLocation']}.")
    return DEFAULTS | definition
