"""Glue job definitions."""

import time

from ministack.services import glue  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.services.glue import processes
from emulator.services.glue.runs import stop_all
from emulator.services.glue.store import change, found, jobs, page, runs

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


def create_job(request: Json) -> Json:
    given = dict(request)
    tags = given.pop("Tags", None) or {}
    name = given["Name"]
    with change():
        if name in jobs:
            raise AwsError("AlreadyExistsException", f"Job {name} already exists.")
        now = time.time()
        jobs[name] = _definition(given) | {"Name": name, "CreatedOn": now, "LastModifiedOn": now}
        runs[name] = []
        if tags:
            glue._tags[arn(name)] = tags
    processes.warm_up()
    return {"Name": name}


def update_job(request: Json) -> Json:
    """Replace a job's definition whole, as Glue does."""
    name = request["JobName"]
    with change():
        old = found(jobs, name, kind="Job")
        kept = {"Name": name, "CreatedOn": old["CreatedOn"], "LastModifiedOn": time.time()}
        jobs[name] = _definition(request["JobUpdate"]) | kept
    processes.warm_up()
    return {"JobName": name}


def get_job(request: Json) -> Json:
    return {"Job": found(jobs, request["JobName"], kind="Job")}


def get_jobs(request: Json) -> Json:
    return page(list(jobs.values()), request, member="Jobs")


def list_jobs(request: Json) -> Json:
    listed = page(list(jobs.values()), request, member="JobNames")
    return listed | {"JobNames": [job["Name"] for job in listed["JobNames"]]}


def batch_get_jobs(request: Json) -> Json:
    known = {job["Name"]: job for job in jobs.values()}
    names = request["JobNames"]
    return {
        "Jobs": [known[name] for name in names if name in known],
        "JobsNotFound": [name for name in names if name not in known],
    }


def delete_job(request: Json) -> Json:
    """Stop a job's runs and delete both; Glue knows no error for a job that is not there."""
    name = request["JobName"]
    stop_all(name)
    with change():
        jobs.pop(name, None)
        runs.pop(name, None)
        glue._tags.pop(arn(name), None)
    return {"JobName": name}


def arn(name: str) -> str:
    return f"arn:aws:glue:{plugin.region()}:{plugin.account()}:job/{name}"


def _definition(given: Json) -> Json:
    command = given.get("Command", {})
    if command.get("Name") not in JOB_TYPES or "ScriptLocation" not in command:
        raise AwsError(
            "InvalidInputException",
            f"Command needs ScriptLocation and a Name that is one of {', '.join(JOB_TYPES)}; it is {command}.",
        )
    if not str(command["ScriptLocation"]).startswith("s3://"):
        raise AwsError("InvalidInputException", f"ScriptLocation is no s3:// URI: {command['ScriptLocation']}.")
    return DEFAULTS | given
