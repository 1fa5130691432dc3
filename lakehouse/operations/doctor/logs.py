"""Logs: the groups exist, and what has run has written to them."""

from collections.abc import Callable, Iterator

from lakehouse.names import Fetch, Move, Names
from lakehouse.operations.doctor.check import Deployment, Finding, client, each, failed, not_checked, passed

VALIDATION_STREAM = "log_stream_created_by_aws_to_validate_log_delivery_subscriptions"
"""Stream that AWS makes when a delivery is set up. Source: CloudWatch Logs user guide, "Enabling logging from AWS
services"."""


def check_log_groups(deployment: Deployment) -> Iterator[Finding]:
    """Check that each log group exists that must exist, and is not empty if its writer has run."""
    names = deployment.names
    groups = _groups(names)
    writers = _writers(names, groups)
    yield from each([*writers, *sorted(groups - writers.keys())], lambda group: _log_group(group, groups, writers))


def _log_group(group: str, groups: set[str], writers: dict[str, Callable[[], bool]]) -> Finding:
    if group not in groups:
        return failed(group, "the log group does not exist")
    logs = client("logs")
    streams = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True, limit=5)
    written = [item for item in streams["logStreams"] if item["logStreamName"] != VALIDATION_STREAM]
    if written:
        return passed(group, "has log streams")
    if group not in writers:
        return passed(group, "exists, and is empty")
    if writers[group]():
        return failed(group, "is empty, but its writer has run: the log is lost")
    return not_checked(group, "is empty: its writer has not run")


def _groups(names: Names) -> set[str]:
    """Return the log groups of the deployment."""
    pages = client("logs").get_paginator("describe_log_groups")
    prefixes = (f"{names.log_prefix}/", names.airflow_log_group(""))
    return {
        group["logGroupName"]
        for prefix in prefixes
        for page in pages.paginate(logGroupNamePrefix=prefix)
        for group in page["logGroups"]
    }


def _writers(names: Names, groups: set[str]) -> dict[str, Callable[[], bool]]:
    """Return the log groups of which it can be said whether their writer has run, with a function that says so."""

    def job_ran(job: Move | Fetch) -> Callable[[], bool]:
        return lambda: bool(client("glue").get_job_runs(JobName=names.job(job), MaxResults=1)["JobRuns"])

    found = {names.job_log_group(move, "output"): job_ran(move) for move in Move}
    found |= {
        names.job_log_group(fetch, "output"): job_ran(fetch)
        for fetch in Fetch
        if names.job_log_group(fetch, "output") in groups
    }
    if names.moves_log_group in groups:
        found[names.moves_log_group] = lambda: bool(_executions(names))
    if names.dbt_log_group in groups:
        found[names.dbt_log_group] = lambda: bool(
            client("codebuild").list_builds_for_project(projectName=names.dbt_project)["ids"]
        )
    return found


def _executions(names: Names) -> list[dict[str, str]]:
    states = client("stepfunctions")
    for page in states.get_paginator("list_state_machines").paginate():
        for machine in page["stateMachines"]:
            if machine["name"] == names.moves:
                found: list[dict[str, str]] = states.list_executions(
                    stateMachineArn=machine["stateMachineArn"], maxResults=10
                )["executions"]
                return found
    return []


def check_trail(deployment: Deployment) -> Iterator[Finding]:
    """Check that the CloudTrail log is delivered to its bucket, and its digests too."""
    trail = deployment.names.trail
    status = client("cloudtrail").get_trail_status(Name=trail)
    problems = [
        f"{name}: {status[name]}" for name in ("LatestDeliveryError", "LatestDigestDeliveryError") if status.get(name)
    ]
    if not status["IsLogging"] or problems:
        yield failed(trail, "; ".join(problems) or "is stopped")
    elif status.get("LatestDeliveryTime"):
        yield passed(trail, f"delivered a log file on {status['LatestDeliveryTime']:%Y-%m-%d %H:%M} UTC")
    else:
        yield not_checked(trail, "logs, and has not delivered a file yet")


def check_executions(deployment: Deployment) -> Iterator[Finding]:
    """Check the last execution of the state machine, if there is one."""
    executions = _executions(deployment.names)
    if executions:
        status = executions[0]["status"]
        make = failed if status in ("FAILED", "TIMED_OUT", "ABORTED") else passed
        yield make(f"last execution of {deployment.names.moves}", status)
