"""What the account must have that no stack of the lakehouse owns."""

import json
from collections.abc import Iterator

from botocore.exceptions import ClientError

from lakehouse.names import Fetch, Move
from lakehouse.operations.doctor.check import (
    Deployment,
    Finding,
    client,
    each,
    failed,
    is_missing,
    not_checked,
    passed,
    passed_if,
)

DMS_ROLES = {
    "dms-vpc-role": "AmazonDMSVPCManagementRole",
    "dms-cloudwatch-logs-role": "AmazonDMSCloudWatchLogsRole",
}
"""Roles that DMS looks for under these names, with the policy that each must have."""
COST_TAGS = ("project", "environment")


def check_dms_roles(deployment: Deployment) -> Iterator[Finding]:
    """Check the roles of DMS, if a contract has a database as its source."""
    if any(contract.source.is_database for contract in deployment.contracts):
        yield from each(DMS_ROLES, _dms_role)


def _dms_role(name: str) -> Finding:
    iam = client("iam")
    try:
        trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    except ClientError as error:
        if is_missing(error):
            return failed(name, "the role does not exist")
        raise
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    if DMS_ROLES[name] not in {policy["PolicyName"] for policy in attached}:
        return failed(name, f"the role does not have the policy {DMS_ROLES[name]}")
    return passed_if("dms.amazonaws.com" in json.dumps(trust), name, "DMS may take the role, if this is said here")


def check_cost_tags(deployment: Deployment) -> Iterator[Finding]:
    """Check that bills show the tags by which the budget counts."""
    tags = client("ce").list_cost_allocation_tags(TagKeys=list(COST_TAGS))["CostAllocationTags"]
    status = {tag["TagKey"]: tag["Status"] for tag in tags}
    for tag in COST_TAGS:
        yield passed_if(status.get(tag) == "Active", f"tag {tag}", status.get(tag, "no bill has the tag yet"))


def check_traces(deployment: Deployment) -> Iterator[Finding]:
    """Check that X-Ray accepts spans, if a job sends traces."""
    glue = client("glue")
    arguments: set[str] = set()
    for job in (*Move, *Fetch):
        try:
            arguments |= glue.get_job(JobName=deployment.names.job(job))["Job"].get("DefaultArguments", {}).keys()
        except glue.exceptions.EntityNotFoundException:
            continue
    if "--traces_endpoint" in arguments:
        found = client("xray").get_trace_segment_destination()
        state = f"{found.get('Destination')}, {found.get('Status')}"
        yield passed_if(state == "CloudWatchLogs, ACTIVE", "Transaction Search", state)


def check_airflow(deployment: Deployment) -> Iterator[Finding]:
    """Check that Amazon MWAA has started Airflow, with its start-up script and its packages, if it is deployed."""
    name, group = deployment.names.airflow, deployment.names.airflow_log_group("Scheduler")
    groups = client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    if not groups:  # the profile has no Airflow; its log groups are made with it
        return
    environment = client("mwaa").get_environment(Name=name)["Environment"]
    status = environment["Status"]
    if status in ("CREATING", "UPDATING", "CREATING_SNAPSHOT"):
        yield not_checked(name, status)
        return
    problem = environment.get("LastUpdate", {}).get("Error", {}).get("ErrorMessage", "")
    yield failed(name, f"{status} {problem}".strip()) if problem or status != "AVAILABLE" else passed(name, status)
