"""Policy statements, written in one way."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs

from lakehouse.contracts.model import Contract
from lakehouse.names import DEFAULT_DATABASE
from stacks.stack import AccountStack, LakehouseStack

USE_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
"""What reading and writing encrypted data takes."""


def allow(
    sid: str | None = None,
    *,
    actions: Iterable[str],
    resources: Iterable[str],
    service: str | None = None,
    conditions: Mapping[str, object] | None = None,
    principals: Iterable[str] = (),
) -> iam.PolicyStatement:
    """Return a statement that allows actions on resources.

    Args:
        sid: name of the statement within its policy.
        actions: with their service (`s3:GetObject`), or without it if `service` is given.
        resources: ARNs.
        service: the service of all actions.
        conditions: when the statement holds, as IAM writes it.
        principals: AWS services (`cloudtrail`) that may do this; only for the policy of a resource.
    """
    return iam.PolicyStatement(
        sid=sid,
        actions=[f"{service}:{action}" for action in actions] if service else list(actions),
        resources=list(resources),
        conditions=dict(conditions) if conditions else None,
        principals=[iam.ServicePrincipal(f"{principal}.amazonaws.com") for principal in principals] or None,
    )


def use_key(key: kms.IKey, *, sid: str | None = "UseKey") -> iam.PolicyStatement:
    """Return a statement that allows to read and write data that the key encrypts."""
    return allow(sid, actions=USE_KEY, resources=[key.key_arn])


def use_key_in(service: str, stack: LakehouseStack, *, key: kms.IKey, sid: str = "UseKey") -> iam.PolicyStatement:
    """Return a statement that allows to use the key for data in a service, such as s3, and for nothing else."""
    return allow(
        sid,
        actions=USE_KEY,
        resources=[key.key_arn],
        conditions={"StringEquals": {"kms:ViaService": f"{service}.{stack.region}.amazonaws.com"}},
    )


def open_default(stack: AccountStack) -> iam.PolicyStatement:
    """Return a statement that allows to look for the database `default`, which Athena and Spark may open at a start.

    Source: Amazon Athena user guide, "Configure access to databases and tables in the AWS Glue Data Catalog".
    """
    resources = ("catalog", f"database/{DEFAULT_DATABASE}")
    return allow(
        "OpenDefault",
        actions=["glue:GetDatabase"],
        resources=[stack.arn("glue", resource=resource) for resource in resources],
    )


def index_statements(stack: LakehouseStack) -> list[iam.PolicyStatement]:
    """Return the statements to read the index of contracts; without ListBucket a missing object looks forbidden."""
    bucket = stack.s3_arn(stack.names.scripts_bucket)
    return [
        allow("FindIndex", actions=["s3:ListBucket"], resources=[bucket]),
        allow("ReadIndex", actions=["s3:GetObject"], resources=[f"{bucket}/{stack.names.contract_index_key}"]),
    ]


def folders_of(contracts: Iterable[Contract]) -> list[str]:
    """Return the folders of stage that hold the objects of datasets: of their domains, and of their databases.

    A policy that named each dataset would pass IAM's 10,240 characters at a hundred datasets.
    """
    return sorted({f"{PurePosixPath(contract.stage_prefix).parent}/" for contract in contracts})


def write_log(log_group: logs.ILogGroup) -> iam.PolicyStatement:
    """Return a statement that allows to write to a log group that exists."""
    return allow(
        "Log", service="logs", actions=["CreateLogStream", "PutLogEvents"], resources=[log_group.log_group_arn]
    )
