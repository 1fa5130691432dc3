"""Service quotas: what the deployment needs at one time, next to what AWS gives the account.

A new account has less than the documented defaults, for example 10 concurrent executions of Lambda. What is needed
follows from the contracts and from what is deployed, so from the settings of the environment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.contracts.model import Contract
from lakehouse.governance.roles import ROLES
from lakehouse.names import Fetch, Move
from lakehouse.operations.doctor.check import Deployment, Finding, client, is_missing, not_checked, passed_if
from lakehouse.sizes import CAPACITIES

DPUS = {"G.1X": 1, "G.2X": 2}
"""Data processing units of a worker. Source: AWS Glue developer guide, "Worker types"."""
DBT_THREADS, PLANNERS = 4, 1
"""Queries that a dbt build runs at one time (models/profiles.yml), and the planner."""
BUILDS = {
    ("LINUX_CONTAINER", "BUILD_GENERAL1_SMALL"): "Concurrently running builds for Linux/Small environment",
    ("LINUX_CONTAINER", "BUILD_GENERAL1_MEDIUM"): "Concurrently running builds for Linux/Medium environment",
    ("ARM_CONTAINER", "BUILD_GENERAL1_SMALL"): "Concurrently running builds for ARM/Small environment",
}
"""Quota of a CodeBuild environment, by its type and size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a deployment needs of one quota.

    Attributes:
        service: code of the service in Service Quotas.
        quota: name of the quota there.
        value: how much is used at one time, if everything runs.
    """

    service: str
    quota: str
    value: int


def check_quotas(deployment: Deployment) -> Iterator[Finding]:
    """Compare each quota with what the deployment needs."""
    given: dict[str, Mapping[str, float] | str] = {}
    for need in needs(deployment):
        if need.service not in given:
            try:
                given[need.service] = quotas_of(need.service)
            except Exception as error:
                given[need.service] = str(error)
        quotas = given[need.service]
        subject = f"{need.service}: {need.quota}"
        if isinstance(quotas, str):
            yield not_checked(subject, f"needs {need.value}; {quotas}")
        elif need.quota not in quotas:
            yield not_checked(subject, f"needs {need.value}; AWS lists no quota of that name")
        else:
            quota = quotas[need.quota]
            yield passed_if(quota >= need.value, subject, f"{quota:g}, the deployment needs {need.value}")


def quotas_of(service: str) -> Mapping[str, float]:
    """Return the quotas of a service by name: those of the account, and AWS's defaults where it has no own.

    Source: Service Quotas API, "ListServiceQuotas": a quota without an applied value is not listed.
    """
    quotas = client("service-quotas")
    found: dict[str, float] = {}
    for operation in ("list_aws_default_service_quotas", "list_service_quotas"):
        for page in quotas.get_paginator(operation).paginate(ServiceCode=service):
            found |= {quota["QuotaName"]: quota["Value"] for quota in page["Quotas"] if "Value" in quota}
    return found


def needs(deployment: Deployment) -> Iterator[Need]:
    """Yield what the deployment needs if everything runs at one time."""
    runs, dpus = of_jobs(_concurrent_runs(deployment), deployment.contracts)
    yield Need(service="glue", quota="Max concurrent job runs per account", value=runs)
    yield Need(service="glue", quota="Max task DPUs per account", value=dpus)
    yield Need(service="athena", quota="Active DML queries", value=DBT_THREADS + PLANNERS + len(ROLES))
    functions = _functions(deployment)
    if functions:
        yield Need(service="lambda", quota="Concurrent executions", value=functions)
    for quota in _builds(deployment):
        yield Need(service="codebuild", quota=quota, value=1)


def of_jobs(concurrent_runs: Mapping[Move | Fetch, int], contracts: "list[Contract] | Any") -> tuple[int, int]:
    """Return the greatest number of job runs and of DPUs at one time.

    Args:
        concurrent_runs: allowed runs of each deployed job at one time.
        contracts: the datasets; each has one run of a job at a time, with the workers of its size.
    """
    runs = dpus = 0
    for job, allowed in concurrent_runs.items():
        served = [item for item in contracts if job in list(Move) or item.source.type == "api"]
        largest = sorted((_dpus(item) for item in served), reverse=True)[:allowed]
        runs, dpus = runs + len(largest), dpus + sum(largest)
    return runs, dpus


def _dpus(contract: Contract) -> int:
    capacity = CAPACITIES[contract.size]
    return capacity["NumberOfWorkers"] * DPUS[capacity["WorkerType"]]


def _concurrent_runs(deployment: Deployment) -> dict[Move | Fetch, int]:
    glue, found = client("glue"), {}
    for job in (*Move, *Fetch):
        try:
            deployed = glue.get_job(JobName=deployment.names.job(job))["Job"]
        except glue.exceptions.EntityNotFoundException:
            continue  # `jobs` names a job that is missing
        found[job] = deployed.get("ExecutionProperty", {}).get("MaxConcurrentRuns", 1)
    return found


def _functions(deployment: Deployment) -> int:
    """Return the number of the deployment's functions; each runs once at a time."""
    pages = client("lambda").get_paginator("list_functions").paginate()
    prefix = f"{deployment.names.prefix}-"
    return sum(item["FunctionName"].startswith(prefix) for page in pages for item in page["Functions"])


def _builds(deployment: Deployment) -> Iterator[str]:
    codebuild = client("codebuild")
    try:
        projects = codebuild.batch_get_projects(names=[deployment.names.dbt_project])["projects"]
    except codebuild.exceptions.ClientError as error:
        if is_missing(error):
            return
        raise
    for project in projects:
        place = (project["environment"]["type"], project["environment"]["computeType"])
        yield BUILDS.get(place, f"Concurrently running builds for {' '.join(place)}")
