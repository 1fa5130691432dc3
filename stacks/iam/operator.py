"""Permissions of operators: what the command line and the runbooks ask of the person who is on call."""

from collections.abc import Iterable

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.contracts.model import Contract
from lakehouse.names import Fetch, Move, OpsTable, Zone
from stacks.iam.planning import planning_statements
from stacks.iam.replication import ask_statements
from stacks.iam.state_machine import RUN
from stacks.iam.statements import allow, folders_of, use_key
from stacks.stack import LakehouseStack

OPERATOR_HOURS = 12
"""IAM's maximum: a backfill waits for its job runs within one session."""
READ_LOGS = ["GetLogEvents", "FilterLogEvents", "DescribeLogStreams"]
WHY_OPERATOR_WILDCARDS = (
    "Deliveries, manifests, tables, executions and log streams come and go: the role is limited to this deployment's "
    "buckets, jobs, project, state machine and log groups, and to the secrets of its source databases, whose ARNs end "
    "with characters of Secrets Manager's choice. GetDataAccess, ListWorkGroups and descriptions of DMS cannot be "
    "limited to resources; DMS makes up the ARNs of replications."
)


def operator_statements(
    stack: LakehouseStack, *, contracts: Iterable[Contract], key: kms.IKey
) -> list[iam.PolicyStatement]:
    """Return the statements of operators in addition to those of all people; they assume dbt's role to build models.

    PyIceberg reads the tables of raw, integration and ops from S3, not through Athena.

    Args:
        stack: the stack of the role.
        contracts: the datasets that operators may deliver files of.
        key: the key of all buckets, of the state machine and of the secrets of source databases.
    """
    names, contracts = stack.names, list(contracts)
    stage, raw, integration, scripts = (
        stack.s3_arn(bucket)
        for bucket in (*map(names.bucket, (Zone.STAGE, Zone.RAW, Zone.INTEGRATION)), names.scripts_bucket)
    )
    machine = stack.arn("states", resource=f"stateMachine:{names.moves}")
    executions = stack.arn("states", resource=f"execution:{names.moves}:*")
    groups = (f"{names.log_prefix}/*", names.airflow_log_group("*"))
    return [
        allow(
            "Run",
            service="glue",
            actions=RUN,
            resources=[stack.glue_arn(f"job/{names.job(job)}") for job in (*Move, *Fetch)],
        ),
        allow(
            "Deliver",
            actions=["s3:PutObject", "s3:AbortMultipartUpload"],
            resources=[f"{stage}/{folder}*" for folder in folders_of(contracts)],
        ),
        *planning_statements(stack),
        allow("Backfill", actions=["s3:PutObject"], resources=[f"{raw}/{names.backfills_prefix(dataset='*')}*"]),
        allow(
            "ListTables",
            actions=["s3:ListBucket", "s3:GetBucketLocation"],
            resources=[raw, integration, scripts],
        ),
        allow(
            "ReadFiles",
            actions=["s3:GetObject"],
            resources=[f"{raw}/*", f"{integration}/*"],
        ),
        allow("ReadContracts", actions=["s3:GetObject"], resources=[stack.s3_arn(f"{names.contracts_uri}*")]),
        allow(
            "Build",
            service="codebuild",
            actions=["StartBuild", "StopBuild", "BatchGetBuilds"],
            resources=[stack.arn("codebuild", resource=f"project/{names.dbt_project}")],
        ),
        *_reconcile(stack, contracts),
        *ask_statements(stack),  # `status` asks what the source databases do not send
        allow("BeDbt", actions=["sts:AssumeRole"], resources=[stack.role_arn(names.dbt_role)]),
        allow("Start", service="states", actions=["StartExecution", "ListExecutions"], resources=[machine]),
        # The machine encrypts the input of its executions; `UseKey` of all people is limited to S3.
        use_key(key, sid="UseKeyToStart"),
        allow(
            "Follow",
            service="states",
            actions=["DescribeExecution", "GetExecutionHistory", "StopExecution"],
            resources=[executions],
        ),
        allow(
            "ReadLogs",
            service="logs",
            actions=READ_LOGS,
            resources=[stack.arn("logs", resource=f"log-group:{group}") for group in groups],
        ),
    ]


def _reconcile(stack: LakehouseStack, contracts: Iterable[Contract]) -> list[iam.PolicyStatement]:
    """Return the statements to compare datasets with their source databases, and to record the results in ops."""
    names = stack.names
    sources = sorted({one.source.name for one in contracts if one.can_be_reconciled})
    if not sources:
        return []
    table = f"table/{names.ops_database}/{OpsTable.QUALITY_RESULTS}"
    # Secrets Manager adds a hyphen and six characters to the name of a secret.
    secrets = [
        stack.arn("secretsmanager", resource=f"secret:{names.source_secret(source=one)}-??????") for one in sources
    ]
    return [
        allow("SignIn", actions=["secretsmanager:GetSecretValue"], resources=secrets),
        allow(
            "WriteResults",
            actions=["s3:PutObject"],
            resources=[stack.s3_arn(f"{names.ops_location(OpsTable.QUALITY_RESULTS)}/*")],
        ),
        # A commit of Iceberg deletes metadata files that are older than the table keeps.
        allow(
            "ForgetMetadata",
            actions=["s3:DeleteObject"],
            resources=[stack.s3_arn(f"{names.ops_location(OpsTable.QUALITY_RESULTS)}/metadata/*")],
        ),
        allow(
            "CommitResults",
            actions=["glue:UpdateTable"],
            resources=[stack.glue_arn(place) for place in ("catalog", f"database/{names.ops_database}", table)],
        ),
    ]
