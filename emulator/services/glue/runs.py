"""Glue job runs: processes on this machine, which are started, watched, stopped and recorded as in Glue."""

import contextvars
import secrets
import threading
import time

from emulator.runtime import checkpoint
from emulator.runtime.plugin import AwsError, Json, operation
from emulator.services.glue import events, execution
from emulator.services.glue.store import change, find, jobs, page, runs

ACTIVE = ("STARTING", "RUNNING", "STOPPING", "WAITING")
OVERRIDES = ("Timeout", "WorkerType", "NumberOfWorkers", "MaxCapacity", "SecurityConfiguration", "ExecutionClass")
MAX_RUNS = 1000


@operation
def start_job_run(request: Json) -> Json:
    name = request["JobName"]
    with change():
        job = find(jobs, name, kind="Job")
        active = [run["Id"] for run in runs[name] if run["JobRunState"] in ACTIVE]
        limit = job["ExecutionProperty"].get("MaxConcurrentRuns", 1)
        if len(active) >= limit:
            raise AwsError(
                "ConcurrentRunsExceededException",
                f"Concurrent runs exceeded for {name}: {len(active)} of {limit} are active ({', '.join(active)}).",
            )
        run = _record(job, request, run_id=f"jr_{secrets.token_hex(32)}", attempt=0)
    _begin(job, run)
    return {"JobRunId": run["Id"]}


@operation
def get_job_run(request: Json) -> Json:
    return {"JobRun": _find(request["JobName"], request["RunId"])}


@operation
def get_job_runs(request: Json) -> Json:
    find(jobs, request["JobName"], kind="Job")
    return page(list(reversed(runs[request["JobName"]])), request, member="JobRuns")


@operation
def batch_stop_job_run(request: Json) -> Json:
    name = request["JobName"]
    stopped: list[Json] = []
    errors: list[Json] = []
    for run_id in request["JobRunIds"]:
        try:
            run = _find(name, run_id)
            if run["JobRunState"] not in ACTIVE:
                raise AwsError("IllegalSessionStateException", f"Run {run_id} is {run['JobRunState']} already.")
            with change():
                run["JobRunState"] = "STOPPING"
            execution.stop(run_id)
            stopped.append({"JobName": name, "JobRunId": run_id})
        except AwsError as error:
            detail = {"ErrorCode": error.code, "ErrorMessage": str(error)}
            errors.append({"JobName": name, "JobRunId": run_id, "ErrorDetail": detail})
    return {"SuccessfulSubmissions": stopped, "Errors": errors}


def stop_all(job: str) -> None:
    """Stop the active runs of a job."""
    for run in runs.get(job, []):
        if run["JobRunState"] in ACTIVE:
            execution.stop(run["Id"])


def fail_interrupted() -> None:
    """Mark the runs that were active when the last server ended as failed: jobs are killed with their server."""
    for job_runs in runs._data.values():
        for run in job_runs:
            if run["JobRunState"] in ACTIVE:
                _end(run, "FAILED", error="The emulator ended while this run was active; start it again.")


def _record(job: Json, request: Json, *, run_id: str, attempt: int) -> Json:
    now = time.time()
    run = {
        "Id": run_id,
        "Attempt": attempt,
        "JobName": job["Name"],
        "JobMode": job["JobMode"],
        "JobRunState": "STARTING",
        "StartedOn": now,
        "LastModifiedOn": now,
        "Arguments": request.get("Arguments") or {},
        "PredecessorRuns": [],
        "ExecutionTime": 0,
        "LogGroupName": "/aws-glue/jobs",
        "GlueVersion": job.get("GlueVersion", "5.1"),
    }
    run |= {name: value for name in OVERRIDES if (value := request.get(name, job.get(name))) is not None}
    runs[job["Name"]].append(run)
    del runs[job["Name"]][:-MAX_RUNS]
    return run


def _begin(job: Json, run: Json) -> None:
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=[_run, job, run], name=f"glue {run['Id'][:12]}", daemon=True).start()


def _run(job: Json, run: Json) -> None:
    """Execute a run from start to end, in a separate thread; start it again if it fails and may be retried."""

    def running() -> None:
        run.update(JobRunState="RUNNING", StartedOn=time.time(), LastModifiedOn=time.time())
        checkpoint.mark("glue")

    state, error = execution.execute(job, run, running=running)
    may_retry = state == "FAILED" and run["Attempt"] < job["MaxRetries"] and job["Name"] in jobs
    with change():
        _end(run, state, error=error)
        if may_retry:
            attempt = run["Attempt"] + 1
            run_id = f"{run['Id'].partition('_attempt_')[0]}_attempt_{attempt}"
            retry = _record(job, run, run_id=run_id, attempt=attempt)
            retry["PreviousRunId"] = run["Id"]
    events.run_ended(run)
    if may_retry:
        _begin(job, retry)


def _end(run: Json, state: str, *, error: str | None) -> None:
    now = time.time()
    run.update(JobRunState=state, CompletedOn=now, LastModifiedOn=now, ExecutionTime=round(now - run["StartedOn"]))
    if error is not None:
        run["ErrorMessage"] = error


def _find(job: str, run_id: str) -> Json:
    find(jobs, job, kind="Job")
    run: Json
    for run in runs[job]:
        if run["Id"] == run_id:
            return run
    raise AwsError("EntityNotFoundException", f"Job {job} has no run {run_id}.")
