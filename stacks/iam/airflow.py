"""Permissions of Airflow: of its execution role, and of the function that copies its files into its bucket."""

from collections.abc import Sequence

from aws_cdk import DefaultStackSynthesizer
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.tags import Area
from lakehouse.names import Fetch, Move, Urgency
from stacks.iam.athena import athena_statements
from stacks.iam.planning import planning_statements
from stacks.iam.statements import allow, use_key
from stacks.stack import LakehouseStack

READ_CONTENT = ["ListBucket", "ListBucketVersions", "GetBucketLocation", "GetBucketVersioning"]
READ_CONTENT += ["GetBucketPublicAccessBlock", "GetBucketPolicyStatus", "GetEncryptionConfiguration"]
LOG = ["CreateLogStream", "CreateLogGroup", "PutLogEvents", "GetLogEvents", "GetLogRecord"]
LOG += ["GetLogGroupFields", "GetQueryResults"]
QUEUE = ["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage"]
QUEUE += ["SendMessage"]
RUN = ["StartJobRun", "GetJob", "GetJobRun", "GetJobRuns", "BatchStopJobRun"]
WHY_AIRFLOW_WILDCARDS = (
    "Amazon MWAA keeps its queue in an account of its own, under a name that begins with airflow-celery, and names the "
    "streams of its log groups. DAGs, manifests and results come and go within the lakehouse's own buckets. "
    "DescribeLogGroups, GetAccountPublicAccessBlock, GetServiceBearerToken, PutMetricData, GetDataAccess and DMS's "
    "descriptions of replications cannot be limited to resources; a condition limits those that accept one."
)
WHY_CONTENT_WILDCARDS = (
    "DAGs come and go: the function is limited to Airflow's bucket, and reads the assets of deployments (code)."
)


def airflow_statements(stack: LakehouseStack, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return the statements of the execution role: run an environment, start jobs, plan batches, assume dbt's role.

    Source: Amazon MWAA user guide, "Amazon MWAA execution role".
    """
    return [*_environment(stack, key=key), *_packages(stack), *_moves(stack, key=key)]


def content_statements(stack: LakehouseStack, *, log_group: str, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return the statements of the function that copies DAGs and requirements from the bootstrap bucket.

    Args:
        stack: the stack of Airflow.
        log_group: name of the function's log group.
        key: the key of Airflow's bucket.
    """
    bucket = stack.s3_arn(stack.names.dags_bucket)
    bootstrap = f"cdk-{DefaultStackSynthesizer.DEFAULT_QUALIFIER}-assets-{stack.account}-{stack.region}"
    return [
        allow("ReadAssets", actions=["s3:GetObject"], resources=[stack.s3_arn(f"{bootstrap}/*")]),
        allow("ListContent", actions=["s3:ListBucket", "s3:GetBucketLocation"], resources=[bucket]),
        allow("WriteContent", actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], resources=[f"{bucket}/*"]),
        use_key(key),
        allow(
            "Log",
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[stack.arn("logs", resource=f"log-group:{log_group}:*")],
        ),
    ]


def _environment(stack: LakehouseStack, *, key: kms.IKey) -> Sequence[iam.PolicyStatement]:
    names = stack.names
    dags = stack.s3_arn(names.dags_bucket)
    services = [f"{service}.{stack.region}.amazonaws.com" for service in ("sqs", "s3", "sns")]
    return [
        allow(
            "Environment",
            actions=["airflow:PublishMetrics"],
            resources=[stack.arn("airflow", resource=f"environment/{names.airflow}")],
        ),
        allow("ListContent", service="s3", actions=READ_CONTENT, resources=[dags]),
        allow("ReadContent", actions=["s3:GetObject", "s3:GetObjectVersion"], resources=[f"{dags}/*"]),
        allow("CheckAccount", actions=["s3:GetAccountPublicAccessBlock"], resources=["*"]),
        allow(
            "Log",
            service="logs",
            actions=LOG,
            resources=[stack.arn("logs", resource=f"log-group:{names.airflow_log_group('*')}")],
        ),
        allow("FindLogs", actions=["logs:DescribeLogGroups"], resources=["*"]),
        allow(
            "Measure",
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": ["AmazonMWAA", names.metric_namespace]}},
        ),
        allow(
            "Queue",
            service="sqs",
            actions=QUEUE,
            resources=[stack.arn("sqs", resource="airflow-celery-*", account="*")],
        ),
        allow(
            "EnvironmentKey",
            actions=["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:Encrypt"],
            resources=[key.key_arn],
            conditions={"StringEquals": {"kms:ViaService": services}},
        ),
    ]


def _packages(stack: LakehouseStack) -> Sequence[iam.PolicyStatement]:
    domain, repository = stack.names.packages_domain, stack.names.packages_repository
    return [
        allow(
            "PackagesToken",
            actions=["codeartifact:GetAuthorizationToken"],
            resources=[stack.arn("codeartifact", resource=f"domain/{domain}")],
        ),
        allow(
            "Packages",
            actions=["codeartifact:GetRepositoryEndpoint", "codeartifact:ReadFromRepository"],
            resources=[stack.arn("codeartifact", resource=f"repository/{domain}/{repository}")],
        ),
        allow(
            "BearerToken",
            actions=["sts:GetServiceBearerToken"],
            resources=["*"],
            conditions={"StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}},
        ),
    ]


def _moves(stack: LakehouseStack, *, key: kms.IKey) -> Sequence[iam.PolicyStatement]:
    names = stack.names
    jobs = [stack.glue_arn(f"job/{names.job(job)}") for job in (*Move, *Fetch)]
    topics = [stack.arn("sns", resource=names.alerts_topic(urgency)) for urgency in Urgency]
    return [
        *athena_statements(stack, workgroup=names.dbt_workgroup, areas=(Area.OPS,), key=key),
        allow("Run", service="glue", actions=RUN, resources=jobs),
        *planning_statements(stack),
        allow(
            "AskSources", service="dms", actions=["DescribeReplications", "DescribeReplicationTasks"], resources=["*"]
        ),
        allow("Tell", actions=["sns:Publish"], resources=topics),
        allow("BeDbt", actions=["sts:AssumeRole"], resources=[stack.role_arn(names.dbt_role)]),
    ]
