"""Permissions of Glue jobs: of a move (read one zone, write the next, record in ops), and of the pull from APIs."""

from collections.abc import Iterable, Sequence

from aws_cdk import FileAssetLocation
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

from lakehouse.batches.manifests import PULLS
from lakehouse.contracts.model import Contract
from lakehouse.names import CANDIDATE, Zone
from stacks.iam.statements import allow, folders_of, open_default, use_key
from stacks.stack import LakehouseStack

READ_OBJECTS = ["s3:GetObject", "s3:GetObjectVersion"]
WRITE_OBJECTS = [*READ_OBJECTS, "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
# Iceberg's catalog asks for tables by name; it lists tables only for SHOW TABLES, and reads no versions.
# Source: org.apache.iceberg.aws.glue.GlueCatalog and GlueTableOperations.
READ_TABLES = ["glue:GetDatabase", "glue:GetTable"]
WRITE_TABLES = [*READ_TABLES, "glue:UpdateTable"]
# Glue tries to create and encrypt the group even if it exists, and does not log if that is denied.
LOG = ["CreateLogGroup", "AssociateKmsKey", "CreateLogStream", "PutLogEvents"]
MOST_NAMED = 10
"""Datasets that the policy of the pulls names one by one; the names of more would pass IAM's limit."""
WHY_MOVE_WILDCARDS = (
    "Objects and tables come and go: the role is limited to buckets, prefixes and databases of its move. "
    "PutMetricData and the actions of X-Ray cannot be limited to resources; a condition limits the first to the "
    "namespaces of Glue and of this deployment."
)
WHY_PULL_WILDCARDS = (
    "Pages and manifests come and go: the role writes pages of pulls in the domains that have an API, and reads and "
    "writes manifests, of these datasets alone if they are few, and nothing else. PutMetricData cannot be limited to "
    "resources; a condition limits it to Glue's namespace."
)


def move_statements(
    stack: LakehouseStack,
    *,
    source: Zone,
    target: Zone,
    key: kms.IKey,
    code: Iterable[FileAssetLocation],
    traces: bool,
) -> list[iam.PolicyStatement]:
    """Return the statements of the job of a move.

    Args:
        stack: the stack of the job.
        source: the zone that it reads.
        target: the zone that it writes.
        key: the key of all buckets and log groups.
        code: script and wheel.
        traces: whether it sends traces to X-Ray.
    """
    names = stack.names
    buckets = {names.bucket(zone) for zone in (source, target, Zone.INTEGRATION)} | {names.scripts_bucket}
    written = [names.database(target), names.ops_database]
    statements = [
        allow(
            "ListBuckets",
            actions=["s3:ListBucket", "s3:GetBucketLocation"],
            resources=[stack.s3_arn(name) for name in sorted(buckets)],
        ),
        allow("ReadSource", actions=READ_OBJECTS, resources=[stack.s3_arn(f"{names.bucket(source)}/*")]),
        allow("WriteTarget", actions=WRITE_OBJECTS, resources=[stack.s3_arn(f"{names.bucket(target)}/*")]),
        _read_contracts(stack),
        _read_code(stack, code),
        use_key(key),
        open_default(stack),
        allow("WriteTables", actions=WRITE_TABLES, resources=stack.glue_arns(*written)),
        _log(stack),
        _measure("Glue", names.metric_namespace),
    ]
    if target is Zone.INTEGRATION:
        table = f"table/{names.database(target)}/*{CANDIDATE}*"
        statements.append(
            allow(
                "MakeCandidates",
                service="glue",
                actions=["CreateTable", "DeleteTable"],
                resources=[stack.glue_arn(part) for part in ("catalog", f"database/{names.database(target)}", table)],
            )
        )
    else:  # the bucket of integration also has ops
        ops = stack.s3_arn(f"{names.ops_location('')}*")
        statements.append(allow("WriteOps", actions=WRITE_OBJECTS, resources=[ops]))
    if source is not Zone.STAGE:
        statements.append(allow("ReadTables", actions=READ_TABLES, resources=stack.glue_arns(names.database(source))))
    if traces:
        # X-Ray checks the second action for spans that come by OTLP.
        statements.append(allow("Trace", service="xray", actions=["PutTraceSegments", "PutSpans"], resources=["*"]))
    return statements


def pull_statements(
    stack: LakehouseStack,
    *,
    contracts: Sequence[Contract],
    secrets: Iterable[secretsmanager.Secret],
    key: kms.IKey,
    code: Iterable[FileAssetLocation],
) -> list[iam.PolicyStatement]:
    """Return the statements of the job that pulls from APIs.

    Args:
        stack: the stack of the job.
        contracts: datasets whose source is an API.
        secrets: the secrets of these sources.
        key: the key of all that it reads and writes.
        code: script and wheel.
    """
    names = stack.names
    stage, raw = (stack.s3_arn(names.bucket(zone)) for zone in (Zone.STAGE, Zone.RAW))
    pages = [f"{stage}/{folder}*/{PULLS}*" for folder in folders_of(contracts)]
    datasets = [contract.dataset for contract in contracts] if len(contracts) <= MOST_NAMED else ["*"]
    manifests = [f"{raw}/{names.batches_prefix(dataset=dataset)}*" for dataset in datasets]
    pulls = [f"{raw}/{names.pull_key(dataset=dataset)}" for dataset in datasets]
    return [
        allow("ListBuckets", actions=["s3:ListBucket"], resources=[raw, stack.s3_arn(names.scripts_bucket)]),
        allow("Land", actions=["s3:PutObject"], resources=pages),
        allow("Commit", actions=["s3:GetObject", "s3:PutObject"], resources=[*manifests, *pulls]),
        _read_contracts(stack),
        _read_code(stack, code),
        allow(
            "SignIn",
            actions=["secretsmanager:GetSecretValue"],
            resources=[secret.secret_arn for secret in secrets],
        ),
        use_key(key),
        _log(stack),
        _measure("Glue"),
    ]


def _read_contracts(stack: LakehouseStack) -> iam.PolicyStatement:
    return allow("ReadContracts", actions=READ_OBJECTS, resources=[stack.s3_arn(f"{stack.names.contracts_uri}*")])


def _read_code(stack: LakehouseStack, code: Iterable[FileAssetLocation]) -> iam.PolicyStatement:
    objects = [stack.s3_arn(f"{file.bucket_name}/{file.object_key}") for file in code]
    return allow("ReadCode", actions=READ_OBJECTS, resources=objects)


def _log(stack: LakehouseStack) -> iam.PolicyStatement:
    # Glue composes the names of the groups. If they differ from ours, a job logs without our retention, but it logs.
    groups = stack.arn("logs", resource=f"log-group:{stack.names.job_log_prefix}/*")
    return allow("Log", service="logs", actions=LOG, resources=[groups])


def _measure(*namespaces: str) -> iam.PolicyStatement:
    return allow(
        "Measure",
        actions=["cloudwatch:PutMetricData"],
        resources=["*"],
        conditions={
            "StringEquals": {"cloudwatch:namespace": namespaces[0] if len(namespaces) == 1 else list(namespaces)}
        },
    )
