"""What Airflow's execution role may do: be an Amazon MWAA environment, start jobs, plan batches, take dbt's role."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.tags import Area
from lakehouse.names import Fetch, Move, Urgency, Zone
from stacks.iam.athena import athena_statements
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
    "DescribeLogGroups, GetAccountPublicAccessBlock, GetServiceBearerToken, PutMetricData, GetDataAccess and what DMS "
    "tells of replications know no resources; those that can be are held by a condition."
)


def airflow_statements(stack: LakehouseStack, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Statements of the role.

    Source: Amazon MWAA user guide, "Amazon MWAA execution role".
    """
    return [*_environment(stack, key=key), *_packages(stack), *_moves(stack, key=key)]


def _environment(stack: LakehouseStack, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    names = stack.names
    place = f"{stack.region}:{stack.account}"
    dags = stack.s3_arn(names.dags_bucket)
    services = [f"{service}.{stack.region}.amazonaws.com" for service in ("sqs", "s3")]
    return [
        _allow(
            "Environment",
            ["airflow:PublishMetrics"],
            [f"arn:{stack.partition}:airflow:{place}:environment/{names.airflow}"],
        ),
        _allow("ListContent", [f"s3:{action}" for action in READ_CONTENT], [dags]),
        _allow("ReadContent", ["s3:GetObject", "s3:GetObjectVersion"], [f"{dags}/*"]),
        _allow("CheckAccount", ["s3:GetAccountPublicAccessBlock"], ["*"]),
        _allow(
            "Log",
            [f"logs:{action}" for action in LOG],
            [f"arn:{stack.partition}:logs:{place}:log-group:{names.airflow_log_group('*')}"],
        ),
        _allow("FindLogs", ["logs:DescribeLogGroups"], ["*"]),
        _allow(
            "Measure",
            ["cloudwatch:PutMetricData"],
            ["*"],
            StringEquals={"cloudwatch:namespace": ["AmazonMWAA", names.metric_namespace]},
        ),
        _allow(
            "Queue",
            [f"sqs:{action}" for action in QUEUE],
            [f"arn:{stack.partition}:sqs:{stack.region}:*:airflow-celery-*"],
        ),
        _allow(
            "EnvironmentKey",
            ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:Encrypt"],
            [key.key_arn],
            StringEquals={"kms:ViaService": services},
        ),
    ]


def _packages(stack: LakehouseStack) -> list[iam.PolicyStatement]:
    names = stack.names
    place = f"arn:{stack.partition}:codeartifact:{stack.region}:{stack.account}"
    domain, repository = names.packages_domain, names.packages_repository
    return [
        _allow("PackagesToken", ["codeartifact:GetAuthorizationToken"], [f"{place}:domain/{domain}"]),
        _allow(
            "Packages",
            ["codeartifact:GetRepositoryEndpoint", "codeartifact:ReadFromRepository"],
            [f"{place}:repository/{domain}/{repository}"],
        ),
        _allow(
            "BearerToken",
            ["sts:GetServiceBearerToken"],
            ["*"],
            StringEquals={"sts:AWSServiceName": "codeartifact.amazonaws.com"},
        ),
    ]


def _moves(stack: LakehouseStack, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    names = stack.names
    place = f"{stack.region}:{stack.account}"
    stage, raw = (stack.s3_arn(names.bucket(zone)) for zone in (Zone.STAGE, Zone.RAW))
    jobs = [stack.glue_arn(f"job/{names.job(job)}") for job in (*Move, *Fetch)]
    topics = [f"arn:{stack.partition}:sns:{place}:{names.alerts_topic(urgency)}" for urgency in Urgency]
    return [
        *athena_statements(stack, workgroup=names.dbt_workgroup, areas=(Area.INTEGRATION, Area.OPS), key=key),
        _allow("Run", [f"glue:{action}" for action in RUN], jobs),
        _allow("ListArrivals", ["s3:ListBucketVersions", "s3:ListBucket"], [stage]),
        _allow("ListManifests", ["s3:ListBucket"], [raw]),
        _allow("WriteManifests", ["s3:GetObject", "s3:PutObject"], [f"{raw}/{names.manifests_prefix}*"]),
        _allow("ReadPulls", ["s3:GetObject"], [f"{raw}/{names.pulls_prefix}*"]),
        _allow("AskSources", ["dms:DescribeReplications", "dms:DescribeReplicationTasks"], ["*"]),
        _allow("Tell", ["sns:Publish"], topics),
        _allow("BeDbt", ["sts:AssumeRole"], [stack.role_arn(names.dbt_role)]),
    ]


def _allow(sid: str, actions: list[str], resources: list[str], **conditions: object) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, actions=actions, resources=resources, conditions=conditions or None)
